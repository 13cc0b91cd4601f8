package repl

import (
	"sort"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// cellSize is the memory of a list cell with its element.
const cellSize = 40

// listTail builds a list within the budget.
func (m *machine) listTail(elems []Term, tail Term) (Term, error) {
	if err := m.alloc(cellSize * len(elems)); err != nil {
		return nil, err
	}
	return term.ListTail(elems, tail), m.step(len(elems) / 8)
}

func (m *machine) list(elems []Term) (Term, error) { return m.listTail(elems, Nil{}) }

// slice gives the elements of a proper list within the budget; badarg if it is
// not one.
func (m *machine) slice(t Term) ([]Term, error) {
	elems, tail := term.SliceTail(t)
	if _, ok := tail.(Nil); !ok {
		return nil, badarg
	}
	return elems, m.step(len(elems) / 8)
}

func (m *machine) appendLists(x, y Term) (Term, error) {
	elems, err := m.slice(x)
	if err == badarg {
		return nil, operatorError("badarg", "++", x, y)
	}
	if err != nil {
		return nil, err
	}
	return m.listTail(elems, y)
}

// subtract removes the first occurrence of each element of y from x. Elements
// are counted in a sorted copy of y, so that long lists stay cheap.
func (m *machine) subtract(x, y Term) (Term, error) {
	xs, err1 := m.slice(x)
	ys, err2 := m.slice(y)
	if err1 == badarg || err2 == badarg {
		return nil, operatorError("badarg", "--", x, y)
	}
	if err1 != nil || err2 != nil {
		return nil, m.dead
	}
	if len(ys) == 0 {
		return x, nil
	}
	sorted, err := m.sorted(ys, func(a, b Term) (bool, error) {
		r, err := m.compare(a, b, true)
		return r <= 0, err
	})
	if err != nil {
		return nil, err
	}
	used := make([]bool, len(sorted))
	var kept []Term
	for _, e := range xs {
		var failed error
		i := sort.Search(len(sorted), func(i int) bool {
			r, err := m.compare(sorted[i], e, true)
			if err != nil {
				failed = err
			}
			return r >= 0
		})
		for ; i < len(sorted) && used[i]; i++ {
			if err := m.step(1); err != nil {
				return nil, err
			}
		}
		same := false
		if i < len(sorted) {
			same, failed = m.equal(sorted[i], e)
		}
		if failed != nil {
			return nil, failed
		}
		if same {
			used[i] = true
			continue
		}
		kept = append(kept, e)
	}
	return m.list(kept)
}

// sorted is a stable merge sort: before tells whether a may stand before b.
func (m *machine) sorted(elems []Term, before func(a, b Term) (bool, error)) ([]Term, error) {
	n := len(elems)
	if n < 2 {
		return elems, nil
	}
	left, err := m.sorted(elems[:n/2], before)
	if err != nil {
		return nil, err
	}
	right, err := m.sorted(elems[n/2:], before)
	if err != nil {
		return nil, err
	}
	if err := m.step(n/8 + 1); err != nil {
		return nil, err
	}
	out := make([]Term, 0, n)
	for len(left) > 0 && len(right) > 0 {
		ok, err := before(left[0], right[0])
		if err != nil {
			return nil, err
		}
		if ok {
			out, left = append(out, left[0]), left[1:]
		} else {
			out, right = append(out, right[0]), right[1:]
		}
	}
	return append(append(out, left...), right...), nil
}
