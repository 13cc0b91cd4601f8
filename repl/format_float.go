package repl

import (
	"math"
	"strconv"
	"strings"
)

// float formats as ~e, ~f and ~g do. Digits are those of 20 decimals, rounded
// half up.
func (c control) float(x float64) (string, error) {
	p := c.precision
	if p < 0 {
		p = 6
	}
	if p > 253 {
		return "", badarg
	}
	sign := ""
	if math.Signbit(x) {
		sign = "-"
	}
	var s string
	ok := true
	switch c.char {
	case 'e':
		s, ok = floatE(x, p)
	case 'f':
		s, ok = floatF(x, p)
	default:
		s, ok = floatG(x, p)
	}
	if !ok {
		return "", badarg
	}
	if c.width < 0 {
		return sign + s, nil
	}
	c.precision = -1
	return c.field(sign + s), nil
}

// decimal gives the digits of |x| and the place of the point in them.
func decimal(x float64) (digits []byte, place int) {
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(math.Abs(x), 'e', 20, 64), "e")
	n, _ := strconv.Atoi(exp)
	return []byte(strings.Replace(mantissa, ".", "", 1)), n + 1
}

// round cuts digits to n of them, half up; carry is set when they became 10...0
// of one digit more.
func round(digits []byte, n int) (out []byte, carry bool) {
	if n >= len(digits) {
		return append(digits, []byte(strings.Repeat("0", n-len(digits)))...), false
	}
	up := digits[n] >= '5'
	out = append([]byte(nil), digits[:n]...)
	for i := n - 1; i >= 0 && up; i-- {
		if out[i] == '9' {
			out[i] = '0'
			continue
		}
		out[i]++
		up = false
	}
	return out, up
}

// floatE writes p significant digits and an exponent.
func floatE(x float64, p int) (string, bool) {
	if p < 2 {
		return "", false
	}
	digits, place := decimal(x)
	out, carry := round(digits, p)
	exp := place - 1
	if carry {
		out = append([]byte{'1'}, out[:p-1]...)
		exp++
	}
	sign := "+"
	if exp < 0 {
		sign = ""
	}
	return string(out[:1]) + "." + string(out[1:]) + "e" + sign + strconv.Itoa(exp), true
}

// floatF writes p decimals.
func floatF(x float64, p int) (string, bool) {
	if p < 1 {
		return "", false
	}
	digits, place := decimal(x)
	if place <= 0 {
		digits = append([]byte(strings.Repeat("0", 1-place)), digits...)
		place = 1
	}
	out, carry := round(digits, place+p)
	s := string(out[:place]) + "." + string(out[place:])
	if carry {
		s = "1" + s
	}
	return s, true
}

// floatG writes p significant digits, without an exponent from 0.1 to 10,000.
func floatG(x float64, p int) (string, bool) {
	if p < 1 {
		return "", false
	}
	a := math.Abs(x)
	e := math.MaxInt
	for i, limit := range []float64{0.1, 1, 10, 100, 1000, 10000} {
		if a < limit {
			e = i - 2
			break
		}
	}
	switch {
	case p <= 1 && e == -1, p-1 > e && e >= -1:
		return floatF(x, p-1-e)
	case p <= 1:
		return floatE(x, 2)
	}
	return floatE(x, p)
}
