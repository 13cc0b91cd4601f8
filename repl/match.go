package repl

import (
	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// choose finds the first clause whose patterns match the values and whose
// guard holds, and binds its variables in s; nil when there is none. With
// fresh, the patterns' variables are new and hide those of s.
func (m *machine) choose(clauses []syntax.Clause, vals []Term, s *scope, fresh bool) (*syntax.Clause, error) {
	base := s.vars
	floor := (*binding)(nil)
	if fresh {
		floor = base
	}
	for i := range clauses {
		c := &clauses[i]
		s.vars = base
		ok, err := m.matchAll(c.Patterns, vals, s, floor)
		if err != nil {
			return nil, err
		}
		if ok {
			ok, err = m.guard(c.Guard, s)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			return c, nil
		}
	}
	s.vars = base
	return nil, nil
}

func (m *machine) matchAll(patterns []syntax.Node, vals []Term, s *scope, floor *binding) (bool, error) {
	for i, p := range patterns {
		if ok, err := m.match(p, vals[i], s, floor); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// guard evaluates a guard: a disjunction of conjunctions, in which an
// exception counts as false.
func (m *machine) guard(g [][]syntax.Node, s *scope) (bool, error) {
	if g == nil {
		return true, nil
	}
	for _, and := range g {
		ok := true
		for _, test := range and {
			v, err := m.eval(test, s)
			if m.dead != nil {
				return false, m.dead
			}
			if err != nil || v != Term(True) {
				ok = false
				break
			}
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

// match matches a value against a pattern and binds its variables in s. A
// variable counts as bound when it is found above floor.
//
//lint:dispatch-table
func (m *machine) match(p syntax.Node, v Term, s *scope, floor *binding) (bool, error) {
	if err := m.enter(); err != nil {
		return false, err
	}
	defer m.leave()
	switch x := p.(type) {
	case *syntax.Var:
		return m.matchVar(x, v, s, floor)
	case *syntax.Literal:
		return m.equal(x.Value, v)
	case *syntax.Str:
		return m.equal(x.Value, v)
	case *syntax.Tuple:
		t, ok := v.(Tuple)
		if !ok || len(t) != len(x.Elems) {
			return false, nil
		}
		return m.matchAll(x.Elems, t, s, floor)
	case *syntax.Cons:
		return m.matchCons(x, v, s, floor)
	case *syntax.Match:
		ok, err := m.match(x.L, v, s, floor)
		if !ok || err != nil {
			return false, err
		}
		return m.match(x.R, v, s, floor)
	case *syntax.MapExpr:
		return m.matchMap(x, v, s, floor)
	case *syntax.Binary:
		return m.matchBinary(x, v, s, floor)
	case *syntax.Binop:
		if x.Op == "++" {
			return m.matchPrefix(x, v, s, floor)
		}
	}
	c, err := m.eval(p, &scope{nil, s.module}) // a constant expression
	if err != nil {
		return false, err
	}
	return m.equal(c, v)
}

func (m *machine) matchVar(x *syntax.Var, v Term, s *scope, floor *binding) (bool, error) {
	if x.Name == "_" {
		return true, nil
	}
	for b := s.vars; b != floor && b != nil; b = b.next {
		if b.name == x.Name {
			return m.equal(b.value, v)
		}
	}
	s.bind(x.Name, v)
	return true, nil
}

func (m *machine) matchCons(x *syntax.Cons, v Term, s *scope, floor *binding) (bool, error) {
	for {
		c, ok := v.(*Cons)
		if !ok {
			return false, nil
		}
		if ok, err := m.match(x.Head, c.Head, s, floor); !ok || err != nil {
			return false, err
		}
		next, ok := x.Tail.(*syntax.Cons)
		if !ok {
			return m.match(x.Tail, c.Tail, s, floor)
		}
		x, v = next, c.Tail
	}
}

// matchPrefix matches "abc" ++ Rest.
func (m *machine) matchPrefix(x *syntax.Binop, v Term, s *scope, floor *binding) (bool, error) {
	left, err := m.eval(x.L, &scope{nil, s.module})
	if err != nil {
		return false, err
	}
	elems, _ := term.Slice(left)
	for _, e := range elems {
		c, ok := v.(*Cons)
		if !ok {
			return false, nil
		}
		if ok, err := m.equal(e, c.Head); !ok || err != nil {
			return false, err
		}
		v = c.Tail
	}
	return m.match(x.R, v, s, floor)
}

func (m *machine) matchMap(x *syntax.MapExpr, v Term, s *scope, floor *binding) (bool, error) {
	t, ok := v.(*Map)
	if !ok {
		return false, nil
	}
	for _, f := range x.Fields {
		key, err := m.eval(f.Key, &scope{s.vars, s.module})
		if err != nil {
			return false, err
		}
		val, ok := t.Get(key)
		if !ok {
			return false, nil
		}
		if ok, err := m.match(f.Value, val, s, floor); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// equal is =:= within the budget.
func (m *machine) equal(a, b Term) (bool, error) {
	r, err := m.compare(a, b, true)
	return r == 0, err
}

// compare orders terms within the budget.
func (m *machine) compare(a, b Term, exact bool) (int, error) {
	const share = 16 // parts looked at for one reduction
	c := term.Comparer{Exact: exact, Left: min(m.reductions, 1<<40) * share}
	before := c.Left
	r := c.Compare(a, b)
	if c.Exceeded() {
		return 0, m.kill(limitReached("reductions of a comparison"))
	}
	return r, m.step((before - c.Left) / share)
}
