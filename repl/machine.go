package repl

import (
	"errors"
	"strconv"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// machine evaluates one sequence of expressions within its budget.
type machine struct {
	*budget
	shell *Shell
	out   *output
}

// native is a function written in Go.
type native func(m *machine, args []Term) (Term, error)

// mfa names a function.
type mfa struct {
	module, name string
	arity        int
}

func (f mfa) String() string {
	return f.module + ":" + f.name + "/" + strconv.Itoa(f.arity)
}

// badarg is what natives give for arguments they do not take. It is not to be
// changed: the call adds where it happened to a copy.
var badarg error = errBadarg{}

type errBadarg struct{}

func (errBadarg) Error() string { return "badarg" }

// functionClause is what natives give for arguments that no clause of the
// original matches.
var functionClause error = errFunctionClause{}

type errFunctionClause struct{}

func (errFunctionClause) Error() string { return "function_clause" }

// raised gives the exception that the error of a native stands for.
func raised(err error, f mfa, args []Term) error {
	frame := []Frame{{Module: f.module, Function: f.name, Arity: f.arity, Args: args}}
	switch err.(type) {
	case errBadarg:
		frame[0].Notes = explain(f, args)
		return &Exception{Class: ClassError, Reason: Atom("badarg"), Stack: frame}
	case errFunctionClause:
		return &Exception{Class: ClassError, Reason: Atom("function_clause"), Stack: frame}
	}
	var e *Exception
	if errors.As(err, &e) {
		if e.Stack == nil && e.Class == ClassError && !e.Fatal && f.name != "error" && f.name != "raise" {
			c := *e
			if t, ok := c.Reason.(Tuple); ok && len(t) == 2 && f.module == "maps" && t[0] == Term(Atom("badkey")) {
				frame[0].Notes = map[int]string{1: "not present in map"}
			} else {
				frame[0].Notes = explain(f, args)
			}
			c.Stack = frame
			return &c
		}
		return e
	}
	return &Exception{Class: ClassError, Reason: term.Binary(err.Error()), Stack: frame, text: err.Error()}
}

// enter takes a level of depth; leave gives it back.
func (m *machine) enter() error {
	if m.depth--; m.depth < 0 {
		return m.kill(limitReached("recursion depth"))
	}
	return nil
}

func (m *machine) leave() { m.depth++ }

// apply calls a function value and waits for its result.
func (m *machine) apply(f Term, args ...Term) (Term, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	c, err := m.resolve(f, args)
	if err != nil {
		return nil, err
	}
	return m.run(c)
}

// call calls a function by its name and waits for its result.
func (m *machine) call(module, name string, args ...Term) (Term, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.run(invocation{module: module, name: name, args: args})
}

// invocation is a call about to be made: of a closure, or of a named function.
type invocation struct {
	fun          *Fun
	closure      *closure
	module, name string
	args         []Term
	local        bool // from within the module: functions need not be exported
}

// resolve checks that f is a function of as many arguments.
func (m *machine) resolve(f Term, args []Term) (invocation, error) {
	fn, ok := f.(*Fun)
	if !ok {
		return invocation{}, errorTuple("badfun", f)
	}
	if fn.Arity != len(args) {
		return invocation{}, errorTuple("badarity", Tuple{fn, List(args...)})
	}
	if c, ok := fn.Closure.(*closure); ok {
		return invocation{fun: fn, closure: c, args: args}, nil
	}
	return invocation{module: string(fn.Module), name: string(fn.Name), args: args}, nil
}

// run makes a call to its end.
func (m *machine) run(c invocation) (Term, error) {
	for {
		if err := m.step(1); err != nil {
			return nil, err
		}
		if c.closure == nil {
			next, v, err := m.named(c)
			if err != nil || v != nil {
				return v, err
			}
			if next.body != nil {
				return m.body(next.body, next.scope)
			}
			c = next.call
			continue
		}
		body, s, err := m.enterClosure(c)
		if err != nil {
			return nil, err
		}
		return m.body(body, s)
	}
}

// body evaluates a sequence of expressions.
func (m *machine) body(body []syntax.Node, s *scope) (Term, error) {
	last := len(body) - 1
	for _, n := range body[:last] {
		if _, err := m.eval(n, s); err != nil {
			return nil, err
		}
	}
	return m.eval(body[last], s)
}

// enterClosure chooses the clause of a fun and binds its variables.
func (m *machine) enterClosure(c invocation) ([]syntax.Node, *scope, error) {
	vars := c.closure.vars
	if name := c.closure.code.Name; name != "" && name != "_" {
		vars = &binding{name, c.fun, vars}
	}
	s := &scope{vars, c.closure.module}
	clause, err := m.choose(c.closure.code.Clauses, c.args, s, true)
	if err != nil {
		return nil, nil, err
	}
	if clause == nil {
		frame := Frame{Function: "-inside-an-interpreted-fun-", Arity: len(c.args), Args: c.args}
		return nil, nil, &Exception{Class: ClassError, Reason: Atom("function_clause"), Stack: []Frame{frame}}
	}
	return clause.Body, s, nil
}

// next is what a call by name goes on with: a body, or another call.
type next struct {
	body  []syntax.Node
	scope *scope
	call  invocation
}

// named makes a call by name. The result is a value of a native, or what to go
// on with, so that calls in tail position do not nest.
func (m *machine) named(c invocation) (next, Term, error) {
	f := mfa{c.module, c.name, len(c.args)}
	if f.module == "erlang" && f.name == "apply" {
		if to, ok, err := m.applied(c.args); ok || err != nil {
			return next{call: to}, nil, err
		}
	}
	if n, ok := m.shell.natives[f]; ok {
		v, err := n(m, c.args)
		if err != nil {
			return next{}, nil, raised(err, f, c.args)
		}
		return next{}, v, nil
	}
	if mod := m.shell.module(c.module); mod != nil {
		if fn := mod.functions[funKey{c.name, len(c.args)}]; fn != nil && (fn.Exported || c.local) {
			s := &scope{nil, mod}
			clause, err := m.choose(fn.Clauses, c.args, s, true)
			if err != nil {
				return next{}, nil, err
			}
			if clause == nil {
				return next{}, nil, raised(functionClause, f, c.args)
			}
			return next{body: clause.Body, scope: s}, nil, nil
		}
	}
	v, ok, err := m.inspect(f, c.args)
	if err != nil {
		return next{}, nil, raised(err, f, c.args)
	}
	if ok {
		return next{}, v, nil
	}
	return next{}, nil, undefined(f, c.args)
}

func undefined(f mfa, args []Term) error {
	frame := Frame{Module: f.module, Function: f.name, Arity: f.arity, Args: args}
	return &Exception{Class: ClassError, Reason: Atom("undef"), Stack: []Frame{frame}}
}

// applied gives the call that apply/2 or apply/3 asks for.
func (m *machine) applied(args []Term) (invocation, bool, error) {
	if len(args) != 2 && len(args) != 3 {
		return invocation{}, false, nil
	}
	list, ok := term.Slice(args[len(args)-1])
	if !ok {
		return invocation{}, true, raised(badarg, mfa{"erlang", "apply", len(args)}, args)
	}
	if len(args) == 2 {
		c, err := m.resolve(args[0], list)
		return c, true, err
	}
	mod, ok1 := args[0].(Atom)
	name, ok2 := args[1].(Atom)
	if !ok1 || !ok2 {
		return invocation{}, true, raised(badarg, mfa{"erlang", "apply", 3}, args)
	}
	return invocation{module: string(mod), name: string(name), args: list}, true, nil
}
