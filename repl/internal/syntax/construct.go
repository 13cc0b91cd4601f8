package syntax

import (
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// listExpr reads a list or a list comprehension.
func (p *parser) listExpr(at At) Node {
	p.advance()
	if p.accept("]") {
		return &Literal{at, term.Nil{}}
	}
	first := p.expr(0)
	if p.accept("||") {
		c := &Comp{At: at, Elem: first, Quals: p.quals()}
		p.expect("]")
		return c
	}
	elems := []Node{first}
	for p.accept(",") {
		elems = append(elems, p.expr(0))
	}
	var tail Node = &Literal{At{p.tok.pos}, term.Nil{}}
	if p.accept("|") {
		tail = p.expr(0)
	}
	p.expect("]")
	for i := len(elems) - 1; i >= 0; i-- {
		pos := elems[i].Pos()
		if i == 0 {
			pos = at.Place
		}
		tail = &Cons{At{pos}, elems[i], tail}
	}
	return tail
}

func (p *parser) quals() []Qual {
	var quals []Qual
	for {
		quals = append(quals, p.qual())
		if !p.accept(",") {
			return quals
		}
	}
}

func (p *parser) qual() Qual {
	q := Qual{At: At{p.tok.pos}}
	x := p.expr(0)
	key := Node(nil)
	if p.accept(":=") {
		key, x = x, p.expr(0)
		if p.err == nil && !p.tok.is("<-") {
			p.fail(p.tok)
		}
	}
	switch {
	case p.accept("<-"):
		q.Pattern, q.Key, q.X = x, key, p.expr(0)
	case p.err == nil && p.tok.is("<="):
		if _, ok := x.(*Binary); !ok {
			p.fail(p.tok)
		}
		p.advance()
		q.Pattern, q.Bits, q.X = x, true, p.expr(0)
	default:
		q.X = x
	}
	return q
}

// mapUpdates reads #{...} constructors and updates of base, which may be nil.
func (p *parser) mapUpdates(base Node) Node {
	for p.err == nil && p.tok.is("#") {
		at := At{p.tok.pos}
		p.advance()
		if p.err == nil && !p.tok.is("{") {
			if p.tok.kind == kindAtom {
				p.setErr(errorAt(at.Place, "record %s undefined", p.tok))
			}
			p.fail(p.tok)
		}
		p.expect("{")
		m := &MapExpr{At: at, Base: base}
		if p.err == nil && !p.accept("}") {
			if c := p.mapFields(m); c != nil {
				return c
			}
		}
		base = m
	}
	return base
}

// mapFields reads the fields of m; a map comprehension is given instead.
func (p *parser) mapFields(m *MapExpr) Node {
	for {
		f := MapField{At: At{p.tok.pos}, Key: p.expr(0)}
		switch {
		case p.accept("=>"):
		case p.accept(":="):
			f.Exact = true
		default:
			p.fail(p.tok)
		}
		if p.err == nil {
			f.Value = p.expr(0)
		} else {
			f.Value = f.Key
		}
		m.Fields = append(m.Fields, f)
		if len(m.Fields) == 1 && m.Base == nil && !f.Exact && p.accept("||") {
			c := &Comp{At: m.At, Kind: MapComp, Elem: f.Key, Value: f.Value, Quals: p.quals()}
			p.expect("}")
			return c
		}
		if !p.accept(",") {
			p.expect("}")
			return nil
		}
	}
}

// binary reads a bit string or a binary comprehension.
func (p *parser) binary(at At) Node {
	p.advance()
	b := &Binary{At: at}
	if p.accept(">>") {
		return b
	}
	for {
		b.Segments = append(b.Segments, p.segment())
		if len(b.Segments) == 1 && b.Segments[0].plain() && p.accept("||") {
			return p.binaryComp(b)
		}
		if !p.accept(",") {
			p.expect(">>")
			return b
		}
	}
}

func (p *parser) binaryComp(b *Binary) Node {
	c := &Comp{At: b.At, Kind: BinaryComp, Elem: b.Segments[0].Value, Quals: p.quals()}
	p.expect(">>")
	return c
}

// plain tells whether a segment is a value alone.
func (s Segment) plain() bool {
	_, sign := s.Value.(*Unary)
	return s.Size == nil && s.Type == "" && s.Unit == 0 && !s.Signed && !s.Little && !sign
}

func (p *parser) segment() Segment {
	s := Segment{At: At{p.tok.pos}}
	op := p.tok
	if op.kind == kindPunct && (op.text == "-" || op.text == "+" || op.text == "not" || op.text == "bnot") {
		p.advance()
		s.Value = fold(&Unary{At{op.pos}, op.text, p.primary()})
	} else {
		s.Value = p.primary()
	}
	if p.accept(":") {
		s.Size = p.primary()
	}
	if p.accept("/") {
		p.segmentTypes(&s)
	}
	return s
}

var segmentTypes = map[string]string{
	"integer": "integer", "float": "float", "binary": "binary", "bytes": "binary", "bitstring": "bitstring",
	"bits": "bitstring", "utf8": "utf8", "utf16": "utf16", "utf32": "utf32",
}

func (p *parser) segmentTypes(s *Segment) {
	for p.err == nil {
		t := p.tok
		if t.kind != kindAtom {
			p.fail(t)
			return
		}
		p.advance()
		name := string(t.value.(term.Atom))
		switch {
		case segmentTypes[name] != "":
			s.Type = segmentTypes[name]
		case name == "unit":
			p.unit(s)
		case name == "signed", name == "unsigned":
			s.Signed = name == "signed"
		case name == "little", name == "native", name == "big":
			s.Little = name != "big"
		default:
			p.setErr(&Error{Pos: s.Place, Text: "bit type " + term.WriteAtom(term.Atom(name), false) + " undefined", Lint: true})
		}
		if !p.accept("-") {
			return
		}
	}
}

func (p *parser) unit(s *Segment) {
	p.expect(":")
	n, ok := p.tok.value.(term.Int)
	if p.err == nil && (p.tok.kind != kindNumber || !ok) {
		p.fail(p.tok)
		return
	}
	if n < 1 || n > 256 {
		p.setErr(&Error{Pos: s.Place, Text: "illegal bit size", Lint: true})
	}
	s.Unit = int(n)
	p.advance()
}

// pid reads <A.B.C>, the text of a pid, which is not Erlang but is what the
// shell prints.
func (p *parser) pid(at At) (Node, bool) {
	rest := p.lex.text[p.lex.off-1:]
	end := strings.IndexByte(rest, '>')
	if end < 0 || end > 64 || rest[0] != '<' {
		return nil, false
	}
	v, ok := term.ParsePid(rest[:end+1])
	if !ok {
		return nil, false
	}
	for range end {
		p.lex.take()
	}
	p.advance()
	return &Literal{at, v}, true
}
