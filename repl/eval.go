package repl

import (
	"strconv"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// eval evaluates an expression. Its variables are added to s. What stands in
// tail position of a body is evaluated by the same loop, so that recursion in
// tail position needs no depth.
func (m *machine) eval(n syntax.Node, s *scope) (Term, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	for {
		body, in, v, err := m.evalStep(n, s)
		if err != nil || body == nil {
			return v, err
		}
		last := len(body) - 1
		for _, n := range body[:last] {
			if _, err := m.eval(n, in); err != nil {
				return nil, err
			}
		}
		n, s = body[last], in
	}
}

// evalStep evaluates an expression to a value, or to the body that is left to
// evaluate, with its scope.
//
//lint:dispatch-table
func (m *machine) evalStep(n syntax.Node, s *scope) ([]syntax.Node, *scope, Term, error) {
	switch x := n.(type) {
	case *syntax.Block:
		return x.Body, s, nil, nil
	case *syntax.Case:
		body, err := m.evalCase(x, s)
		return body, s, nil, err
	case *syntax.If:
		c, err := m.choose(x.Clauses, nil, s, false)
		if err == nil && c == nil {
			err = Raise(ClassError, Atom("if_clause"))
		}
		if err != nil {
			return nil, nil, nil, err
		}
		return c.Body, s, nil, nil
	case *syntax.Call:
		return m.evalCall(x, s)
	case *syntax.Binop:
		if x.Op == "andalso" || x.Op == "orelse" {
			return m.evalShort(x, s)
		}
	case *syntax.Receive:
		body, err := m.evalReceive(x, s)
		return body, s, nil, err
	}
	v, err := m.evalValue(n, s)
	return nil, nil, v, err
}

// evalValue evaluates the expressions that are not control structures.
//
//lint:dispatch-table
func (m *machine) evalValue(n syntax.Node, s *scope) (Term, error) {
	switch x := n.(type) {
	case *syntax.Literal:
		return x.Value, nil
	case *syntax.Str:
		return x.Value, nil
	case *syntax.Var:
		if v, ok := s.vars.lookup(x.Name); ok {
			return v, nil
		}
		return nil, errorTuple("unbound", Atom(x.Name))
	case *syntax.Tuple:
		elems, err := m.evalAll(x.Elems, s)
		return Tuple(elems), err
	case *syntax.Cons:
		return m.evalCons(x, s)
	case *syntax.MapExpr:
		return m.evalMap(x, s)
	case *syntax.Binary:
		return m.evalBinary(x, s)
	case *syntax.Unary:
		v, err := m.eval(x.X, s)
		if err != nil {
			return nil, err
		}
		return m.unary(x.Op, v)
	case *syntax.Binop:
		args, err := m.evalAll([]syntax.Node{x.L, x.R}, s)
		if err != nil {
			return nil, err
		}
		return m.binary(x.Op, args[0], args[1])
	case *syntax.Match:
		return m.evalMatch(x, s)
	case *syntax.Catch:
		return m.evalCatch(x, s)
	case *syntax.Try:
		return m.evalTry(x, s)
	case *syntax.Fun:
		if err := m.alloc(64); err != nil {
			return nil, err
		}
		m.shell.funs++
		return &Fun{Arity: len(x.Clauses[0].Patterns), ID: m.shell.funs, Closure: &closure{x, s.vars, s.module}}, nil
	case *syntax.FunRef:
		return m.evalFunRef(x, s)
	case *syntax.Comp:
		return m.evalComp(x, s)
	case *syntax.Remote:
		return nil, errorTuple("illegal_expr", Atom("remote"))
	}
	return nil, Raise(ClassError, Atom("illegal_expr"))
}

func (m *machine) evalAll(nodes []syntax.Node, s *scope) ([]Term, error) {
	if err := m.alloc(16 * len(nodes)); err != nil {
		return nil, err
	}
	vals := make([]Term, len(nodes))
	for i, n := range nodes {
		v, err := m.eval(n, s)
		if err != nil {
			return nil, err
		}
		vals[i] = v
	}
	return vals, nil
}

// evalCons evaluates a list without nesting in its tail.
func (m *machine) evalCons(c *syntax.Cons, s *scope) (Term, error) {
	var heads []Term
	var n syntax.Node = c
	for {
		cell, ok := n.(*syntax.Cons)
		if !ok {
			break
		}
		v, err := m.eval(cell.Head, s)
		if err != nil {
			return nil, err
		}
		heads = append(heads, v)
		n = cell.Tail
	}
	tail, err := m.eval(n, s)
	if err != nil {
		return nil, err
	}
	return m.listTail(heads, tail)
}

func (m *machine) evalCase(x *syntax.Case, s *scope) ([]syntax.Node, error) {
	v, err := m.eval(x.X, s)
	if err != nil {
		return nil, err
	}
	c, err := m.choose(x.Clauses, []Term{v}, s, false)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errorTuple("case_clause", v)
	}
	return c.Body, nil
}

// evalShort evaluates andalso and orelse: the right side is in tail position.
func (m *machine) evalShort(x *syntax.Binop, s *scope) ([]syntax.Node, *scope, Term, error) {
	v, err := m.eval(x.L, s)
	if err != nil {
		return nil, nil, nil, err
	}
	switch v {
	case Atom(Bool(x.Op == "orelse")):
		return nil, nil, v, nil
	case Atom(Bool(x.Op == "andalso")):
		return []syntax.Node{x.R}, &scope{s.vars, s.module}, nil, nil
	}
	return nil, nil, nil, errorTuple("badarg", v)
}

