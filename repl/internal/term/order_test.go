package term

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// anyTerm draws terms of every type, nested at most depth levels.
func anyTerm(depth int) *rapid.Generator[Term] {
	leaves := []*rapid.Generator[Term]{
		rapid.Map(rapid.Int64(), func(n int64) Term { return Int(n) }),
		rapid.Map(rapid.IntRange(-3, 3), func(n int) Term { return Int(n) }),
		rapid.Map(rapid.Int64(), func(n int64) Term { return NewInt(new(big.Int).Lsh(big.NewInt(n), 40)) }),
		rapid.Map(rapid.Float64Range(-1e18, 1e18), func(f float64) Term { return Float(f) }),
		rapid.Map(rapid.IntRange(-3, 3), func(n int) Term { return Float(n) }),
		rapid.Map(rapid.StringMatching(`[a-z]{0,3}`), func(s string) Term { return Atom(s) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) Term { return Bytes(b) }),
		rapid.Map(rapid.Uint64Range(0, 3), func(n uint64) Term { return Pid{ID: n} }),
		rapid.Just[Term](Nil{}),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	kids := rapid.SliceOfN(anyTerm(depth-1), 0, 3)
	return rapid.OneOf(append(leaves,
		rapid.Map(kids, func(k []Term) Term { return Tuple(k) }),
		rapid.Map(kids, func(k []Term) Term { return List(k...) }),
		rapid.Map(kids, func(k []Term) Term { return ListTail(k, Atom("t")) }),
		rapid.Map(kids, func(k []Term) Term {
			var pairs [][2]Term
			for i := 0; i+1 < len(k); i += 2 {
				pairs = append(pairs, [2]Term{k[i], k[i+1]})
			}
			return NewMap(pairs...)
		}))...)
}

// TestOrderIsTotal: both orders are reflexive, antisymmetric and transitive,
// and equality in the exact order implies equality in the other one.
func TestOrderIsTotal(t *testing.T) {
	orders := map[string]func(a, b Term) int{"==": Compare, "=:=": CompareExact}
	rapid.Check(t, func(t *rapid.T) {
		g := anyTerm(2)
		a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
		for name, compare := range orders {
			if compare(a, a) != 0 {
				t.Fatalf("%s: %s differs from itself", name, Format(a))
			}
			if compare(a, b) != -compare(b, a) {
				t.Fatalf("%s: order of %s and %s depends on the side", name, Format(a), Format(b))
			}
			if compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0 {
				t.Fatalf("%s: not transitive: %s, %s, %s", name, Format(a), Format(b), Format(c))
			}
		}
		if CompareExact(a, b) == 0 && Compare(a, b) != 0 {
			t.Fatalf("%s and %s match but are not equal", Format(a), Format(b))
		}
	})
}

func TestOrderOfTypes(t *testing.T) {
	fun := &Fun{Module: "m", Name: "f"}
	sorted := []Term{Int(1), Atom("a"), Ref("0.1"), fun, Port{0, 1}, Pid{0, 1, 0}, Tuple{}, &Map{}, Nil{},
		List(Int(1)), Binary("")}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := Compare(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s): got %d", Format(a), Format(b), got)
			}
		}
	}
}

// TestMapIsAMap: puts and removes agree with Go's map.
func TestMapIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, want := &Map{}, map[string]Term{}
		for i := range rapid.IntRange(0, 20).Draw(t, "n") {
			k := anyTerm(1).Draw(t, fmt.Sprint("key", i))
			if rapid.Bool().Draw(t, fmt.Sprint("put", i)) {
				m, want[Write(k, Style{Depth: -1})] = m.Put(k, Int(i)), Int(i)
			} else {
				m = m.Remove(k)
				delete(want, Write(k, Style{Depth: -1}))
			}
		}
		if m.Len() != len(want) {
			t.Fatalf("got %d keys, want %d", m.Len(), len(want))
		}
		for i := range m.Len() {
			k, v := m.At(i)
			if want[Write(k, Style{Depth: -1})] != v {
				t.Fatalf("key %s: got %s", Format(k), Format(v))
			}
		}
	})
}
