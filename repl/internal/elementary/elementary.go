// Package elementary has the elementary functions with the last digit right: what Go's math computes in
// float64 is refined in 200 bits and rounded once, as good C libraries do. It owns no state.
//
// Each function takes and gives float64; where math gives NaN, an infinity or zero, so does it.
package elementary

import (
	"math"
	"math/big"
)

// prec is the precision of intermediate results in bits: a double has 53, and refinement loses few.
const prec = 200

func from(x float64) *big.Float      { return new(big.Float).SetPrec(prec).SetFloat64(x) }
func integer(n int64) *big.Float     { return new(big.Float).SetPrec(prec).SetInt64(n) }
func add(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Add(a, b) }
func sub(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Mul(a, b) }
func div(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Quo(a, b) }
func sqrt(a *big.Float) *big.Float   { return new(big.Float).SetPrec(prec).Sqrt(a) }

// refined computes f where an approximation is neither zero nor special.
func refined(approximate float64, f func() *big.Float) float64 {
	if approximate == 0 || math.IsNaN(approximate) || math.IsInf(approximate, 0) {
		return approximate
	}
	r, _ := f().Float64()
	return r
}

// inverseTangent is atan(1/n), a series of which its precision decides the length.
func inverseTangent(n int64, bits uint) *big.Float {
	exact := func() *big.Float { return new(big.Float).SetPrec(bits) }
	square := exact().SetInt64(n * n)
	term := exact().Quo(exact().SetInt64(1), exact().SetInt64(n))
	sum := exact().Set(term)
	for k := int64(3); term.Sign() != 0 && term.MantExp(nil) > -int(bits); k += 2 {
		term.Quo(term, square).Neg(term)
		sum.Add(sum, exact().Quo(term, exact().SetInt64(k)))
	}
	return sum
}

// pi is π by Machin's formula.
func pi(bits uint) *big.Float {
	a, b := inverseTangent(5, bits), inverseTangent(239, bits)
	a.Mul(a, new(big.Float).SetInt64(16))
	return a.Sub(a, b.Mul(b, new(big.Float).SetInt64(4)))
}

// ln2 is log 2 as 2 atanh(1/3).
var ln2 = func() *big.Float {
	term, sum := div(integer(2), integer(3)), integer(0)
	for k := int64(1); term.MantExp(nil) > -prec-8; k += 2 {
		sum = add(sum, div(term, integer(k)))
		term = div(term, integer(9))
	}
	return sum
}()

// exponential is e to the power of x, for results within the range of float64.
func exponential(x *big.Float) *big.Float {
	q, _ := div(x, ln2).Float64()
	n := int64(math.Round(q))
	r := sub(x, mul(integer(n), ln2))
	term, sum := integer(1), integer(1)
	for k := int64(1); k < 100 && term.Sign() != 0 && term.MantExp(nil) > -prec; k++ {
		term = div(mul(term, r), integer(k))
		sum = add(sum, term)
	}
	return sum.SetMantExp(sum, int(n))
}

// logarithm refines the logarithm of x > 0 by a step of Halley's method, which triples the digits.
func logarithm(x *big.Float) *big.Float {
	mant := new(big.Float)
	exp := x.MantExp(mant)
	m, _ := mant.Float64()
	y := add(from(math.Log(m)), mul(integer(int64(exp)), ln2))
	e := exponential(y)
	return add(y, div(mul(integer(2), sub(x, e)), add(x, e)))
}

// sinCos are sine and cosine.
func sinCos(x float64) (sin, cos *big.Float) {
	_, exp := math.Frexp(x)
	bits := uint(prec + 64 + max(exp, 0))
	half := pi(bits)
	half.Quo(half, new(big.Float).SetInt64(2))
	exact := new(big.Float).SetPrec(bits).SetFloat64(x)
	q := new(big.Float).SetPrec(bits).Quo(exact, half)
	n, _ := q.Add(q, new(big.Float).SetFloat64(math.Copysign(0.5, x))).Int(nil)
	r := exact.Sub(exact, new(big.Float).SetPrec(bits).Mul(half, new(big.Float).SetPrec(bits).SetInt(n)))
	r.SetPrec(prec)
	sin, cos = series(r, 1), series(r, 0)
	switch new(big.Int).And(n, big.NewInt(3)).Int64() {
	case 1:
		sin, cos = cos, sin.Neg(sin)
	case 2:
		sin, cos = sin.Neg(sin), cos.Neg(cos)
	case 3:
		sin, cos = cos.Neg(cos), sin
	}
	return sin, cos
}

// series is the sum of r^k/k! with alternating signs over k = first, first+2, ...
func series(r *big.Float, first int64) *big.Float {
	term := integer(1)
	if first == 1 {
		term = new(big.Float).Set(r)
	}
	sum, square := new(big.Float).Set(term), mul(r, r)
	for k := first + 2; k < 100 && term.Sign() != 0; k += 2 {
		term = div(mul(term, square), integer(-k*(k-1)))
		sum = add(sum, term)
	}
	return sum
}
