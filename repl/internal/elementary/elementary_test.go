package elementary

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestKnownValues compares with values whose digits are known from tables.
func TestKnownValues(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sin 2", Sin(2), 0.9092974268256817}, {"sin 1000", Sin(1000), 0.8268795405320025},
		{"sin 1e22", Sin(1e22), -0.8522008497671888}, {"cos 0.1", Cos(0.1), 0.9950041652780258},
		{"tan 1", Tan(1), 1.5574077246549023}, {"acos 0.5", Acos(0.5), 1.0471975511965979},
		{"acos -1", Acos(-1), math.Pi}, {"asin 1", Asin(1), math.Pi / 2}, {"atan 10", Atan(10), 1.4711276743037347},
		{"atan2", Atan2(3, -1), 1.892546881191539}, {"atan2 left", Atan2(0, -1), math.Pi},
		{"exp 1.5", Exp(1.5), 4.4816890703380645}, {"log 3", Log(3), 1.0986122886681098},
		{"log2 8", Log2(8), 3}, {"log10 0.1", Log10(0.1), -1}, {"log10 1000", Log10(1000), 3},
		{"pow", Pow(2, 1.5), 2.8284271247461903}, {"negative pow", Pow(-2, 3), -8}, {"tiny", Pow(2, -1074), 5e-324},
		{"cosh", Cosh(1.5), 2.352409615243247}, {"cosh 10", Cosh(10), 11013.232920103324},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestAgreesWithMath compares with Go's functions, which err by little.
func TestAgreesWithMath(t *testing.T) {
	type pair struct{ f, g func(float64) float64 }
	functions := map[string]pair{
		"exp": {Exp, math.Exp}, "log": {Log, math.Log}, "log2": {Log2, math.Log2}, "log10": {Log10, math.Log10},
		"sin": {Sin, math.Sin}, "cos": {Cos, math.Cos}, "tan": {Tan, math.Tan}, "asin": {Asin, math.Asin},
		"acos": {Acos, math.Acos}, "atan": {Atan, math.Atan}, "cosh": {Cosh, math.Cosh},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		x := math.Ldexp(r.NormFloat64(), r.IntN(60)-40)
		for name, p := range functions {
			got, near := p.f(x), p.g(x)
			if got != near && !(math.IsNaN(got) && math.IsNaN(near)) && !(math.Abs(got-near) <= 1e-13*math.Abs(near)) {
				t.Errorf("%s(%v): got %v, want about %v", name, x, got, near)
			}
		}
	}
}
