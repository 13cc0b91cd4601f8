package term

import (
	"cmp"
	"math"
	"math/big"
	"strings"
)

// MaxDepth bounds the nesting that a walk over a term follows.
const MaxDepth = 10_000

// Compare orders two terms as Erlang's < does; 1 and 1.0 are equal. Terms that
// nest deeper than MaxDepth compare equal below it.
func Compare(a, b Term) int {
	c := Comparer{Left: math.MaxInt}
	return c.Compare(a, b)
}

// CompareExact is Compare, but an integer comes before a float and never
// equals one: the order of map keys, and equality as of =:=.
func CompareExact(a, b Term) int {
	c := Comparer{Left: math.MaxInt, Exact: true}
	return c.Compare(a, b)
}

// Equal is Erlang's =:=.
func Equal(a, b Term) bool { return CompareExact(a, b) == 0 }

// Comparer compares within a budget. Once Exceeded, results have no meaning.
type Comparer struct {
	Exact bool // integers and floats are different
	Left  int  // parts that may still be looked at
	depth int
	over  bool
}

// Exceeded tells whether the budget or the depth ran out.
func (c *Comparer) Exceeded() bool { return c.over }

// Compare orders two terms.
func (c *Comparer) Compare(a, b Term) int {
	if c.Left--; c.Left < 0 || c.depth > MaxDepth {
		c.over = true
		return 0
	}
	if r := cmp.Compare(a.rank(), b.rank()); r != 0 {
		return r
	}
	c.depth++
	defer func() { c.depth-- }()
	switch x := a.(type) {
	case Atom:
		return strings.Compare(string(x), string(b.(Atom)))
	case Ref:
		return compareRefs(x, b.(Ref))
	case *Fun:
		return compareFuns(x, b.(*Fun))
	case Port:
		y := b.(Port)
		return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.ID, y.ID))
	case Pid:
		y := b.(Pid)
		return cmp.Or(cmp.Compare(x.Serial, y.Serial), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Node, y.Node))
	case Tuple:
		return c.tuples(x, b.(Tuple))
	case *Map:
		return c.maps(x, b.(*Map))
	case Nil:
		return 0
	case *Cons:
		return c.lists(x, b.(*Cons))
	case Bits:
		return compareBits(x, b.(Bits))
	}
	return c.numbers(a, b)
}

func (c *Comparer) tuples(x, y Tuple) int {
	if r := cmp.Compare(len(x), len(y)); r != 0 {
		return r
	}
	for i := range x {
		if r := c.Compare(x[i], y[i]); r != 0 || c.over {
			return r
		}
	}
	return 0
}

func (c *Comparer) lists(x, y *Cons) int {
	for x != y {
		if r := c.Compare(x.Head, y.Head); r != 0 || c.over {
			return r
		}
		nx, okx := x.Tail.(*Cons)
		ny, oky := y.Tail.(*Cons)
		if !okx || !oky {
			return c.Compare(x.Tail, y.Tail)
		}
		x, y = nx, ny
	}
	return 0
}

// maps compares sizes, then keys (integers before floats), then values.
func (c *Comparer) maps(x, y *Map) int {
	if x == y {
		return 0
	}
	if r := cmp.Compare(len(x.keys), len(y.keys)); r != 0 {
		return r
	}
	exact := c.Exact
	c.Exact = true
	for i := range x.keys {
		if r := c.Compare(x.keys[i], y.keys[i]); r != 0 || c.over {
			c.Exact = exact
			return r
		}
	}
	c.Exact = exact
	for i := range x.vals {
		if r := c.Compare(x.vals[i], y.vals[i]); r != 0 || c.over {
			return r
		}
	}
	return 0
}

func (c *Comparer) numbers(a, b Term) int {
	x, xf := a.(Float)
	y, yf := b.(Float)
	switch {
	case xf && yf:
		return cmp.Compare(float64(x), float64(y)) // 0.0 and -0.0 are equal up to OTP 26
	case xf:
		if c.Exact {
			return 1
		}
		return -compareIntFloat(b, float64(x))
	case yf:
		if c.Exact {
			return -1
		}
		return compareIntFloat(a, float64(y))
	}
	i, iok := a.(Int)
	j, jok := b.(Int)
	if iok && jok {
		return cmp.Compare(i, j)
	}
	m, _ := BigOf(a)
	n, _ := BigOf(b)
	return m.Cmp(n)
}

// compareIntFloat compares an integer with a float by value, exactly.
func compareIntFloat(i Term, f float64) int {
	if n, ok := i.(Int); ok && n > -(1<<53) && n < 1<<53 {
		return cmp.Compare(float64(n), f)
	}
	n, _ := BigOf(i)
	whole, acc := new(big.Float).SetFloat64(f).Int(nil)
	if r := n.Cmp(whole); r != 0 {
		return r
	}
	return int(acc)
}

func compareRefs(x, y Ref) int {
	xs, ys := strings.Split(string(x), "."), strings.Split(string(y), ".")
	for i := range min(len(xs), len(ys)) {
		if r := cmp.Or(cmp.Compare(len(xs[i]), len(ys[i])), strings.Compare(xs[i], ys[i])); r != 0 {
			return r
		}
	}
	return cmp.Compare(len(xs), len(ys))
}

func compareFuns(x, y *Fun) int {
	if (x.Closure == nil) != (y.Closure == nil) {
		if x.Closure == nil {
			return 1
		}
		return -1
	}
	return cmp.Or(strings.Compare(string(x.Module), string(y.Module)), strings.Compare(string(x.Name), string(y.Name)),
		cmp.Compare(x.Arity, y.Arity), cmp.Compare(x.ID, y.ID))
}

func compareBits(x, y Bits) int {
	n := min(x.N, y.N)
	whole := n / 8
	if r := strings.Compare(string(x.Data[:whole]), string(y.Data[:whole])); r != 0 {
		return r
	}
	if rest := n % 8; rest != 0 {
		shift := 8 - rest
		if r := cmp.Compare(x.Data[whole]>>shift, y.Data[whole]>>shift); r != 0 {
			return r
		}
	}
	return cmp.Compare(x.N, y.N)
}