func (m *machine) evalMatch(x *syntax.Match, s *scope) (Term, error) {
	v, err := m.eval(x.R, s)
	if err != nil {
		return nil, err
	}
	ok, err := m.match(x.L, v, s, nil)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errorTuple("badmatch", v)
	}
	return v, nil
}

func (m *machine) evalFunRef(x *syntax.FunRef, s *scope) (Term, error) {
	if x.Module == nil {
		name := x.Name.(*syntax.Literal).Value.(Atom)
		n, ok := x.Arity.(*syntax.Literal).Value.(Int)
		if !ok || n < 0 || n > 255 {
			return nil, badarg
		}
		arity := int(n)
		if s.module != nil && s.module.functions[funKey{string(name), arity}] != nil {
			return &Fun{Module: Atom(s.module.name), Name: name, Arity: arity}, nil
		}
		if isBIF(string(name), arity) {
			return &Fun{Module: "erlang", Name: name, Arity: arity}, nil
		}
		return m.localFun(x, arity, s), nil
	}
	vals, err := m.evalAll([]syntax.Node{x.Module, x.Name, x.Arity}, s)
	if err != nil {
		return nil, err
	}
	mod, ok1 := vals[0].(Atom)
	name, ok2 := vals[1].(Atom)
	arity, ok3 := vals[2].(Int)
	if !ok1 || !ok2 || !ok3 || arity < 0 || arity > 255 {
		return nil, raised(badarg, mfa{"erlang", "make_fun", 3}, vals)
	}
	return &Fun{Module: mod, Name: name, Arity: int(arity)}, nil
}

// localFun makes a fun that calls a function without a module when it is called:
// a command of the shell, or one that does not exist.
func (m *machine) localFun(x *syntax.FunRef, arity int, s *scope) Term {
	var args []syntax.Node
	for i := range arity {
		args = append(args, &syntax.Var{At: x.At, Name: "@arg" + strconv.Itoa(i)})
	}
	call := &syntax.Call{At: x.At, Func: x.Name, Args: args}
	code := &syntax.Fun{At: x.At, Clauses: []syntax.Clause{{At: x.At, Patterns: args, Body: []syntax.Node{call}}}}
	return &Fun{Arity: arity, Closure: &closure{code, nil, s.module}}
}

// evalCall evaluates a call; that of a closure or of a function written in
// Erlang leaves its body to the caller's loop.
func (m *machine) evalCall(x *syntax.Call, s *scope) ([]syntax.Node, *scope, Term, error) {
	c, v, err := m.callee(x, s)
	if err != nil || v != nil {
		return nil, nil, v, err
	}
	for {
		if err := m.step(1); err != nil {
			return nil, nil, nil, err
		}
		if c.closure != nil {
			body, in, err := m.enterClosure(c)
			return body, in, nil, err
		}
		n, v, err := m.named(c)
		if err != nil || v != nil {
			return nil, nil, v, err
		}
		if n.body != nil {
			return n.body, n.scope, nil, nil
		}
		c = n.call
	}
}

// callee evaluates what a call needs. A command of the shell is run at once and
// gives its value.
func (m *machine) callee(x *syntax.Call, s *scope) (invocation, Term, error) {
	if x.Module != nil {
		vals, err := m.evalAll([]syntax.Node{x.Module, x.Func}, s)
		if err != nil {
			return invocation{}, nil, err
		}
		args, err := m.evalAll(x.Args, s)
		if err != nil {
			return invocation{}, nil, err
		}
		mod, ok1 := vals[0].(Atom)
		name, ok2 := vals[1].(Atom)
		if !ok1 || !ok2 {
			return invocation{}, nil, raised(badarg, mfa{"erlang", "apply", 3}, []Term{vals[0], vals[1], List(args...)})
		}
		return invocation{module: string(mod), name: string(name), args: args}, nil, nil
	}
	if name, ok := localName(x.Func); ok {
		return m.local(name, x, s)
	}
	f, err := m.eval(x.Func, s)
	if err != nil {
		return invocation{}, nil, err
	}
	args, err := m.evalAll(x.Args, s)
	if err != nil {
		return invocation{}, nil, err
	}
	c, err := m.resolve(f, args)
	return c, nil, err
}

func localName(n syntax.Node) (string, bool) {
	lit, ok := n.(*syntax.Literal)
	if !ok {
		return "", false
	}
	name, ok := lit.Value.(Atom)
	return string(name), ok
}

// local resolves a call without a module.
func (m *machine) local(name string, x *syntax.Call, s *scope) (invocation, Term, error) {
	if s.module == nil && m.shell.o.Commands {
		if v, ok, err := m.command(name, x, s); ok || err != nil {
			return invocation{}, v, err
		}
	}
	args, err := m.evalAll(x.Args, s)
	if err != nil {
		return invocation{}, nil, err
	}
	switch {
	case s.module != nil && s.module.functions[funKey{name, len(args)}] != nil:
		return invocation{module: s.module.name, name: name, args: args, local: true}, nil, nil
	case s.module != nil && m.shell.natives[mfa{s.module.name, name, len(args)}] != nil:
		return invocation{module: s.module.name, name: name, args: args}, nil, nil
	case isBIF(name, len(args)):
		return invocation{module: "erlang", name: name, args: args}, nil, nil
	}
	return invocation{}, nil, undefinedCommand(name, len(args))
}

func undefinedCommand(name string, arity int) error {
	return &Exception{Class: ClassError, Reason: Atom("undef"), text: "undefined shell command " +
		Format(Atom(name)) + "/" + Format(Int(arity))}
}
