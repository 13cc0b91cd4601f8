package repl

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// anyInteger draws integers around the sizes where representations change.
func anyInteger() *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		n := big.NewInt(rapid.Int64().Draw(t, "n"))
		n.Lsh(n, uint(rapid.SampledFrom([]int{0, 0, 0, 1, 31, 64, 200}).Draw(t, "shift")))
		return n.Add(n, big.NewInt(int64(rapid.IntRange(-2, 2).Draw(t, "more"))))
	})
}

// TestIntegerArithmetic compares the operators with math/big.
func TestIntegerArithmetic(t *testing.T) {
	ops := map[string]func(z, x, y *big.Int) *big.Int{
		"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul, "div": (*big.Int).Quo, "rem": (*big.Int).Rem,
		"band": (*big.Int).And, "bor": (*big.Int).Or, "bxor": (*big.Int).Xor,
	}
	s := NewShell(Options{})
	rapid.Check(t, func(t *rapid.T) {
		x, y := anyInteger().Draw(t, "x"), anyInteger().Draw(t, "y")
		for op, f := range ops {
			if y.Sign() == 0 && (op == "div" || op == "rem") {
				continue
			}
			expr := fmt.Sprintf("%v %s %v.", x, op, y)
			v, err := s.Eval(context.Background(), expr, io.Discard)
			if want := f(new(big.Int), x, y).String(); err != nil || Format(v) != want {
				t.Fatalf("%s got %v, %v, want %s", expr, v, err, want)
			}
		}
		n := rapid.IntRange(0, 100).Draw(t, "n")
		for op, want := range map[string]*big.Int{
			"bsl": new(big.Int).Lsh(x, uint(n)), "bsr": new(big.Int).Rsh(x, uint(n)),
		} {
			expr := fmt.Sprintf("%v %s %d.", x, op, n)
			v, err := s.Eval(context.Background(), expr, io.Discard)
			if err != nil || Format(v) != want.String() {
				t.Fatalf("%s got %v, %v, want %s", expr, v, err, want)
			}
		}
		expr := fmt.Sprintf("{%v < %v, %v =:= %v}.", x, y, x, y)
		v, err := s.Eval(context.Background(), expr, io.Discard)
		if want := fmt.Sprintf("{%v,%v}", x.Cmp(y) < 0, x.Cmp(y) == 0); err != nil || Format(v) != want {
			t.Fatalf("%s got %v, %v, want %s", expr, v, err, want)
		}
	})
}

// TestFormatFloatOptions: decimals round half away from zero.
func TestFormatFloatOptions(t *testing.T) {
	for _, c := range []struct {
		f    float64
		n    int
		want string
	}{{0.5, 0, "1"}, {2.5, 0, "3"}, {-2.5, 0, "-3"}, {0.25, 1, "0.3"}, {1.005, 2, "1.00"}, {9.99, 1, "10.0"},
		{99.5, 0, "100"}, {0, 3, "0.000"}, {1e20, 1, "100000000000000000000.0"}} {
		if got := fixed(c.f, c.n); got != c.want {
			t.Errorf("fixed(%v, %d): got %s, want %s", c.f, c.n, got, c.want)
		}
	}
}
