package repl

import "github.com/erlmcp/erlmcp/repl/internal/syntax"

// binding is a variable in a list of them, newest first. Lists share their
// tails, so that a closure keeps the variables of its place for nothing.
type binding struct {
	name  string
	value Term
	next  *binding
}

func (b *binding) lookup(name string) (Term, bool) {
	for ; b != nil; b = b.next {
		if b.name == name {
			return b.value, true
		}
	}
	return nil, false
}

// scope is where an expression is evaluated: its variables, which grow, and the
// module whose functions it may call without a prefix, nil in the shell.
type scope struct {
	vars   *binding
	module *module
}

func (s *scope) bind(name string, v Term) { s.vars = &binding{name, v, s.vars} }

// closure is what a fun keeps of the place that made it.
type closure struct {
	code   *syntax.Fun
	vars   *binding
	module *module
}
