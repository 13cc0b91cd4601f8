package repl

import (
	"math"
	"math/big"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// maxBits bounds integers: a longer one is system_limit.
const maxBits = 1 << 22

var badarith = Raise(ClassError, Atom("badarith"))

// operatorError is an exception of an operator, with its operands on the stack.
func operatorError(reason, op string, args ...Term) error {
	return &Exception{Class: ClassError, Reason: Atom(reason),
		Stack: []Frame{{Module: "erlang", Function: op, Arity: len(args), Args: args}}}
}

func (m *machine) unary(op string, x Term) (Term, error) {
	switch op {
	case "not":
		if x == Term(True) || x == Term(False) {
			return Bool(x == Term(False)), nil
		}
		return nil, operatorError("badarg", op, x)
	case "bnot":
		if n, ok := term.BigOf(x); ok {
			return NewInt(new(big.Int).Not(n)), nil
		}
	case "-":
		switch n := x.(type) {
		case Float:
			return -n, nil
		case Int, *Big:
			v, _ := term.BigOf(n)
			return term.Negate(v), nil
		}
	case "+":
		if term.IsNumber(x) {
			return x, nil
		}
	}
	return nil, operatorError("badarith", op, x)
}

// binary evaluates an operator with two operands, except andalso and orelse.
//
//lint:dispatch-table
func (m *machine) binary(op string, x, y Term) (Term, error) {
	switch op {
	case "==", "/=", "<", ">", "=<", ">=", "=:=", "=/=":
		return m.relation(op, x, y)
	case "++":
		return m.appendLists(x, y)
	case "--":
		return m.subtract(x, y)
	case "and", "or", "xor":
		return logic(op, x, y)
	case "!":
		return m.send(x, y)
	}
	v, err := m.arithmetic(op, x, y)
	if err == badarith {
		return nil, operatorError("badarith", op, x, y)
	}
	return v, err
}

func (m *machine) relation(op string, x, y Term) (Term, error) {
	r, err := m.compare(x, y, op == "=:=" || op == "=/=")
	if err != nil {
		return nil, err
	}
	switch op {
	case "==", "=:=":
		return Bool(r == 0), nil
	case "/=", "=/=":
		return Bool(r != 0), nil
	case "<":
		return Bool(r < 0), nil
	case ">":
		return Bool(r > 0), nil
	case "=<":
		return Bool(r <= 0), nil
	}
	return Bool(r >= 0), nil
}

func logic(op string, x, y Term) (Term, error) {
	isBool := func(t Term) bool { return t == Term(True) || t == Term(False) }
	if !isBool(x) || !isBool(y) {
		return nil, operatorError("badarg", op, x, y)
	}
	a, b := x == Term(True), y == Term(True)
	switch op {
	case "and":
		return Bool(a && b), nil
	case "or":
		return Bool(a || b), nil
	}
	return Bool(a != b), nil
}

func (m *machine) arithmetic(op string, x, y Term) (Term, error) {
	if op == "/" {
		return divide(x, y)
	}
	_, xf := x.(Float)
	_, yf := y.(Float)
	if (xf || yf) && term.IsNumber(x) && term.IsNumber(y) {
		return floatArithmetic(op, x, y)
	}
	i, ok1 := x.(Int)
	j, ok2 := y.(Int)
	if ok1 && ok2 {
		if v, ok := smallArithmetic(op, i, j); ok {
			return v, nil
		}
	}
	a, ok1 := term.BigOf(x)
	b, ok2 := term.BigOf(y)
	if !ok1 || !ok2 {
		return nil, badarith
	}
	return m.bigArithmetic(op, a, b)
}

// smallArithmetic handles what cannot overflow; false leaves it to big integers.
func smallArithmetic(op string, a, b Int) (Term, bool) {
	const half = 1 << 31
	small := a > -half && a < half && b > -half && b < half
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c, true
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c, true
		}
	case "*":
		if small {
			return a * b, true
		}
	case "div":
		if small && b != 0 {
			return a / b, true
		}
	case "rem":
		if small && b != 0 {
			return a % b, true
		}
	case "band":
		return a & b, true
	case "bor":
		return a | b, true
	case "bxor":
		return a ^ b, true
	}
	return nil, false
}

