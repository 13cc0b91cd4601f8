package repl

import "github.com/erlmcp/erlmcp/repl/internal/term"

// listsFunctions are the functions of the module lists that are written in Go;
// the others are in lib/lists.erl.
func listsFunctions() map[string]native {
	return map[string]native{
		"reverse/2":   reverse2,
		"member/2":    member,
		"append/2":    func(m *machine, a []Term) (Term, error) { return m.appendLists(a[0], a[1]) },
		"subtract/2":  func(m *machine, a []Term) (Term, error) { return m.subtract(a[0], a[1]) },
		"seq/2":       seq,
		"seq/3":       seq,
		"duplicate/2": duplicate,
		"flatten/1":   flatten,
		"flatten/2":   flatten,
		"keyfind/3":   keyfind(func(t Tuple) Term { return t }, False),
		"keymember/3": keyfind(func(Tuple) Term { return True }, False),
		"keysearch/3": keyfind(func(t Tuple) Term { return Tuple{Atom("value"), t} }, False),
		"sort/1":      sortList,
		"usort/1":     sortBy(identity, true),
		"keysort/2":   keySort(false),
		"ukeysort/2":  keySort(true),
		"sort/2":      sortFun(false),
		"usort/2":     sortFun(true),
	}
}

func reverse2(m *machine, args []Term) (Term, error) {
	elems, err := m.slice(args[0])
	if err != nil {
		return nil, err
	}
	if err := m.alloc(cellSize * len(elems)); err != nil {
		return nil, err
	}
	out := args[1]
	for _, e := range elems {
		out = &Cons{Head: e, Tail: out}
	}
	return out, nil
}

func member(m *machine, args []Term) (Term, error) {
	for t := args[1]; ; {
		switch c := t.(type) {
		case *Cons:
			if ok, err := m.equal(c.Head, args[0]); ok || err != nil {
				return Bool(ok), err
			}
			t = c.Tail
		case Nil:
			return False, nil
		default:
			return nil, badarg
		}
	}
}

// seq builds a sequence of integers.
func seq(m *machine, args []Term) (Term, error) {
	from, ok1 := args[0].(Int)
	to, ok2 := args[1].(Int)
	step, ok3 := Int(1), true
	if len(args) == 3 {
		step, ok3 = args[2].(Int)
	}
	const far = 1 << 60
	if !ok1 || !ok2 || !ok3 || from > far || from < -far || to > far || to < -far {
		return nil, seqError(args)
	}
	if len(args) == 2 && from-1 > to || step == 0 && from != to || step > 0 && from-step > to || step < 0 && from-step < to {
		return nil, seqError(args)
	}
	if step == 0 {
		return m.list([]Term{from})
	}
	n := (to - from + step) / step
	if n > Int(m.memory/cellSize) {
		return nil, m.alloc(m.memory + 1)
	}
	if err := m.step(int(n)); err != nil {
		return nil, err
	}
	elems := make([]Term, n)
	for i := range elems {
		elems[i] = from + Int(i)*step
	}
	return m.list(elems)
}

// seqError is the exception of arguments that make no sequence: seq/2 has no
// clause for them, seq/3 refuses them.
func seqError(args []Term) error {
	if len(args) == 3 {
		return badarg
	}
	return functionClause
}

func duplicate(m *machine, args []Term) (Term, error) {
	n, ok := args[0].(Int)
	if !ok || n < 0 {
		return nil, functionClause
	}
	if n > Int(m.memory/cellSize) {
		return nil, m.alloc(m.memory + 1)
	}
	elems := make([]Term, n)
	for i := range elems {
		elems[i] = args[1]
	}
	return m.list(elems)
}

// flatten flattens a deep list, in front of a tail in the second argument.
func flatten(m *machine, args []Term) (Term, error) {
	tail := Term(Nil{})
	if len(args) == 2 {
		if tail = args[1]; !term.IsList(tail) {
			return nil, functionClause
		}
	}
	if !term.IsList(args[0]) {
		return nil, functionClause
	}
	var out []Term
	stack := []Term{args[0]}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for {
			c, ok := t.(*Cons)
			if !ok {
				break
			}
			if err := m.alloc(16); err != nil {
				return nil, err
			}
			if term.IsList(c.Head) {
				stack = append(stack, c.Tail)
				t = c.Head
				if err := m.step(1); err != nil {
					return nil, err
				}
				continue
			}
			out = append(out, c.Head)
			t = c.Tail
		}
		if !is[Nil](t) {
			return nil, &Exception{Class: ClassError, Reason: Atom("function_clause"), Stack: []Frame{
				{Module: "lists", Function: "do_flatten", Arity: 2, Args: []Term{t, tail}}}}
		}
	}
	return m.listTail(out, tail)
}

