package repl

import (
	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// collector gathers the results of a comprehension.
type collector struct {
	elems []Term
	pairs [][2]Term
	bits  bitWriter
}

func (m *machine) evalComp(x *syntax.Comp, s *scope) (Term, error) {
	var c collector
	if err := m.qualify(x, 0, &scope{s.vars, s.module}, &c); err != nil {
		return nil, err
	}
	switch x.Kind {
	case syntax.MapComp:
		return m.newMap(c.pairs)
	case syntax.BinaryComp:
		return c.bits.term(), nil
	}
	return m.listTail(c.elems, Nil{})
}

// qualify runs the i-th qualifier and those after it.
func (m *machine) qualify(x *syntax.Comp, i int, s *scope, c *collector) error {
	if i == len(x.Quals) {
		return m.collect(x, s, c)
	}
	q := &x.Quals[i]
	if q.Pattern == nil {
		ok, err := m.filter(q, s)
		if !ok || err != nil {
			return err
		}
		return m.qualify(x, i+1, s, c)
	}
	v, err := m.eval(q.X, &scope{s.vars, s.module})
	if err != nil {
		return err
	}
	each := func(patterns []syntax.Node, vals []Term) error {
		if err := m.step(1); err != nil {
			return err
		}
		in := &scope{s.vars, s.module}
		ok, err := m.matchAll(patterns, vals, in, s.vars)
		if !ok || err != nil {
			return err
		}
		return m.qualify(x, i+1, in, c)
	}
	switch {
	case q.Bits:
		return m.generateBits(q, v, s, func(in *scope) error { return m.qualify(x, i+1, in, c) })
	case q.Key != nil:
		return generateMap(q, v, each)
	}
	return generateList(q, v, each)
}

func generateList(q *syntax.Qual, v Term, each func([]syntax.Node, []Term) error) error {
	patterns := []syntax.Node{q.Pattern}
	for t := v; ; {
		switch c := t.(type) {
		case Nil:
			return nil
		case *Cons:
			if err := each(patterns, []Term{c.Head}); err != nil {
				return err
			}
			t = c.Tail
		default:
			return errorTuple("bad_generator", t)
		}
	}
}

func generateMap(q *syntax.Qual, v Term, each func([]syntax.Node, []Term) error) error {
	t, ok := v.(*Map)
	if !ok {
		return errorTuple("bad_generator", v)
	}
	for i := range t.Len() {
		key, val := t.At(i)
		if err := each([]syntax.Node{q.Key, q.Pattern}, []Term{key, val}); err != nil {
			return err
		}
	}
	return nil
}

// generateBits matches the pattern again and again at the front of a bit
// string, and skips what has the pattern's size but does not match.
func (m *machine) generateBits(q *syntax.Qual, v Term, s *scope, each func(*scope) error) error {
	b, ok := v.(Bits)
	if !ok {
		return errorTuple("bad_generator", v)
	}
	pattern := q.Pattern.(*syntax.Binary)
	for off := 0; ; {
		if err := m.step(1); err != nil {
			return err
		}
		in := &scope{s.vars, s.module}
		r := bitReader{bits: b, off: off}
		ok, err := m.matchSegments(pattern, &r, in, s.vars)
		if err != nil {
			return err
		}
		if ok && r.off == off {
			return nil // a pattern of no bits would match for ever
		}
		if ok {
			if err := each(in); err != nil {
				return err
			}
			off = r.off
			continue
		}
		n, ok := m.patternSize(pattern, s)
		if !ok || n == 0 || off+n > b.N {
			return nil
		}
		off += n
	}
}

// patternSize is the size in bits of a pattern whose segments have fixed sizes.
func (m *machine) patternSize(p *syntax.Binary, s *scope) (int, bool) {
	total := 0
	for i := range p.Segments {
		seg, err := m.segmentOf(&p.Segments[i], &scope{s.vars, s.module})
		if err != nil || seg.all || seg.utf() {
			return 0, false
		}
		total += seg.bits()
	}
	return total, true
}

// filter evaluates a filter. One that is a guard test fails quietly.
func (m *machine) filter(q *syntax.Qual, s *scope) (bool, error) {
	if syntax.IsGuardTest(q.X) {
		return m.guard([][]syntax.Node{{q.X}}, s)
	}
	v, err := m.eval(q.X, &scope{s.vars, s.module})
	if err != nil {
		return false, err
	}
	b, ok := v.(Atom)
	if !ok || b != True && b != False {
		return false, errorTuple("bad_filter", v)
	}
	return b == True, nil
}

// collect evaluates the element of a comprehension for one set of variables.
func (m *machine) collect(x *syntax.Comp, s *scope, c *collector) error {
	in := &scope{s.vars, s.module}
	v, err := m.eval(x.Elem, in)
	if err != nil {
		return err
	}
	switch x.Kind {
	case syntax.MapComp:
		val, err := m.eval(x.Value, in)
		if err != nil {
			return err
		}
		c.pairs = append(c.pairs, [2]Term{v, val})
	case syntax.BinaryComp:
		b, ok := v.(Bits)
		if !ok {
			return constructionFailed("badarg")
		}
		c.bits.bits(b, b.N)
		return m.alloc(b.N/8 + 1)
	default:
		c.elems = append(c.elems, v)
	}
	return m.alloc(16)
}

// evalMap evaluates a map constructor or update.
func (m *machine) evalMap(x *syntax.MapExpr, s *scope) (Term, error) {
	base := Term(&Map{})
	if x.Base != nil {
		v, err := m.eval(x.Base, s)
		if err != nil {
			return nil, err
		}
		base = v
	}
	t, ok := base.(*Map)
	if !ok {
		return nil, errorTuple("badmap", base)
	}
	var pairs [][2]Term
	for _, f := range x.Fields {
		kv, err := m.evalAll([]syntax.Node{f.Key, f.Value}, s)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]Term{kv[0], kv[1]})
	}
	if x.Base == nil {
		return m.newMap(pairs)
	}
	for i, p := range pairs {
		if _, ok := t.Get(p[0]); !ok && x.Fields[i].Exact {
			return nil, errorTuple("badkey", p[0])
		}
		next, err := m.put(t, p[0], p[1])
		if err != nil {
			return nil, err
		}
		t = next
	}
	return t, nil
}

// pairSize is the memory of a map's pair.
const pairSize = 48

func (m *machine) newMap(pairs [][2]Term) (*Map, error) {
	if err := m.alloc(pairSize * len(pairs)); err != nil {
		return nil, err
	}
	if err := m.step(len(pairs)); err != nil {
		return nil, err
	}
	return term.NewMap(pairs...), nil
}

// put sets a key of a map; the map is copied, its memory is freed later, so
// that only a part of the copy counts as memory.
func (m *machine) put(t *Map, key, value Term) (*Map, error) {
	if err := m.alloc(pairSize + t.Len()); err != nil {
		return nil, err
	}
	if err := m.step(t.Len() / 32); err != nil {
		return nil, err
	}
	return t.Put(key, value), nil
}
