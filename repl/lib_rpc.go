package repl

import "github.com/erlmcp/erlmcp/repl/internal/term"

// rpcFunctions call functions on nodes. Calls to this node are evaluated here,
// with the same table and role; calls to others go to the inspector.
func rpcFunctions() map[string]native {
	return map[string]native{
		"call/4":      rpcCall,
		"call/5":      rpcCall,
		"multicall/3": rpcMulticall,
		"multicall/4": rpcMulticall,
	}
}

// target reads Module, Function and Args.
func target(args []Term) (mfa, []Term, error) {
	mod, ok1 := args[0].(Atom)
	name, ok2 := args[1].(Atom)
	list, ok3 := term.Slice(args[2])
	if !ok1 || !ok2 || !ok3 {
		return mfa{}, nil, badarg
	}
	return mfa{string(mod), string(name), len(list)}, list, nil
}

func rpcCall(m *machine, args []Term) (Term, error) {
	f, list, err := target(args[1:4])
	if err != nil || !is[Atom](args[0]) {
		return nil, badarg
	}
	self, err := m.call("erlang", "node")
	if err != nil {
		return nil, err
	}
	if args[0] == self {
		return m.rpcHere(f, list)
	}
	v, ok, err := m.inspect(mfa{"rpc", "call", len(args)}, args)
	if err != nil {
		return nil, err
	}
	if !ok {
		return Tuple{Atom("badrpc"), Atom("nodedown")}, nil
	}
	return v, nil
}

// rpcHere calls a function of this node. Exceptions become {badrpc,_}, save
// those of a function that does not exist or is not allowed.
func (m *machine) rpcHere(f mfa, args []Term) (Term, error) {
	if !m.shell.defined(f) {
		return nil, undefined(f, args)
	}
	if role, ok := m.shell.roles[f]; ok && role > m.shell.o.Role {
		return nil, m.shell.allow(f, role)
	}
	depth := m.depth
	v, err := m.call(f.module, f.name, args...)
	if err == nil {
		return v, nil
	}
	e, ok := m.caught(err)
	if !ok {
		return nil, err
	}
	m.depth = depth
	switch e.Class {
	case ClassThrow:
		return e.Reason, nil
	case ClassExit:
		return Tuple{Atom("badrpc"), Tuple{Atom("EXIT"), e.Reason}}, nil
	}
	return Tuple{Atom("badrpc"), Tuple{Atom("EXIT"), Tuple{e.Reason, stackTerm(e.Stack)}}}, nil
}

// rpcMulticall calls a function on this node and its peers, or on given nodes:
// {Results,BadNodes}.
func rpcMulticall(m *machine, args []Term) (Term, error) {
	f, list, err := target(args[len(args)-3:])
	if err != nil {
		return nil, err
	}
	if len(args) == 4 && !term.IsList(args[0]) {
		return nil, badarg
	}
	v, ok, err := m.inspect(mfa{"rpc", "multicall", len(args)}, args)
	if ok || err != nil {
		return v, err
	}
	if v, err = m.rpcHere(f, list); err != nil {
		return nil, err
	}
	return Tuple{List(v), Nil{}}, nil
}
