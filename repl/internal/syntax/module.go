package syntax

import (
	"strconv"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// Function is a function of a module.
type Function struct {
	Name     string
	Arity    int
	Clauses  []Clause
	Exported bool
}

// ParseModule reads function definitions, each with its full stop, after a list
// of the functions that are exported: -export([f/1, g/2]).
func ParseModule(text string) ([]Function, error) {
	p := &parser{lex: newLexer(text)}
	p.advance()
	exported := p.exports()
	var list []Function
	for p.err == nil && p.tok.kind != kindEnd {
		f := p.function()
		f.Exported = exported[f.Name+"/"+strconv.Itoa(f.Arity)]
		list = append(list, f)
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

// exports reads the export attribute: -export(List), where the elements of
// List read as divisions.
func (p *parser) exports() map[string]bool {
	set := map[string]bool{}
	if !p.accept("-") {
		return set
	}
	call, ok := p.expr(0).(*Call)
	if p.err == nil && (!ok || len(call.Args) != 1 || p.tok.kind != kindDot) {
		p.fail(p.tok)
	}
	if p.err != nil {
		return set
	}
	p.advance()
	for n := call.Args[0]; ; {
		cell, ok := n.(*Cons)
		if !ok {
			return set
		}
		if div, ok := cell.Head.(*Binop); ok {
			name, _ := div.L.(*Literal).Value.(term.Atom)
			arity, _ := div.R.(*Literal).Value.(term.Int)
			set[string(name)+"/"+strconv.Itoa(int(arity))] = true
		}
		n = cell.Tail
	}
}
