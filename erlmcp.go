package erlmcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/inspect"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/metrics"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/streamable"
	"github.com/erlmcp/erlmcp/transport/ws"
)

// ErrRestartLimit is what Run ends with when the tree's restart limit was exceeded: the process should
// end with a non-zero status, so that whoever runs it starts it again.
var ErrRestartLimit = errors.New("erlmcp: restart limit reached")

// Node is one erlmcp node. Its methods are safe for concurrent use.
type Node struct {
	opts    Options
	server  *mcp.Server
	system  *supervisors.System
	gateway *actors.Gateway
	cluster *cluster.Node      // nil outside a cluster
	members *actors.Federation // the gateway as a member of the cluster; nil outside one
	metrics *metrics.Metrics
	health  admin.Health
	inspect *inspect.Node                // what expressions see
	web     *streamable.Listener         // nil without HTTP
	sockets *ws.Server                   // nil without HTTP
	first   atomic.Pointer[net.Listener] // the HTTP socket that Run opened, until the listener takes it
	log     *slog.Logger

	accepting context.Context // ends when the node stops to accept
	refuse    context.CancelFunc
	life      *life
	evaluator *admin.Evaluator
	guests    guests        // of other nodes
	left      chan struct{} // closed when the client on stdin is gone
	stopping  atomic.Bool   // the node ends in order, so the tree's end is to be a drain
	draining  atomic.Bool
	started   atomic.Bool
	exhausted atomic.Bool  // the root's restart limit was exceeded
	lastCrash atomic.Value // string: why a child of the tree's upper part last crashed
	ready     chan struct{}
}

