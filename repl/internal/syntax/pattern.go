package syntax

import "github.com/erlmcp/erlmcp/repl/internal/term"

// pattern checks a pattern and gives the variables after it. The names in
// fresh are new in it even if they are bound outside.
//
//lint:dispatch-table
func (c *checker) pattern(n Node, v vars, fresh map[string]bool) vars {
	switch x := n.(type) {
	case nil, *Literal, *Str:
		return v
	case *Var:
		if x.Name == "_" {
			return v
		}
		s, ok := v[x.Name]
		if ok && s.where != "" && !fresh[x.Name] {
			c.use(x, v)
		}
		if ok && s.where == "" || !ok && c.bound(x.Name) && fresh == nil {
			return v
		}
		return v.with(x.Name, state{at: x.Place})
	case *Tuple:
		return c.patterns(x.Elems, v, fresh)
	case *Cons:
		return c.patterns([]Node{x.Head, x.Tail}, v, fresh)
	case *Match:
		return c.patterns([]Node{x.L, x.R}, v, fresh)
	case *MapExpr:
		return c.mapPattern(x, v, fresh)
	case *Binary:
		return c.binaryPattern(x, v, fresh)
	case *Binop:
		if x.Op == "++" && isText(x.L) {
			return c.pattern(x.R, v, fresh)
		}
	}
	if !constant(n) {
		c.fail(n.Pos(), "illegal pattern")
	}
	return v
}

func (c *checker) patterns(nodes []Node, v vars, fresh map[string]bool) vars {
	for _, n := range nodes {
		v = c.pattern(n, v, fresh)
	}
	return v
}

func (c *checker) mapPattern(x *MapExpr, v vars, fresh map[string]bool) vars {
	if x.Base != nil {
		c.fail(x.Place, "illegal pattern")
		return v
	}
	out := v
	for _, f := range x.Fields {
		if !f.Exact {
			c.fail(f.Place, "illegal pattern")
			continue
		}
		c.guard(f.Key, v)
		out = c.pattern(f.Value, out, fresh)
	}
	return out
}

func (c *checker) binaryPattern(x *Binary, v vars, fresh map[string]bool) vars {
	for i := range x.Segments {
		s := &x.Segments[i]
		c.segment(s)
		if s.Size == nil && (s.Type == "binary" || s.Type == "bitstring") && i < len(x.Segments)-1 {
			c.fail(s.Place, "a binary field without size is only allowed at the end of a binary pattern")
		}
		if s.Size != nil {
			c.guard(s.Size, v)
		}
		switch s.Value.(type) {
		case *Var, *Literal, *Str, *Unary, *Binop:
			v = c.pattern(s.Value, v, fresh)
		default:
			c.fail(s.Place, "illegal pattern")
		}
	}
	return v
}

// isText tells whether a pattern is a constant list, as on the left of ++.
func isText(n Node) bool {
	switch x := n.(type) {
	case *Str:
		return true
	case *Literal:
		_, ok := x.Value.(term.Nil)
		return ok
	case *Cons:
		return constant(x.Head) && isText(x.Tail)
	case *Binop:
		return x.Op == "++" && isText(x.L) && isText(x.R)
	}
	return false
}

// constant tells whether a node is an expression of literals, which patterns
// may have.
func constant(n Node) bool {
	switch x := n.(type) {
	case *Literal:
		return true
	case *Unary:
		return constant(x.X)
	case *Binop:
		return arithmetic[x.Op] && constant(x.L) && constant(x.R)
	}
	return false
}

var arithmetic = map[string]bool{
	"+": true, "-": true, "*": true, "/": true, "div": true, "rem": true, "band": true, "bor": true,
	"bxor": true, "bsl": true, "bsr": true,
}

// patternVars collects the names of a pattern's variables.
func patternVars(n Node, names map[string]bool) {
	switch x := n.(type) {
	case *Var:
		names[x.Name] = true
	case *Tuple:
		for _, e := range x.Elems {
			patternVars(e, names)
		}
	case *Cons:
		patternVars(x.Head, names)
		patternVars(x.Tail, names)
	case *Match:
		patternVars(x.L, names)
		patternVars(x.R, names)
	case *MapExpr:
		for _, f := range x.Fields {
			patternVars(f.Value, names)
		}
	case *Binary:
		for i := range x.Segments {
			patternVars(x.Segments[i].Value, names)
		}
	case *Binop:
		patternVars(x.R, names)
	}
}
