package elementary

import (
	"math"
	"math/big"
)

// Exp is e to the power of x.
func Exp(x float64) float64 {
	return refined(math.Exp(x), func() *big.Float { return exponential(from(x)) })
}

// Log is the natural logarithm.
func Log(x float64) float64 {
	return refined(math.Log(x), func() *big.Float { return logarithm(from(x)) })
}

// Log2 is the logarithm to the base 2.
func Log2(x float64) float64 {
	return refined(math.Log2(x), func() *big.Float { return div(logarithm(from(x)), ln2) })
}

// Log10 is the logarithm to the base 10.
func Log10(x float64) float64 {
	return refined(math.Log10(x), func() *big.Float { return div(logarithm(from(x)), logarithm(integer(10))) })
}

// Pow is x to the power of y.
func Pow(x, y float64) float64 {
	p := math.Pow(x, y)
	if x == 0 || math.IsInf(y, 0) || math.IsInf(x, 0) {
		return p
	}
	return refined(p, func() *big.Float {
		r := exponential(mul(from(y), logarithm(from(math.Abs(x)))))
		if p < 0 {
			r.Neg(r)
		}
		return r
	})
}

// Sin is the sine.
func Sin(x float64) float64 {
	return refined(math.Sin(x), func() *big.Float {
		s, _ := sinCos(x)
		return s
	})
}

// Cos is the cosine.
func Cos(x float64) float64 {
	return refined(math.Cos(x), func() *big.Float {
		_, c := sinCos(x)
		return c
	})
}

// Tan is the tangent.
func Tan(x float64) float64 {
	return refined(math.Tan(x), func() *big.Float { return div(sinCos(x)) })
}

// arcTangent refines atan(y/x) for x > 0 from an approximation in radians.
func arcTangent(approximate float64, y, x *big.Float) *big.Float {
	s, c := sinCos(approximate)
	d := div(sub(mul(y, c), mul(x, s)), add(mul(x, c), mul(y, s)))
	return sub(add(from(approximate), d), div(mul(d, mul(d, d)), integer(3)))
}

// Atan is the inverse of the tangent.
func Atan(x float64) float64 {
	return refined(math.Atan(x), func() *big.Float { return arcTangent(math.Atan(x), from(x), integer(1)) })
}

// Atan2 is the angle of the point with these coordinates.
func Atan2(y, x float64) float64 {
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return math.Atan2(y, x)
	}
	return refined(math.Atan2(y, x), func() *big.Float { return arcTangent(math.Atan2(y, x), from(y), from(x)) })
}

// leg is the root of 1-x².
func leg(x float64) *big.Float { return sqrt(sub(integer(1), mul(from(x), from(x)))) }

// Asin is the inverse of the sine.
func Asin(x float64) float64 {
	return refined(math.Asin(x), func() *big.Float { return arcTangent(math.Asin(x), from(x), leg(x)) })
}

// Acos is the inverse of the cosine.
func Acos(x float64) float64 {
	return refined(math.Acos(x), func() *big.Float { return arcTangent(math.Acos(x), leg(x), from(x)) })
}

// Cosh is the hyperbolic cosine, rounded as C libraries round it: after each step from Exp.
func Cosh(x float64) float64 {
	if math.Abs(x) > 700 {
		return math.Cosh(x)
	}
	t := Exp(math.Abs(x))
	return 0.5*t + 0.5/t
}
