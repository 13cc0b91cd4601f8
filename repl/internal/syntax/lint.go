package syntax

import (
	"fmt"
)

// Check makes the checks that Erlang makes before it evaluates: variables that
// are unbound or bound on some ways only, patterns and guards that are none.
// bound are the variables that are bound before.
func Check(exprs []Node, bound func(name string) bool) error {
	c := &checker{bound: bound}
	vs := vars{}
	for _, n := range exprs {
		vs = c.expr(n, vs)
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// state is what is known of a variable.
type state struct {
	where  string // the construct that makes it unsafe, "" when it is bound
	origin Pos
	at     Pos // of its binding
}

// vars are the variables bound in a scope. They are copied before they change.
type vars map[string]state

func (v vars) with(name string, s state) vars {
	out := make(vars, len(v)+1)
	for k, x := range v {
		out[k] = x
	}
	out[name] = s
	return out
}

func (v vars) merge(w vars) vars {
	if len(w) <= len(v) {
		same := true
		for k, s := range w {
			if old, ok := v[k]; !ok || old.where != "" && s.where == "" {
				same = false
				break
			}
		}
		if same {
			return v
		}
	}
	out := make(vars, len(v)+len(w))
	for k, x := range v {
		out[k] = x
	}
	for k, x := range w {
		if old, ok := out[k]; !ok || old.where != "" {
			out[k] = x
		}
	}
	return out
}

type checker struct {
	bound func(string) bool
	err   *Error
}

// fail keeps the error that comes first in the text.
func (c *checker) fail(p Pos, format string, args ...any) {
	if c.err == nil || p.Line < c.err.Pos.Line || p.Line == c.err.Pos.Line && p.Column < c.err.Pos.Column {
		c.err = &Error{Pos: p, Text: fmt.Sprintf(format, args...), Lint: true}
	}
}

func (c *checker) use(x *Var, v vars) {
	s, ok := v[x.Name]
	switch {
	case ok && s.where != "":
		c.fail(x.Place, "variable '%s' unsafe in '%s' (line %d, column %d)", x.Name, s.where, s.origin.Line, s.origin.Column)
	case !ok && (x.Name == "_" || !c.bound(x.Name)):
		c.fail(x.Place, "variable '%s' is unbound", x.Name)
	}
}

// all checks expressions that are evaluated side by side.
func (c *checker) all(nodes []Node, v vars) vars {
	out := v
	for _, n := range nodes {
		if n != nil {
			out = out.merge(c.expr(n, v))
		}
	}
	return out
}

func (c *checker) body(nodes []Node, v vars) vars {
	for _, n := range nodes {
		v = c.expr(n, v)
	}
	return v
}

// expr checks an expression and gives the variables after it.
//
//lint:dispatch-table
func (c *checker) expr(n Node, v vars) vars {
	switch x := n.(type) {
	case *Var:
		c.use(x, v)
	case *Tuple:
		return c.all(x.Elems, v)
	case *Cons:
		return c.cons(x, v)
	case *MapExpr:
		out := c.all([]Node{x.Base}, v)
		for _, f := range x.Fields {
			if f.Exact && x.Base == nil {
				c.fail(x.Place, "only association operators '=>' are allowed in map construction")
			}
			out = out.merge(c.all([]Node{f.Key, f.Value}, v))
		}
		return out
	case *Binary:
		return c.segments(x, v)
	case *Unary:
		return c.expr(x.X, v)
	case *Binop:
		return c.binop(x, v)
	case *Match:
		out := c.expr(x.R, v)
		return c.pattern(x.L, out, nil)
	case *Catch:
		out := c.expr(x.X, v)
		return c.unsafe(v, []vars{out}, "catch", x.Place)
	case *Block:
		return c.body(x.Body, v)
	case *Case:
		return c.clauses(x.Clauses, c.expr(x.X, v), "case", x.Place)
	case *If:
		return c.clauses(x.Clauses, v, "if", x.Place)
	case *Receive:
		return c.receive(x, v)
	case *Try:
		return c.try(x, v)
	case *Fun:
		c.fun(x, v)
	case *FunRef:
		if x.Module != nil {
			return c.all([]Node{x.Module, x.Name, x.Arity}, v)
		}
	case *Call:
		return c.call(x, v)
	case *Comp:
		c.comp(x, v)
	case *Remote:
		c.fail(x.Place, "illegal expression")
	}
	return v
}

func (c *checker) cons(x *Cons, v vars) vars {
	out := v
	var n Node = x
	for {
		cell, ok := n.(*Cons)
		if !ok {
			return out.merge(c.expr(n, v))
		}
		out = out.merge(c.expr(cell.Head, v))
		n = cell.Tail
	}
}

func (c *checker) segments(x *Binary, v vars) vars {
	out := v
	for i := range x.Segments {
		s := &x.Segments[i]
		c.segment(s)
		out = out.merge(c.all([]Node{s.Value, s.Size}, v))
	}
	return out
}

// segment checks what a type allows.
func (c *checker) segment(s *Segment) {
	utf := s.Type == "utf8" || s.Type == "utf16" || s.Type == "utf32"
	switch {
	case utf && (s.Size != nil || s.Unit != 0):
		c.fail(s.Value.Pos(), "neither size nor unit must be given for segments of type utf8/utf16/utf32")
	case s.Unit != 0 && s.Size == nil && s.Type != "binary" && s.Type != "bitstring":
		c.fail(s.Place, "a bit unit size must not be specified unless a size is specified too")
	}
}

func (c *checker) binop(x *Binop, v vars) vars {
	left := c.expr(x.L, v)
	if x.Op == "andalso" || x.Op == "orelse" {
		right := c.expr(x.R, left)
		return c.unsafe(left, []vars{right}, x.Op, x.Place)
	}
	return left.merge(c.expr(x.R, v))
}

func (c *checker) call(x *Call, v vars) vars {
	nodes := append([]Node{x.Module, x.Func}, x.Args...)
	return c.all(nodes, v)
}

// unsafe gives the variables after a construct with several ways: those bound
// on all of them, and as unsafe those bound on some.
func (c *checker) unsafe(before vars, ways []vars, where string, at Pos) vars {
	out := before
	always := where != "catch" && where != "andalso" && where != "orelse" && where != "try"
	for _, w := range ways {
		for name, s := range w {
			if _, ok := before[name]; ok {
				continue
			}
			safe := always && s.where == ""
			for _, other := range ways {
				if o, ok := other[name]; !ok || o.where != "" {
					safe = false
				}
			}
			st := s
			if !safe && s.where == "" {
				st = state{where: where, origin: at}
			}
			if old, ok := out[name]; !ok || old.where == "" && st.where != "" {
				out = out.with(name, st)
			}
		}
	}
	return out
}

func (c *checker) clauses(list []Clause, v vars, where string, at Pos) vars {
	var ways []vars
	for i := range list {
		ways = append(ways, c.clause(&list[i], v, nil))
	}
	return c.unsafe(v, ways, where, at)
}

// clause checks one clause; the names in fresh hide those outside.
func (c *checker) clause(cl *Clause, v vars, fresh map[string]bool) vars {
	in := v
	for _, p := range cl.Patterns {
		in = in.merge(c.pattern(p, v, fresh))
	}
	for _, and := range cl.Guard {
		for _, g := range and {
			c.guard(g, in)
		}
	}
	return c.body(cl.Body, in)
}

func (c *checker) receive(x *Receive, v vars) vars {
	var ways []vars
	for i := range x.Clauses {
		ways = append(ways, c.clause(&x.Clauses[i], v, nil))
	}
	if x.After != nil {
		ways = append(ways, c.body(x.Then, c.expr(x.After, v)))
	}
	return c.unsafe(v, ways, "receive", x.Place)
}

func (c *checker) try(x *Try, v vars) vars {
	body := c.body(x.Body, v)
	ways := []vars{body}
	for i := range x.Clauses {
		ways = append(ways, c.clause(&x.Clauses[i], body, nil))
	}
	inHandler := c.unsafe(v, []vars{body}, "try", x.Place)
	for i := range x.Handlers {
		ways = append(ways, c.clause(&x.Handlers[i], inHandler, nil))
	}
	out := c.unsafe(v, ways, "try", x.Place)
	c.body(x.After, out)
	return out
}

// fun checks a fun: its variables stay inside.
func (c *checker) fun(x *Fun, v vars) {
	if x.Name != "" && x.Name != "_" {
		v = v.with(x.Name, state{})
	}
	for i := range x.Clauses {
		fresh := map[string]bool{}
		for _, p := range x.Clauses[i].Patterns {
			patternVars(p, fresh)
		}
		c.clause(&x.Clauses[i], v, fresh)
	}
}

func (c *checker) comp(x *Comp, v vars) {
	in := v
	for i := range x.Quals {
		q := &x.Quals[i]
		if q.Pattern == nil {
			in = c.expr(q.X, in)
			continue
		}
		c.expr(q.X, in)
		fresh := map[string]bool{}
		patternVars(q.Pattern, fresh)
		next := in.merge(c.pattern(q.Pattern, in, fresh))
		if q.Key != nil {
			patternVars(q.Key, fresh)
			next = next.merge(c.pattern(q.Key, in, fresh))
		}
		in = next
	}
	c.all([]Node{x.Elem, x.Value}, in)
}
