package repl

import (
	"math"
	"math/big"

	"github.com/erlmcp/erlmcp/repl/internal/elementary"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// numberBIFs are the functions on numbers, and the operators as functions.
func numberBIFs() map[string]native {
	table := map[string]native{
		"abs/1":   abs,
		"ceil/1":  rounding(math.Ceil),
		"floor/1": rounding(math.Floor),
		"round/1": rounding(math.Round),
		"trunc/1": rounding(math.Trunc),
		"float/1": func(_ *machine, args []Term) (Term, error) {
			f, ok := toFloat(args[0])
			if !ok {
				return nil, badarg
			}
			return Float(f), nil
		},
		"max/2": pick(1),
		"min/2": pick(-1),
	}
	for _, op := range []string{"+", "-", "not", "bnot"} {
		table[op+"/1"] = func(m *machine, args []Term) (Term, error) { return m.unary(op, args[0]) }
	}
	ops := []string{"+", "-", "*", "/", "div", "rem", "band", "bor", "bxor", "bsl", "bsr", "and", "or", "xor",
		"++", "--", "!", "==", "/=", "<", ">", "=<", ">=", "=:=", "=/="}
	for _, op := range ops {
		table[op+"/2"] = func(m *machine, args []Term) (Term, error) { return m.binary(op, args[0], args[1]) }
	}
	table["send/2"] = func(m *machine, args []Term) (Term, error) { return m.send(args[0], args[1]) }
	return table
}

func abs(m *machine, args []Term) (Term, error) {
	switch n := args[0].(type) {
	case Float:
		return Float(math.Abs(float64(n))), nil
	case Int, *Big:
		v, _ := term.BigOf(n)
		return NewInt(new(big.Int).Abs(v)), nil
	}
	return nil, badarg
}

func rounding(f func(float64) float64) native {
	return func(_ *machine, args []Term) (Term, error) {
		switch n := args[0].(type) {
		case Float:
			v, _ := big.NewFloat(f(float64(n))).Int(nil)
			return NewInt(v), nil
		case Int, *Big:
			return n, nil
		}
		return nil, badarg
	}
}

// pick gives the second argument when it compares as sign to the first.
func pick(sign int) native {
	return func(m *machine, args []Term) (Term, error) {
		r, err := m.compare(args[1], args[0], false)
		if err != nil {
			return nil, err
		}
		if r == sign {
			return args[1], nil
		}
		return args[0], nil
	}
}

// mathFunctions are the functions of the module math.
func mathFunctions() map[string]native {
	one := func(f func(float64) float64) native {
		return func(_ *machine, args []Term) (Term, error) {
			x, ok := toFloat(args[0])
			if !ok {
				return nil, badarg
			}
			return mathResult(f(x))
		}
	}
	two := func(f func(x, y float64) float64) native {
		return func(_ *machine, args []Term) (Term, error) {
			x, ok1 := toFloat(args[0])
			y, ok2 := toFloat(args[1])
			if !ok1 || !ok2 {
				return nil, badarg
			}
			return mathResult(f(x, y))
		}
	}
	return map[string]native{
		"acos/1": one(elementary.Acos), "acosh/1": one(math.Acosh), "asin/1": one(elementary.Asin), "asinh/1": one(math.Asinh),
		"atan/1": one(elementary.Atan), "atanh/1": one(math.Atanh), "ceil/1": one(math.Ceil), "cos/1": one(elementary.Cos),
		"cosh/1": one(elementary.Cosh), "erf/1": one(math.Erf), "erfc/1": one(math.Erfc), "exp/1": one(elementary.Exp),
		"floor/1": one(math.Floor), "log/1": one(elementary.Log), "log10/1": one(elementary.Log10), "log2/1": one(elementary.Log2),
		"sin/1": one(elementary.Sin), "sinh/1": one(math.Sinh), "sqrt/1": one(math.Sqrt), "tan/1": one(elementary.Tan),
		"tanh/1": one(math.Tanh), "atan2/2": two(elementary.Atan2), "fmod/2": two(math.Mod), "pow/2": two(elementary.Pow),
		"pi/0": func(*machine, []Term) (Term, error) { return Float(math.Pi), nil },
	}
}

func mathResult(f float64) (Term, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, Raise(ClassError, Atom("badarith"))
	}
	return Float(f), nil
}
