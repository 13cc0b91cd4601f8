package term

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// WriteFloat gives the shortest text that reads back as f: plain unless the
// form with an exponent is shorter, and with an exponent from 2^53 on.
func WriteFloat(f Float) string {
	v := float64(f)
	sign := ""
	if math.Signbit(v) {
		sign, v = "-", -v
	}
	if v == 0 {
		return sign + "0.0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	exp, _ := strconv.Atoi(exponent)
	return sign + placePoint(digits, exp+1, v)
}

// placePoint writes digits with the point after place of them.
func placePoint(digits string, place int, v float64) string {
	n := len(digits)
	if place > 0 && place < n {
		return digits[:place] + "." + digits[place:]
	}
	if place == 0 {
		return "0." + digits
	}
	exp := strconv.Itoa(place - 1)
	dot := 1
	if n == 1 {
		dot = 2
	}
	cost := len(exp) + 1 + dot
	switch {
	case place < 0 && 2-place <= cost:
		return "0." + strings.Repeat("0", -place) + digits
	case place > 0 && place-n+2 <= cost && v < 1<<53:
		return digits + strings.Repeat("0", place-n) + ".0"
	}
	rest := digits[1:]
	if rest == "" {
		rest = "0"
	}
	return digits[:1] + "." + rest + "e" + exp
}

// Negate gives -n.
func Negate(n *big.Int) Term { return NewInt(new(big.Int).Neg(n)) }