// keyfind finds the first tuple whose N-th element compares equal to a key.
func keyfind(found func(Tuple) Term, none Term) native {
	return func(m *machine, args []Term) (Term, error) {
		n, ok := args[1].(Int)
		if !ok || n < 1 {
			return nil, badarg
		}
		for t := args[2]; ; {
			switch c := t.(type) {
			case *Cons:
				if tuple, ok := c.Head.(Tuple); ok && Int(len(tuple)) >= n {
					r, err := m.compare(tuple[n-1], args[0], false)
					if err != nil {
						return nil, err
					}
					if r == 0 {
						return found(tuple), nil
					}
				}
				if err := m.step(1); err != nil {
					return nil, err
				}
				t = c.Tail
			case Nil:
				return none, nil
			default:
				return nil, badarg
			}
		}
	}
}

func identity(t Term) (Term, error) { return t, nil }

// sortList sorts as lists:sort/1 does. That sort collects runs: where the first
// of four or more elements is greater than the next, runs descend, and equal
// elements (1 and 1.0) come out in the opposite order.
func sortList(m *machine, args []Term) (Term, error) {
	elems, err := m.slice(args[0])
	if err == nil && len(elems) > 3 {
		for i := 1; i < len(elems); i++ {
			r, err := m.compare(elems[i-1], elems[i], false)
			if err != nil {
				return nil, err
			}
			if r < 0 {
				break
			}
			if r > 0 {
				return sortBackwards(m, elems)
			}
		}
	}
	return m.sortKeys(args[0], identity, false)
}

func sortBackwards(m *machine, elems []Term) (Term, error) {
	back := make([]Term, len(elems))
	for i, e := range elems {
		back[len(elems)-1-i] = e
	}
	list, err := m.list(back)
	if err != nil {
		return nil, err
	}
	return m.sortKeys(list, identity, false)
}

// sortBy sorts in term order of a key of the elements.
func sortBy(key func(Term) (Term, error), unique bool) native {
	return func(m *machine, args []Term) (Term, error) { return m.sortKeys(args[0], key, unique) }
}

func (m *machine) sortKeys(list Term, key func(Term) (Term, error), unique bool) (Term, error) {
	elems, err := m.slice(list)
	if err == badarg {
		return nil, functionClause
	}
	if err != nil {
		return nil, err
	}
	if len(elems) < 2 {
		return list, nil
	}
	for _, e := range elems {
		if _, err := key(e); err != nil {
			return nil, err
		}
	}
	order := func(a, b Term) (int, error) {
		x, _ := key(a)
		y, _ := key(b)
		return m.compare(x, y, false)
	}
	sorted, err := m.sorted(elems, func(a, b Term) (bool, error) {
		r, err := order(a, b)
		return r <= 0, err
	})
	if err != nil || !unique {
		if err != nil {
			return nil, err
		}
		return m.list(sorted)
	}
	var out []Term
	for _, e := range sorted {
		if len(out) > 0 {
			r, err := order(out[len(out)-1], e)
			if err != nil {
				return nil, err
			}
			if r == 0 {
				continue
			}
		}
		out = append(out, e)
	}
	return m.list(out)
}

func keySort(unique bool) native {
	return func(m *machine, args []Term) (Term, error) {
		n, ok := args[0].(Int)
		if !ok || n < 1 {
			return nil, functionClause
		}
		return m.sortKeys(args[1], func(t Term) (Term, error) {
			tuple, ok := t.(Tuple)
			if !ok || Int(len(tuple)) < n {
				return nil, raised(badarg, mfa{"erlang", "element", 2}, []Term{n, t})
			}
			return tuple[n-1], nil
		}, unique)
	}
}

// sortFun sorts by a function that tells whether its first argument may stand
// before its second.
func sortFun(unique bool) native {
	return func(m *machine, args []Term) (Term, error) {
		f, ok := args[0].(*Fun)
		elems, err := m.slice(args[1])
		if err == nil && len(elems) > 1 && !ok {
			return nil, errorTuple("badfun", args[0])
		}
		if !ok || f.Arity != 2 || err == badarg {
			return nil, functionClause
		}
		if err != nil {
			return nil, err
		}
		before := func(a, b Term) (bool, error) {
			v, err := m.apply(f, a, b)
			if err == nil && v != Term(True) && v != Term(False) {
				err = errorTuple("case_clause", v)
			}
			return v == Term(True), err
		}
		sorted, err := m.sorted(elems, before)
		if err != nil {
			return nil, err
		}
		if unique {
			if sorted, err = dropEqual(sorted, before); err != nil {
				return nil, err
			}
		}
		return m.list(sorted)
	}
}

// dropEqual drops elements that may stand before the one they follow.
func dropEqual(sorted []Term, before func(a, b Term) (bool, error)) ([]Term, error) {
	var out []Term
	for _, e := range sorted {
		if len(out) > 0 {
			same, err := before(e, out[len(out)-1])
			if err != nil {
				return nil, err
			}
			if same {
				continue
			}
		}
		out = append(out, e)
	}
	return out, nil
}
