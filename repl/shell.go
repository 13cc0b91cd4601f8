package repl

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// Options configure a shell. The zero value is a viewer's shell of a node
// alone.
type Options struct {
	Inspector Inspector // answers system-dependent functions; nil: a node alone
	Role      Role      // what the operator may do; default Viewer
	Commands  bool      // offer the shell's own commands: f() b() v(N) h() help() q()
	Limits    Limits    // of each evaluation
	History   int       // results kept for v(N) and h(); default 20
	// Called hears of each call of a system-dependent function, also of one that the role does not allow,
	// before it is made; nil: nobody does.
	Called func(f SystemFunction, allowed bool)
}

// Shell holds what lasts between expressions: variables, the history of
// results, the process dictionary. One goroutine uses it at a time.
type Shell struct {
	o       Options
	vars    *binding
	dict    *Map   // process dictionary
	mailbox []Term // messages sent to self()
	funs    uint64 // closures made
	refs    uint64 // references made
	count   int    // expressions evaluated
	history []entry
	modules map[string]*module // parsed library modules
	natives map[mfa]native     // functions written in Go
	roles   map[mfa]Role       // needed by system-dependent functions
	atoms   map[string]bool    // named so far, for list_to_existing_atom/1
}

// entry is an expression of the history, without its full stop, with its value.
type entry struct {
	number int
	text   string
	value  Term
}

// NewShell makes a shell without variables.
func NewShell(o Options) *Shell {
	o.Limits = o.Limits.withDefaults()
	if o.History <= 0 {
		o.History = 20
	}
	return &Shell{o: o, dict: &Map{}, modules: map[string]*module{}, natives: nativeTable(), roles: accessTable(), atoms: map[string]bool{}}
}

// Node is a parsed expression.
type Node = syntax.Node

// Parse reads a sequence of expressions up to its full stop. The error is a
// *SyntaxError.
func Parse(text string) ([]Node, error) {
	exprs, err := syntax.Parse(text)
	if err != nil {
		return nil, syntaxError(err)
	}
	return exprs, nil
}

// Complete tells whether a text has reached its full stop. When it has not, a
// line editor asks for another line.
func Complete(text string) bool { return syntax.Complete(text) }

// Number is the number of the next expression, for a prompt; it counts from 1.
func (s *Shell) Number() int { return s.count + 1 }

// Eval evaluates a sequence of expressions with a full stop and gives the value
// of the last one. What the expressions print goes to out, at most
// Limits.Output bytes. The error is a *SyntaxError, an *Exception, or
// ErrQuit. After an exception, variables are as they were before. When ctx
// ends, so does the evaluation.
func (s *Shell) Eval(ctx context.Context, text string, out io.Writer) (Term, error) {
	if len(text) > s.o.Limits.Text {
		return nil, &SyntaxError{Line: 1, Column: 1, Text: fmt.Sprintf("expression is longer than %d bytes", s.o.Limits.Text)}
	}
	exprs, err := Parse(text)
	if err != nil {
		return nil, err
	}
	s.count++ // as in OTP, an expression with an unbound variable has a number, one that cannot be read has none
	if err := syntax.Check(exprs, s.Bound); err != nil {
		return nil, syntaxError(err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Limits.Time)
	defer cancel()
	m := &machine{
		budget: newBudget(ctx, s.o.Limits), shell: s,
		out: &output{w: out, left: s.o.Limits.Output},
	}
	s.noteAtoms(text)
	v, err := m.exprs(exprs)
	if err != nil {
		return nil, m.final(err)
	}
	if err := m.out.err; err != nil {
		return v, err
	}
	s.remember(text, v)
	return v, nil
}

// Apply calls a function by its name, as an expression would, within the budgets of one evaluation. Errors are
// those of Eval, but for syntax.
func (s *Shell) Apply(ctx context.Context, module, function string, args []Term, out io.Writer) (Term, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Limits.Time)
	defer cancel()
	m := &machine{
		budget: newBudget(ctx, s.o.Limits), shell: s,
		out: &output{w: out, left: s.o.Limits.Output},
	}
	v, err := m.call(module, function, args...)
	if err != nil {
		return nil, m.final(err)
	}
	return v, m.out.err
}

// exprs evaluates the expressions of a command one after the other. Their
// variables stay bound when all of them end with a value.
func (m *machine) exprs(exprs []syntax.Node) (Term, error) {
	in := &scope{vars: m.shell.vars}
	v, err := m.body(exprs, in)
	if err == nil {
		m.shell.vars = in.vars
	}
	return v, err
}

// final gives the error that an evaluation ends with.
func (m *machine) final(err error) error {
	if m.dead != nil {
		return m.dead
	}
	switch err.(type) {
	case errBadarg, errFunctionClause:
		return Badarg()
	}
	return err
}

func (s *Shell) remember(text string, v Term) {
	s.history = append(s.history, entry{s.count, strings.TrimSuffix(strings.TrimSpace(text), "."), v})
	if n := len(s.history) - s.o.History; n > 0 {
		s.history = append([]entry(nil), s.history[n:]...)
	}
}

// Bound tells whether a variable is bound.
func (s *Shell) Bound(name string) bool {
	_, ok := s.vars.lookup(name)
	return ok
}

// Variables gives the names of the bound variables, oldest first.
func (s *Shell) Variables() []string {
	var names []string
	for b := s.vars; b != nil; b = b.next {
		names = append([]string{b.name}, names...)
	}
	return names
}

// Bind binds a variable, hiding an older one of the same name.
func (s *Shell) Bind(name string, v Term) { s.vars = &binding{name, v, s.forget(name)} }

// forget gives the variables without one.
func (s *Shell) forget(name string) *binding {
	var keep []*binding
	for b := s.vars; b != nil; b = b.next {
		if b.name != name {
			keep = append(keep, b)
		}
	}
	var vars *binding
	for i := len(keep) - 1; i >= 0; i-- {
		vars = &binding{keep[i].name, keep[i].value, vars}
	}
	return vars
}

// Print gives a value as ~p does, cut at Limits.Output characters.
func (s *Shell) Print(t Term) string {
	return term.Print(t, term.Style{Width: 80, Column: 1, Depth: -1, Max: s.o.Limits.Output})
}