// New makes a node that serves the features of server. Errors name the option that is wrong. Nothing runs
// before Run.
func New(server *mcp.Server, opts Options) (*Node, error) {
	if server == nil {
		return nil, errors.New("erlmcp: server is nil")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	n := &Node{opts: opts, server: server, log: opts.Logger.With(slog.String("node", opts.Name)), ready: make(chan struct{}), left: make(chan struct{}), life: newLife()}
	n.accepting, n.refuse = context.WithCancel(context.Background())
	sessions := opts.Sessions.WithDefaults()
	n.metrics = metrics.New(metrics.Options{
		Version: opts.Version,
		Limits: map[string]float64{
			"connections": float64(sessions.Connections),
			"sessions":    float64(sessions.Sessions),
		},
		DeadLetters: func() int64 { return n.system.Stats().DeadLetters },
	})
	n.system = supervisors.NewSystem(supervisors.Options{Logger: n.log, Events: n.observe})
	n.gateway = actors.NewGateway(server, n.system, actors.Options{Limits: opts.Sessions, Logger: n.log, Observer: n.metrics})
	if err := n.join(); err != nil {
		return nil, err
	}
	n.inspect = inspect.New(inspect.Options{
		Limits:  inspect.Limits{Processes: sessions.Sessions, Ports: sessions.Connections},
		Traffic: n.metrics.Traffic,
		Name:    opts.Name, Version: opts.Version, System: n.system, Gateway: n.gateway, Server: server, Cluster: n.cluster,
		Members: func() []inspect.Member { return members(n.view()) }, Operator: n.operator(),
		Life: n.inspected(), Apply: n.apply,
	})
	n.evaluator = n.newEvaluator()
	if n.cluster != nil {
		n.servePeers()
	}
	n.checks()
	n.assemble()
	return n, nil
}

// join makes the node a member of its cluster, where it has one. Nothing runs yet.
func (n *Node) join() error {
	if n.opts.Cluster == nil {
		return nil
	}
	o := *n.opts.Cluster
	o.Name, o.Version, o.Logger = n.opts.Name, n.opts.Version, n.opts.Logger
	o.Events = n.metrics.ClusterEvent
	node, err := cluster.New(n.system, o)
	if err != nil {
		return fmt.Errorf("erlmcp: %w", err)
	}
	n.cluster, n.members = node, actors.Federate(n.gateway, node)
	n.metrics.SetCluster(node)
	return nil
}

// clients is who decides about connections, and closes them.
func (n *Node) clients() clients {
	if n.members != nil {
		return n.members
	}
	return n.gateway
}

// clients is a gateway, or that of a node in a cluster.
type clients interface {
	transport.Acceptor
	Drain(ctx context.Context, spread time.Duration) (cut int)
	Disconnect(transport.Reason)
}

// Nodes lists the names of the other members of the cluster, sorted; none outside a cluster.
func (n *Node) Nodes() []string {
	if n.cluster == nil {
		return nil
	}
	var names []string
	for _, m := range n.cluster.Members() {
		if m.Boot != n.cluster.Self().Boot {
			names = append(names, m.Name)
		}
	}
	return names
}

// Run starts the node's supervision tree and serves until ctx ends, the client on stdin leaves, Stop or Restart
// is called, or the tree gives up. In all cases but the last the node drains (see Options.Drain) and Run returns
// nil, or ErrRestart. It returns ErrRestartLimit, with the last crash, when the tree gave up, and an error that
// names the cause when the node could not be started. A node runs once.
func (n *Node) Run(ctx context.Context) error {
	if n.started.Swap(true) {
		return errors.New("erlmcp: a node runs once")
	}
	defer n.refuse()
	defer n.gateway.Close()
	defer n.closeFirst()
	if err := n.open(ctx); err != nil {
		return err
	}
	root, err := n.system.Start(n.tree())
	if err != nil {
		return fmt.Errorf("erlmcp: start: %w", err)
	}
	n.addLiveness(root)
	n.awaitListeners(root)
	close(n.ready)
	n.log.LogAttrs(ctx, slog.LevelInfo, "node started", slog.String("addr", n.Addr()))
	select {
	case <-root.Done():
	case <-ctx.Done():
		err = n.shutDown(ctx, root, context.Cause(ctx))
	case <-n.left:
		err = n.shutDown(ctx, root, errLeft)
	case <-n.life.told:
		err = n.shutDown(ctx, root, *n.life.cause.Load())
	}
	if err != nil {
		return err
	}
	if n.exhausted.Load() {
		return n.limitReached()
	}
	n.log.LogAttrs(ctx, slog.LevelInfo, "node stopped")
	if n.life.restarts() {
		return ErrRestart
	}
	return nil
}

// awaitListeners waits until HTTP and WebSocket are served, unless the tree ends before.
func (n *Node) awaitListeners(root *supervisors.Supervisor) {
	if n.web == nil {
		return
	}
	for _, ready := range []<-chan struct{}{n.sockets.Ready(), n.web.Ready()} {
		select {
		case <-ready:
		case <-root.Done():
		}
	}
}

// errLeft is why a node ends by itself.
var errLeft = errors.New("the client on stdin is gone")

// shutDown ends the tree in order, for cause.
func (n *Node) shutDown(ctx context.Context, root *supervisors.Supervisor, cause error) error {
	n.log.LogAttrs(ctx, slog.LevelInfo, "node stops", slog.Any("cause", cause))
	n.stopping.Store(true)
	if err := root.Shutdown(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, supervisors.ErrNoProc) {
		return fmt.Errorf("erlmcp: stop: %w", err)
	}
	return nil
}

// Ready is closed once the node serves.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// Addr is the address of the HTTP listener once the node serves; empty without one.
func (n *Node) Addr() string {
	if n.web == nil || n.web.Addr() == nil {
		return ""
	}
	return n.web.Addr().String()
}

// Name is the node's name.
func (n *Node) Name() string { return n.opts.Name }

// Sessions is the number of sessions on the node.
func (n *Node) Sessions() int { return n.gateway.Count() }

// Connections is the number of open connections: WebSocket, stdio, and event streams.
func (n *Node) Connections() int { return n.gateway.Connections() }

// observe relays a supervisor's event to the metrics and remembers what Run has to say at the end.
func (n *Node) observe(e supervisors.Event) {
	n.metrics.SupervisorEvent(e)
	switch e := e.(type) {
	case supervisors.ChildExited:
		if e.Arg == nil && !e.Reason.IsNormal() {
			n.lastCrash.Store(e.Child + ": " + e.Reason.String())
		}
	case supervisors.IntensityReached:
		if e.Supervisor == "" || e.Supervisor == "root" {
			n.exhausted.Store(true)
		}
	}
}

func (n *Node) limitReached() error {
	if crash, ok := n.lastCrash.Load().(string); ok {
		return fmt.Errorf("%w: %s", ErrRestartLimit, crash)
	}
	return ErrRestartLimit
}