// toFloat converts a number; false when it is too large for a float.
func toFloat(t Term) (float64, bool) {
	switch n := t.(type) {
	case Int:
		return float64(n), true
	case Float:
		return float64(n), true
	case *Big:
		v, _ := term.BigOf(n)
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, !math.IsInf(f, 0)
	}
	return 0, false
}

// finite gives a float term; infinities and NaN are badarith.
func finite(f float64) (Term, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, badarith
	}
	return Float(f), nil
}

func divide(x, y Term) (Term, error) {
	a, ok1 := toFloat(x)
	b, ok2 := toFloat(y)
	if !ok1 || !ok2 || b == 0 {
		return nil, badarith
	}
	return finite(a / b)
}

func floatArithmetic(op string, x, y Term) (Term, error) {
	a, ok1 := toFloat(x)
	b, ok2 := toFloat(y)
	if !ok1 || !ok2 {
		return nil, badarith
	}
	switch op {
	case "+":
		return finite(a + b)
	case "-":
		return finite(a - b)
	case "*":
		return finite(a * b)
	}
	return nil, badarith
}

func (m *machine) bigArithmetic(op string, a, b *big.Int) (Term, error) {
	size := a.BitLen() + b.BitLen()
	if err := m.alloc(size / 8); err != nil {
		return nil, err
	}
	if err := m.step(size>>10 + (a.BitLen()>>8)*(b.BitLen()>>8)>>8); err != nil {
		return nil, err
	}
	v := new(big.Int)
	switch op {
	case "+":
		v.Add(a, b)
	case "-":
		v.Sub(a, b)
	case "*":
		if size > maxBits {
			return nil, Raise(ClassError, Atom("system_limit"))
		}
		v.Mul(a, b)
	case "div", "rem":
		if b.Sign() == 0 {
			return nil, badarith
		}
		if op == "div" {
			v.Quo(a, b)
		} else {
			v.Rem(a, b)
		}
	case "band":
		v.And(a, b)
	case "bor":
		v.Or(a, b)
	case "bxor":
		v.Xor(a, b)
	case "bsl":
		return m.shift(a, b)
	case "bsr":
		return m.shift(a, new(big.Int).Neg(b))
	default:
		return nil, badarith
	}
	return m.integer(v)
}

func (m *machine) integer(v *big.Int) (Term, error) {
	if v.BitLen() > maxBits {
		return nil, Raise(ClassError, Atom("system_limit"))
	}
	return NewInt(v), nil
}

// shift shifts to the left, or by a negative n to the right.
func (m *machine) shift(a, n *big.Int) (Term, error) {
	if a.Sign() == 0 {
		return Int(0), nil
	}
	if !n.IsInt64() || n.Int64() > maxBits || n.Int64() < -maxBits {
		if n.Sign() > 0 {
			return nil, Raise(ClassError, Atom("system_limit"))
		}
		return Int(min(a.Sign(), 0)), nil
	}
	if k := n.Int64(); k >= 0 {
		if err := m.alloc(int(k) / 8); err != nil {
			return nil, err
		}
		return m.integer(new(big.Int).Lsh(a, uint(k)))
	}
	return NewInt(new(big.Int).Rsh(a, uint(-n.Int64()))), nil
}

// send puts a message into the shell's own mailbox; other processes are out of
// reach.
func (m *machine) send(to, msg Term) (Term, error) {
	self, err := m.call("erlang", "self")
	if err != nil {
		return nil, err
	}
	if ok, err := m.equal(to, self); err != nil {
		return nil, err
	} else if !ok {
		return nil, operatorError("badarg", "!", to, msg)
	}
	const most = 1000
	if len(m.shell.mailbox) >= most {
		return nil, m.kill(limitReached("messages"))
	}
	m.shell.mailbox = append(m.shell.mailbox, msg)
	return msg, nil
}
