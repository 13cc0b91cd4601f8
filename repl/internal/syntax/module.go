package syntax

import "github.com/erlmcp/erlmcp/repl/internal/term"

// Function is a function of a module.
type Function struct {
	Name    string
	Arity   int
	Clauses []Clause
}

// ParseModule reads function definitions, each with its full stop.
func ParseModule(text string) ([]Function, error) {
	p := &parser{lex: newLexer(text)}
	p.advance()
	var list []Function
	for p.err == nil && p.tok.kind != kindEnd {
		list = append(list, p.function())
	}
	if p.err != nil {
		return nil, p.err
	}
	return list, nil
}

func (p *parser) function() Function {
	var f Function
	for p.err == nil {
		name, ok := p.tok.value.(term.Atom)
		if !ok || p.tok.kind != kindAtom {
			p.fail(p.tok)
			break
		}
		f.Name = string(name)
		p.advance()
		f.Clauses = append(f.Clauses, p.clause(funClause))
		if !p.accept(";") {
			break
		}
	}
	if p.err == nil && p.tok.kind != kindDot {
		p.fail(p.tok)
	}
	p.advance()
	if len(f.Clauses) > 0 {
		f.Arity = len(f.Clauses[0].Patterns)
	}
	return f
}
