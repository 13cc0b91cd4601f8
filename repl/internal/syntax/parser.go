package syntax

import (
	"iter"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// MaxDepth bounds the nesting of an expression.
const MaxDepth = 200

// parser is a Pratt parser over a token stream with one token of lookahead.
type parser struct {
	lex   *lexer
	tok   token
	depth int
	err   *Error
}

// Parse reads a sequence of expressions with its full stop.
func Parse(text string) ([]Node, error) {
	p := &parser{lex: newLexer(text)}
	if err := p.scanAll(text); err != nil {
		return nil, err
	}
	p.advance()
	exprs := p.exprs()
	if p.err == nil && p.tok.kind != kindDot {
		p.fail(p.tok)
	}
	if p.err == nil {
		p.advance()
		if p.err == nil && p.tok.kind != kindEnd {
			p.fail(p.tok)
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return exprs, nil
}

// scanAll reports what cannot be scanned anywhere in the text, since Erlang
// scans a text before it parses it.
func (p *parser) scanAll(text string) error {
	l := newLexer(text)
	for {
		t, err := l.next()
		if err != nil {
			return err
		}
		if t.kind == kindEnd {
			return nil
		}
	}
}

// Complete tells whether a text has reached a full stop, so that a shell need
// not wait for more lines. A text that cannot be scanned is complete.
func Complete(text string) bool {
	l := newLexer(text)
	last := kindEnd
	for {
		t, err := l.next()
		if err != nil {
			return !err.Incomplete
		}
		if t.kind == kindEnd {
			return last == kindDot
		}
		last = t.kind
	}
}

func (p *parser) advance() {
	t, err := p.lex.next()
	if err != nil {
		p.setErr(err)
		t = token{pos: err.Pos}
	}
	p.tok = t
}

func (p *parser) setErr(err *Error) {
	if p.err == nil {
		p.err = err
	}
}

// fail records a syntax error before a token; the first one counts.
func (p *parser) fail(t token) { p.setErr(unexpected(t)) }

func (p *parser) accept(text string) bool {
	if p.err == nil && p.tok.is(text) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail(p.tok)
	}
}

// exprs reads expressions separated by commas.
func (p *parser) exprs() []Node {
	list := []Node{p.expr(0)}
	for p.accept(",") {
		list = append(list, p.expr(0))
	}
	return list
}

type binding struct {
	prec  int
	right bool // right associative
	none  bool // not associative
}

const (
	precMatch   = 100
	precOrElse  = 150
	precAndAlso = 160
	precCompare = 200
	precList    = 300
	precAdd     = 400
	precMul     = 500
	precPrefix  = 600
)

// infix gives the binding of an infix operator.
func infix(t token) (binding, bool) {
	if t.kind != kindPunct {
		return binding{}, false
	}
	switch t.text {
	case "=", "!":
		return binding{prec: precMatch, right: true}, true
	case "orelse":
		return binding{prec: precOrElse, right: true}, true
	case "andalso":
		return binding{prec: precAndAlso, right: true}, true
	case "==", "/=", "=<", "<", ">=", ">", "=:=", "=/=":
		return binding{prec: precCompare, none: true}, true
	case "++", "--":
		return binding{prec: precList, right: true}, true
	case "+", "-", "bor", "bxor", "bsl", "bsr", "or", "xor":
		return binding{prec: precAdd}, true
	case "/", "*", "div", "rem", "band", "and":
		return binding{prec: precMul}, true
	}
	return binding{}, false
}

// expr reads an expression whose operators bind at least as tightly as prec.
func (p *parser) expr(prec int) Node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > MaxDepth {
		p.setErr(errorAt(p.tok.pos, "expression nests deeper than %d levels", MaxDepth))
		return &Literal{At{p.tok.pos}, term.Nil{}}
	}
	left := p.prefix()
	for chain := 0; p.err == nil; chain++ {
		op := p.tok
		b, ok := infix(op)
		if !ok || b.prec < prec {
			break
		}
		if p.depth+chain > MaxDepth*50 {
			p.setErr(errorAt(op.pos, "expression is too long"))
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
		if b.none {
			if nb, ok := infix(p.tok); ok && nb.none && p.err == nil {
				p.fail(p.tok)
			}
		}
	}
	return left
}

// prefix reads a prefix operator with its operand, or a postfix expression.
func (p *parser) prefix() Node {
	t := p.tok
	if t.kind == kindPunct {
		switch t.text {
		case "+", "-", "not", "bnot":
			p.advance()
			return fold(&Unary{At{t.pos}, t.text, p.expr(precPrefix)})
		case "catch":
			p.advance()
			return &Catch{At{t.pos}, p.expr(0)}
		case "#":
			return p.mapUpdates(nil)
		}
	}
	x := p.primary()
	if p.err != nil {
		return x
	}
	switch {
	case p.tok.is("("):
		return p.call(nil, x)
	case p.tok.is(":"):
		p.advance()
		name := p.primary()
		if p.err == nil && p.tok.is("(") {
			return p.call(x, name)
		}
		return &Remote{At{x.Pos()}, x, name}
	case p.tok.is("#"):
		return p.mapUpdates(x)
	}
	return x
}

// fold makes a literal of a negated number, so that it may stand in a pattern.
func fold(u *Unary) Node {
	lit, ok := u.X.(*Literal)
	if !ok || u.Op != "-" && u.Op != "+" || !term.IsNumber(lit.Value) {
		return u
	}
	if u.Op == "+" {
		return &Literal{u.At, lit.Value}
	}
	if f, ok := lit.Value.(term.Float); ok {
		return &Literal{u.At, -f}
	}
	n, _ := term.BigOf(lit.Value)
	return &Literal{u.At, term.Negate(n)}
}

func (p *parser) call(module, name Node) Node {
	pos := name.Pos()
	if module != nil {
		pos = module.Pos()
	}
	return &Call{At{pos}, module, name, p.args()}
}

func (p *parser) args() []Node {
	p.expect("(")
	return p.list(")")
}

// list reads expressions separated by commas up to the closing token.
func (p *parser) list(end string) []Node {
	if p.accept(end) {
		return nil
	}
	list := p.exprs()
	p.expect(end)
	return list
}

// primary reads an operand that stands by itself.
func (p *parser) primary() Node {
	t := p.tok
	if p.err != nil {
		return &Literal{At{t.pos}, term.Nil{}}
	}
	switch t.kind {
	case kindVar:
		p.advance()
		return &Var{At{t.pos}, t.text}
	case kindAtom, kindNumber, kindChar:
		p.advance()
		return &Literal{At{t.pos}, t.value}
	case kindString:
		return p.strings()
	case kindPunct:
		return p.construct(t)
	}
	p.fail(t)
	return &Literal{At{t.pos}, term.Nil{}}
}

// strings reads adjacent string literals as one.
func (p *parser) strings() Node {
	s := &Str{At: At{p.tok.pos}}
	for p.err == nil && p.tok.kind == kindString {
		s.Text += p.tok.text
		p.advance()
	}
	s.Value = term.String(s.Text)
	return s
}

func (p *parser) construct(t token) Node {
	at := At{t.pos}
	switch t.text {
	case "(":
		p.advance()
		x := p.expr(0)
		p.expect(")")
		return x
	case "{":
		p.advance()
		return &Tuple{at, p.list("}")}
	case "[":
		return p.listExpr(at)
	case "<<":
		return p.binary(at)
	case "begin":
		p.advance()
		b := &Block{at, p.exprs()}
		p.expect("end")
		return b
	case "case":
		return p.caseExpr(at)
	case "if":
		p.advance()
		c := &If{at, p.clauses(ifClause)}
		p.expect("end")
		return c
	case "receive":
		return p.receive(at)
	case "try":
		return p.try(at)
	case "fun":
		return p.fun(at)
	case "<", ">": // fallthrough to pids
		if n, ok := p.pid(at); ok {
			return n
		}
	}
	p.fail(t)
	return &Literal{at, term.Nil{}}
}

// Atoms gives the atoms of a text up to what cannot be scanned.
func Atoms(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		l := newLexer(text)
		for {
			t, err := l.next()
			if err != nil || t.kind == kindEnd {
				return
			}
			if t.kind == kindAtom && !yield(string(t.value.(term.Atom))) {
				return
			}
		}
	}
}
