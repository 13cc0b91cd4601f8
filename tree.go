package erlmcp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/stdio"
	"github.com/erlmcp/erlmcp/transport/streamable"
	"github.com/erlmcp/erlmcp/transport/ws"
)

// tree is the supervision tree of the node:
//
//	root          rest_for_one: what is below rests on what is above
//	├─ cluster    membership, distribution, ownership of sessions; in a cluster only
//	├─ sessions   partitions of dynamic supervisors; a child is a client's session
//	├─ features   tells sessions of changed lists, ends idle ones
//	├─ listeners  one_for_one: WebSocket shards, HTTP, stdio
//	├─ admin      one_for_one: control socket, metrics listener
//	├─ memory     gives memory back to the system after a burst
//	├─ minority   sends clients away while the node has no majority, where it is to
//	└─ drainer    the first to stop
func (n *Node) tree() supervisors.Spec {
	return supervisors.Spec{
		Name:      "root",
		Strategy:  supervisors.RestForOne,
		Intensity: n.opts.Intensity,
		Period:    n.opts.Period,
		Children: append(n.clusterSpec(),
			n.gateway.Sessions(),
			service("features", n.gateway.Serve),
			n.listeners(),
			supervisor(supervisors.Spec{
				Name: "admin", Strategy: supervisors.OneForOne, Intensity: n.opts.Intensity, Period: n.opts.Period,
				Children: n.adminServices(),
			}),
			service("memory", n.reclaim),
			service("minority", n.pauseInMinority),
			n.drainerSpec(),
		),
	}
}

// clusterSpec is the first child of a node in a cluster: sessions reach other nodes over it.
func (n *Node) clusterSpec() []supervisors.ChildSpec {
	if n.cluster == nil {
		return nil
	}
	return []supervisors.ChildSpec{n.cluster.ChildSpec()}
}

func (n *Node) drainerSpec() supervisors.ChildSpec {
	spec := service("drainer", n.drainer)
	spec.Shutdown = supervisors.ShutdownAfter(n.opts.Drain.Timeout + max(n.opts.Drain.Spread, 0) + drainMargin)
	return spec
}

// listeners is the supervisor of all media. Its children end normally when the node stops accepting. Past
// its restart limit it exits with shutdown, and the root starts it again, within its own limit.
func (n *Node) listeners() supervisors.ChildSpec {
	var children []supervisors.ChildSpec
	if n.web != nil {
		children = append(children, n.listener("ws", n.sockets), n.listener("http", n.web))
	}
	for i, l := range n.opts.Listeners {
		children = append(children, n.listener(fmt.Sprintf("listener-%d", i+1), l))
	}
	if n.opts.Stdio.On {
		children = append(children, n.listener("stdio", n.stdio()))
	}
	return supervisor(supervisors.Spec{
		Name: "listeners", Strategy: supervisors.OneForOne,
		Intensity: n.opts.Intensity, Period: n.opts.Period,
		Children: children,
	})
}

// stdioListener is the medium whose end is the end of the node, unless it was told to end.
type stdioListener struct {
	transport.Listener
	left func()
}

func (n *Node) stdio() transport.Listener {
	return &stdioListener{left: sync.OnceFunc(func() { close(n.left) }), Listener: stdio.New(stdio.Options{
		In: n.opts.Stdio.In, Out: n.opts.Stdio.Out, Limits: n.opts.Connections, Logger: n.log,
	})}
}

// Serve implements transport.Listener.
func (l *stdioListener) Serve(ctx context.Context, a transport.Acceptor) error {
	err := l.Listener.Serve(ctx, a)
	if err == nil && ctx.Err() == nil {
		l.left()
	}
	return err
}

// listener is a medium as a child. It stops accepting when the node drains, and is stopped when its
// connections have had their time. Without a drain it is stopped because something else has failed: then its
// connections get none, since new ones are to be served again soon.
func (n *Node) listener(id string, l transport.Listener) supervisors.ChildSpec {
	spec := service(id, func(ctx context.Context) error {
		accepting, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(n.accepting, cancel)()
		defer context.AfterFunc(ctx, func() {
			if !n.draining.Load() {
				n.clients().Disconnect(transport.ReasonShutdown)
			}
		})()
		return l.Serve(accepting, n.clients())
	})
	spec.Restart = supervisors.Transient
	spec.Shutdown = supervisors.ShutdownAfter(listenerGrace + drainMargin)
	return spec
}

// listenerGrace is what connections have to end after they were told to.
const listenerGrace = 2 * time.Second

func service(id string, run func(context.Context) error) supervisors.ChildSpec {
	return supervisors.ChildSpec{ID: id, Start: supervisors.Service(run)}
}

func supervisor(spec supervisors.Spec) supervisors.ChildSpec {
	return supervisors.ChildSpec{ID: spec.Name, Start: supervisors.SupervisorOf(spec)}
}

// assemble makes the listeners.
func (n *Node) assemble() {
	h := n.opts.HTTP
	if h.Addr == "" && h.Listener == nil {
		return
	}
	grace := n.opts.Drain.Timeout + max(n.opts.Drain.Spread, 0) + listenerGrace
	n.sockets = ws.NewServer(ws.Options{Limits: n.opts.Connections, Grace: grace, Logger: n.log})
	n.web = streamable.NewListener(streamable.Options{
		Addr: h.Addr, Listener: h.Listener, Listen: n.takeSocket, Path: h.Path,
		Limits: n.opts.Connections, Grace: grace, Sockets: n.opts.Sessions.WithDefaults().Connections,
		AllowedOrigins: h.AllowedOrigins, AllowedHosts: h.AllowedHosts,
		SupportsProtocol: func(string) bool { return true }, // one value; the gateway, which knows the request, judges it
		WebSocket:        n.sockets,
		Routes:           n.routes(),
		Refused:          n.refused,
		Logger:           n.log,
	})
}

// adminServices are the operator's endpoints.
func (n *Node) adminServices() []supervisors.ChildSpec {
	var children []supervisors.ChildSpec
	o := n.opts.Admin
	role, _ := repl.ParseRole(o.Role) // checked by New
	listenRole, _ := repl.ParseRole(o.ListenRole)
	control := admin.NewControl(admin.Options{
		Socket: o.Socket, Version: n.opts.Version, Health: &n.health, Logger: n.log, Routes: n.controlRoutes(),
		Evaluator: n.evaluator, Role: role, Token: o.Token, ListenRole: listenRole,
	})
	if n.cluster != nil {
		children = append(children, service("peers", n.guests.serve))
	}
	if o.Socket != "" {
		children = append(children, service("control", control.Serve))
	}
	if o.Listen != "" {
		web := &admin.Web{Name: "admin", Addr: o.Listen, Handler: control.Handler(), Logger: n.log}
		children = append(children, service("web", web.Serve))
	}
	if o := n.opts.Metrics; o.Listen != "" && !o.Off {
		web := &admin.Web{Name: "metrics", Addr: o.Listen, Handler: n.metrics.Handler(), Logger: n.log}
		children = append(children, service("metrics", web.Serve))
	}
	return children
}
