package syntax

import "github.com/erlmcp/erlmcp/repl/internal/term"

// clauseKind says what stands before the guard of a clause.
type clauseKind uint8

const (
	caseClause clauseKind = iota // one pattern
	ifClause                     // nothing: the guard is the whole head
	funClause                    // patterns in parentheses
)

// clauses reads clauses separated by semicolons.
func (p *parser) clauses(kind clauseKind) []Clause {
	var list []Clause
	for {
		list = append(list, p.clause(kind))
		if !p.accept(";") {
			return list
		}
	}
}

func (p *parser) clause(kind clauseKind) Clause {
	c := Clause{At: At{p.tok.pos}}
	switch kind {
	case caseClause:
		c.Patterns = []Node{p.expr(0)}
	case ifClause:
		c.Guard = p.guard()
	case funClause:
		c.Patterns = p.args()
	}
	if kind != ifClause && p.accept("when") {
		c.Guard = p.guard()
	}
	p.expect("->")
	c.Body = p.exprs()
	return c
}

func (p *parser) guard() [][]Node {
	guard := [][]Node{p.exprs()}
	for p.accept(";") {
		guard = append(guard, p.exprs())
	}
	return guard
}

func (p *parser) caseExpr(at At) Node {
	p.advance()
	c := &Case{At: at, X: p.expr(0)}
	p.expect("of")
	c.Clauses = p.clauses(caseClause)
	p.expect("end")
	return c
}

func (p *parser) receive(at At) Node {
	p.advance()
	r := &Receive{At: at}
	if p.err == nil && !p.tok.is("after") {
		r.Clauses = p.clauses(caseClause)
	}
	if p.accept("after") {
		r.After = p.expr(0)
		p.expect("->")
		r.Then = p.exprs()
	}
	p.expect("end")
	return r
}

func (p *parser) try(at At) Node {
	p.advance()
	t := &Try{At: at, Body: p.exprs()}
	if p.accept("of") {
		t.Clauses = p.clauses(caseClause)
	}
	if p.accept("catch") {
		for {
			t.Handlers = append(t.Handlers, p.handler())
			if !p.accept(";") {
				break
			}
		}
		if p.accept("after") {
			t.After = p.exprs()
		}
	} else {
		p.expect("after")
		t.After = p.exprs()
	}
	p.expect("end")
	return t
}

// handler reads a catch clause: [Class:]Pattern[:StackTrace].
func (p *parser) handler() Clause {
	c := Clause{At: At{p.tok.pos}}
	class := Node(&Literal{c.At, term.Atom("throw")})
	stack := Node(&Var{c.At, "_"})
	if p.tok.kind == kindAtom || p.tok.kind == kindVar {
		first := p.primary()
		if p.accept(":") {
			class = first
			c.Patterns = []Node{p.expr(0)}
		} else {
			c.Patterns = []Node{p.continueExpr(first)}
		}
	} else {
		c.Patterns = []Node{p.expr(0)}
	}
	reason := c.Patterns[0]
	if r, ok := reason.(*Remote); ok { // the pattern R:S reads as M:F
		reason, stack = r.Module, r.Name
	} else if p.accept(":") {
		stack = p.primary()
	}
	c.Patterns = []Node{class, reason, stack}
	if p.accept("when") {
		c.Guard = p.guard()
	}
	p.expect("->")
	c.Body = p.exprs()
	return c
}

// continueExpr goes on with an expression whose first operand is read.
func (p *parser) continueExpr(left Node) Node {
	for p.err == nil {
		op := p.tok
		b, ok := infix(op)
		if !ok {
			break
		}
		p.advance()
		next := b.prec + 1
		if b.right {
			next = b.prec
		}
		right := p.expr(next)
		if op.text == "=" {
			left = &Match{At{op.pos}, left, right}
		} else {
			left = &Binop{At{op.pos}, op.text, left, right}
		}
	}
	return left
}

// fun reads a fun with clauses, or a reference to a function.
func (p *parser) fun(at At) Node {
	p.advance()
	if p.tok.is("(") {
		f := &Fun{At: at, Clauses: p.clauses(funClause)}
		p.expect("end")
		return p.sameArity(f)
	}
	t := p.tok
	if t.kind != kindAtom && t.kind != kindVar {
		p.fail(t)
		return &Literal{at, term.Nil{}}
	}
	name := p.primary()
	if t.kind == kindVar && p.tok.is("(") {
		return p.namedFun(at, t.text)
	}
	ref := &FunRef{At: at, Name: name}
	if p.accept(":") {
		if p.tok.kind != kindAtom && p.tok.kind != kindVar {
			p.fail(p.tok)
		}
		ref.Module, ref.Name = name, p.primary()
	} else if t.kind == kindVar {
		p.fail(p.tok)
	}
	p.expect("/")
	ok := p.tok.kind == kindNumber && term.IsInteger(p.tok.value) || p.tok.kind == kindVar && ref.Module != nil
	if !ok {
		p.fail(p.tok)
	}
	ref.Arity = p.primary()
	return ref
}

func (p *parser) namedFun(at At, name string) Node {
	f := &Fun{At: at, Name: name}
	for {
		f.Clauses = append(f.Clauses, p.clause(funClause))
		if !p.accept(";") {
			break
		}
		t := p.tok
		if t.kind != kindVar {
			p.fail(t)
			break
		}
		if t.text != name {
			p.setErr(&Error{Pos: t.pos, Text: "head mismatch"})
		}
		p.advance()
	}
	p.expect("end")
	return p.sameArity(f)
}

// sameArity checks that the clauses of a fun take the same number of arguments.
func (p *parser) sameArity(f *Fun) Node {
	for _, c := range f.Clauses {
		if p.err == nil && len(c.Patterns) != len(f.Clauses[0].Patterns) {
			p.setErr(&Error{Pos: c.Place, Text: "head mismatch", Lint: true})
		}
	}
	return f
}
