package erlmcp

import (
	"context"
	"fmt"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/repl"
)

// inspector answers what expressions ask of the running node. Outside a cluster it leaves functions about
// nodes to the shell, which answers as an Erlang node without distribution.
type inspector struct{ node *Node }

var _ repl.Inspector = inspector{}

// Call implements repl.Inspector.
func (i inspector) Call(ctx context.Context, module, function string, args []repl.Term) (repl.Term, bool, error) {
	f, ok := inspections[fmt.Sprintf("%s:%s/%d", module, function, len(args))]
	if !ok || f.cluster && i.node.cluster == nil {
		return nil, false, nil
	}
	value, err := f.call(ctx, i.node, args)
	return value, true, err
}

// inspection is one function.
type inspection struct {
	cluster bool // it has an answer only in a cluster
	call    func(context.Context, *Node, []repl.Term) (repl.Term, error)
}

var inspections = map[string]inspection{
	"erlang:node/0":     {true, func(_ context.Context, n *Node, _ []repl.Term) (repl.Term, error) { return repl.Atom(n.opts.Name), nil }},
	"erlang:is_alive/0": {true, func(context.Context, *Node, []repl.Term) (repl.Term, error) { return repl.True, nil }},
	"erlang:nodes/0":    {true, func(_ context.Context, n *Node, _ []repl.Term) (repl.Term, error) { return atoms(n.Nodes()), nil }},
	"erlang:nodes/1":    {true, func(_ context.Context, n *Node, a []repl.Term) (repl.Term, error) { return n.nodesOf(a[0]) }},
	"net_adm:ping/1":    {true, func(ctx context.Context, n *Node, a []repl.Term) (repl.Term, error) { return n.ping(ctx, a[0]) }},
	"erlmcp:members/0":  {false, func(_ context.Context, n *Node, _ []repl.Term) (repl.Term, error) { return membersTerm(n.view()), nil }},
	"erlmcp:version/0": {false, func(_ context.Context, n *Node, _ []repl.Term) (repl.Term, error) {
		return repl.Binary(n.opts.Version), nil
	}},
}

// ping is net_adm:ping/1: pong if the node answers, else pang.
func (n *Node) ping(ctx context.Context, name repl.Term) (repl.Term, error) {
	atom, ok := name.(repl.Atom)
	if !ok {
		return nil, repl.Badarg()
	}
	if n.cluster.Ping(ctx, string(atom)) != nil {
		return repl.Atom("pang"), nil
	}
	return repl.Atom("pong"), nil
}

// nodesOf is nodes/1: the names of a kind of nodes, or of several kinds. There are no hidden nodes.
func (n *Node) nodesOf(arg repl.Term) (repl.Term, error) {
	kinds, ok := repl.Slice(arg)
	if !ok {
		kinds = []repl.Term{arg}
	}
	self, others := false, false
	for _, k := range kinds {
		switch k {
		case repl.Term(repl.Atom("this")):
			self = true
		case repl.Term(repl.Atom("visible")), repl.Term(repl.Atom("connected")):
			others = true
		case repl.Term(repl.Atom("known")):
			self, others = true, true
		case repl.Term(repl.Atom("hidden")):
		default:
			return nil, repl.Badarg()
		}
	}
	var names []string
	if self {
		names = append(names, n.opts.Name)
	}
	if others {
		names = append(names, n.Nodes()...)
	}
	return atoms(names), nil
}

func atoms(names []string) repl.Term {
	terms := make([]repl.Term, len(names))
	for i, name := range names {
		terms[i] = repl.Atom(name)
	}
	return repl.List(terms...)
}

// membersTerm is a view as a list of maps.
func membersTerm(view admin.Nodes) repl.Term {
	var maps []repl.Term
	for _, m := range view.Members {
		fields := [][2]repl.Term{
			{repl.Atom("name"), repl.Atom(m.Name)}, {repl.Atom("state"), repl.Atom(m.State)}, {repl.Atom("version"), repl.Binary(m.Version)},
		}
		if m.Address != "" {
			fields = append(fields, [2]repl.Term{repl.Atom("address"), repl.Binary(m.Address)}, [2]repl.Term{repl.Atom("boot"), repl.Binary(m.Boot)})
		}
		maps = append(maps, repl.NewMap(fields...))
	}
	return repl.List(maps...)
}
