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

// rpcMulticall calls a function on this node and its peers, or on given nodes: {Results,BadNodes}, in the order
// of the nodes. multicall/4 has the nodes first, or a time-out last.
func rpcMulticall(m *machine, args []Term) (Term, error) {
	self, err := m.call("erlang", "node")
	if err != nil {
		return nil, err
	}
	var nodes []Term
	timeout := Term(Atom("infinity"))
	switch {
	case len(args) == 4 && is[Atom](args[0]):
		args, timeout = args[:3], args[3]
	case len(args) == 4:
		var ok bool
		if nodes, ok = term.Slice(args[0]); !ok {
			return nil, badarg
		}
		args = args[1:]
	}
	f, list, err := target(args)
	if err != nil {
		return nil, err
	}
	if nodes == nil && len(args) == 3 {
		others, err := m.call("erlang", "nodes")
		if err != nil {
			return nil, err
		}
		nodes, _ = term.Slice(others)
		nodes = append([]Term{self}, nodes...)
	}
	return m.rpcEverywhere(nodes, self, f, list, timeout)
}

// rpcEverywhere calls a function on nodes: on the others at the same time, by way of the inspector, here as
// rpcHere does.
func (m *machine) rpcEverywhere(nodes []Term, self Term, f mfa, args []Term, timeout Term) (Term, error) {
	var others []Term
	for _, n := range nodes {
		if !is[Atom](n) {
			return nil, badarg
		}
		if n != self {
			others = append(others, n)
		}
	}
	answers := map[Term]Term{}
	if len(others) > 0 {
		v, ok, err := m.inspect(mfa{"rpc", "multicall", 4}, []Term{List(others...), Tuple{Atom(f.module), Atom(f.name)}, List(args...), timeout})
		if err != nil {
			return nil, err
		}
		if list, _ := term.Slice(v); ok && len(list) == len(others) {
			for i, answer := range list {
				answers[others[i]] = answer
			}
		}
	}
	var results, bad []Term
	for _, n := range nodes {
		v := answers[n]
		if n == self {
			var err error
			if v, err = m.rpcHere(f, args); err != nil {
				return nil, err
			}
		}
		if v == nil || Equal(v, Tuple{Atom("badrpc"), Atom("nodedown")}) {
			bad = append(bad, n)
			continue
		}
		results = append(results, v)
	}
	return Tuple{List(results...), List(bad...)}, nil
}
