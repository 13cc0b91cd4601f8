package inspect

import (
	"context"
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/repl"
)

// clusterFunctions are those about nodes. Outside a cluster most are left to the shell, which answers as an
// Erlang node without distribution.
func clusterFunctions() map[string]function {
	return map[string]function{
		"erlang:node/0":             inCluster(func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return repl.Atom(v.o.Name), nil }),
		"erlang:is_alive/0":         inCluster(func(context.Context, *view, []repl.Term) (repl.Term, error) { return repl.True, nil }),
		"erlang:nodes/0":            inCluster(func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return atoms(v.others()), nil }),
		"erlang:nodes/1":            inCluster(func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.nodesOf(a[0]) }),
		"net_adm:ping/1":            func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.ping(ctx, a[0]) },
		"net_adm:names/0":           func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.names(), nil },
		"net_kernel:connect_node/1": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.connect(ctx, a[0]) },
		"erlmcp:members/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return MembersTerm(v.o.Members()), nil
		},
		"erlmcp:version/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return repl.Binary(v.o.Version), nil
		},
	}
}

// inCluster leaves f to the shell outside a cluster.
func inCluster(f function) function {
	return func(ctx context.Context, v *view, args []repl.Term) (repl.Term, error) {
		if v.o.Cluster == nil {
			return nil, errAbsent
		}
		return f(ctx, v, args)
	}
}

// others names the other members of the cluster, sorted.
func (n *Node) others() []string {
	var names []string
	for _, m := range n.o.Cluster.Members() {
		if m.Boot != n.o.Cluster.Self().Boot {
			names = append(names, m.Name)
		}
	}
	return names
}

// ping is net_adm:ping/1: pong if the node answers, else pang.
func (n *Node) ping(ctx context.Context, name repl.Term) (repl.Term, error) {
	atom, ok := name.(repl.Atom)
	if !ok {
		return nil, repl.Badarg()
	}
	answers := atom == "nonode@nohost" // which a node alone is
	if n.o.Cluster != nil {
		answers = n.o.Cluster.Ping(ctx, string(atom)) == nil
	}
	if answers {
		return repl.Atom("pong"), nil
	}
	return repl.Atom("pang"), nil
}

// names is net_adm:names/0: the nodes on this host with the ports that others reach them on.
func (n *Node) names() repl.Term {
	if n.o.Cluster == nil {
		return repl.Tuple{repl.Atom("error"), repl.Atom("address")}
	}
	_, host, _ := strings.Cut(n.o.Name, "@")
	var list []repl.Term
	for _, m := range n.o.Cluster.Members() {
		name, on, _ := strings.Cut(m.Name, "@")
		digits := m.Addr[strings.LastIndexByte(m.Addr, ':')+1:]
		if port, err := strconv.Atoi(digits); err == nil && on == host {
			list = append(list, repl.Tuple{repl.String(name), repl.Int(port)})
		}
	}
	return repl.Tuple{repl.Atom("ok"), repl.List(list...)}
}

// connect is net_kernel:connect_node/1. Nodes find each other; this tells whether they have.
func (v *view) connect(ctx context.Context, name repl.Term) (repl.Term, error) {
	if v.o.Cluster == nil {
		return repl.Atom("ignored"), nil
	}
	answer, err := v.ping(ctx, name)
	return repl.Bool(answer == repl.Term(repl.Atom("pong"))), err
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
		names = append(names, n.o.Name)
	}
	if others {
		names = append(names, n.others()...)
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

// Member is one node in the view of a node.
type Member struct {
	Name, State, Version string
	Address, Boot        string // empty alone
}

// MembersTerm is a view as a list of maps.
func MembersTerm(members []Member) repl.Term {
	var list []repl.Term
	for _, m := range members {
		fields := [][2]repl.Term{
			{repl.Atom("name"), repl.Atom(m.Name)}, {repl.Atom("state"), repl.Atom(m.State)}, {repl.Atom("version"), repl.Binary(m.Version)},
		}
		if m.Address != "" {
			fields = append(fields, [2]repl.Term{repl.Atom("address"), repl.Binary(m.Address)}, [2]repl.Term{repl.Atom("boot"), repl.Binary(m.Boot)})
		}
		list = append(list, repl.NewMap(fields...))
	}
	return repl.List(list...)
}
