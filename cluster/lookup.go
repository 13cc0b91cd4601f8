package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// ServeGrains registers a kind of grains: actors of which there is at most one for each identity in the
// whole cluster. produce makes the actor at each start; token grows from start to start, so that a third
// party can refuse what an earlier instance still sends. The actor gets *actor.Started, requests as
// protobuf messages that it answers with ctx.Respond, and *actor.Stopping and *actor.Stopped when the
// node leaves, or loses the majority of the cluster. If it panics, the request fails and the grain ends;
// the next request starts it again. Its turns must not block for longer than the lease, 3 s. Only before
// the start of the node; it panics if the kind is taken.
func (n *Node) ServeGrains(kind string, produce func(identity string, token uint64) actor.Actor) {
	n.services.grains.register(kind, func(identity string, token uint64, ended func()) (instance, error) {
		c := n.protoCluster()
		if c == nil {
			return nil, ErrNotRunning
		}
		return spawnGrain(c.ActorSystem, grainID(kind, identity), token, produce(identity, token), ended)
	})
	// the library's own way to start actors of a kind is never used
	props := actor.PropsFromFunc(func(actor.Context) {})
	n.grains.kinds = append(n.grains.kinds, protocluster.NewKind(kind, props))
}

// RequestGrain has a grain answer, wherever it is; it is started if it does not run. protoactor's
// Cluster.Request does the same. Errors: ErrNoQuorum if a majority of the cluster is not in reach;
// ErrNoService for an unknown kind; ErrNodeDown if the node of the grain was lost during the request;
// *RemoteError with CodePanic or CodeFailed if the grain failed; those of ctx.
func (n *Node) RequestGrain(ctx context.Context, kind, identity string, request proto.Message) (proto.Message, error) {
	text, err := marshalAny(request)
	if err != nil {
		return nil, err
	}
	text, err = n.services.grains.request(ctx, kind, identity, text, 0)
	if err != nil {
		return nil, err
	}
	return unmarshalAny(text)
}

func marshalAny(m proto.Message) ([]byte, error) {
	box, err := anypb.New(m)
	if err != nil {
		return nil, fmt.Errorf("cluster: encode %T: %v", m, err)
	}
	return proto.Marshal(box)
}

func unmarshalAny(text []byte) (proto.Message, error) {
	var box anypb.Any
	if err := proto.Unmarshal(text, &box); err != nil {
		return nil, fmt.Errorf("cluster: decode: %v", err)
	}
	m, err := box.UnmarshalNew()
	if err != nil {
		return nil, fmt.Errorf("cluster: decode %s: %v", box.TypeUrl, err)
	}
	return m, nil
}

// attachGrains makes protoactor's cluster find grains here.
func (n *Node) attachGrains() {
	n.grains.lookup = &grainLookup{n}
	n.grains.context = func(c *protocluster.Cluster) protocluster.Context { return &grainContext{n, c} }
}

// grainLookup is the identity lookup of protoactor's cluster.
type grainLookup struct{ node *Node }

var _ protocluster.IdentityLookup = (*grainLookup)(nil)

// Get implements protocluster.IdentityLookup. Only grains of this node have a PID here: those of others
// are reached by requests, since no actor takes messages from other nodes directly.
func (l *grainLookup) Get(id *protocluster.ClusterIdentity) *actor.PID {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if g, ok := l.node.services.grains.here(ctx, id.Kind, id.Identity).(*grain); ok {
		return g.pid
	}
	return nil
}

// RemovePid implements protocluster.IdentityLookup.
func (l *grainLookup) RemovePid(*protocluster.ClusterIdentity, *actor.PID) {}

// Setup implements protocluster.IdentityLookup.
func (l *grainLookup) Setup(*protocluster.Cluster, []string, bool) {}

// Shutdown implements protocluster.IdentityLookup.
func (l *grainLookup) Shutdown() { l.node.services.grains.close() }

// grainContext is how protoactor's cluster makes requests.
type grainContext struct {
	node    *Node
	cluster *protocluster.Cluster
}

var _ protocluster.Context = (*grainContext)(nil)

// Request implements protocluster.Context. The time-out is the only option that counts.
func (c *grainContext) Request(identity, kind string, message any, opts ...protocluster.GrainCallOption) (any, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("cluster: request of type %T is not a protobuf message", message)
	}
	config := protocluster.NewGrainCallOptions(c.cluster)
	for _, o := range opts {
		o(config)
	}
	ctx, cancel := context.WithTimeout(context.Background(), config.Timeout)
	defer cancel()
	reply, err := c.node.RequestGrain(ctx, kind, identity, m)
	if err != nil {
		return nil, err
	}
	return reply, nil
}

var errFutures = errors.New("cluster: futures are not supported, use Request")

// RequestFuture implements protocluster.Context; it always fails, as futures lose answers silently.
func (c *grainContext) RequestFuture(string, string, any, ...protocluster.GrainCallOption) (*actor.Future, error) {
	return nil, errFutures
}

// grain is a running actor of a kind.
type grain struct {
	system *actor.ActorSystem
	pid    *actor.PID
	inner  actor.Actor
	ended  func()
	failed bool
	once   sync.Once
	done   chan struct{} // closed when the actor has ended
}

var _ instance = (*grain)(nil)

func spawnGrain(system *actor.ActorSystem, id string, token uint64, inner actor.Actor, ended func()) (*grain, error) {
	g := &grain{system: system, inner: inner, ended: ended, done: make(chan struct{})}
	var err error
	g.pid, err = system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return g }), id+"/"+strconv.FormatUint(token, 10))
	if err != nil {
		return nil, fmt.Errorf("cluster: start %s: %v", id, err)
	}
	return g, nil
}

// grainFailure is the answer of a grain that panicked.
type grainFailure struct{ text string }

// Receive implements actor.Actor: a panic ends the grain and never reaches the library's supervision.
func (g *grain) Receive(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.system.Logger().Error("grain panicked", "pid", ctx.Self().Id, "err", v, "stack", string(debug.Stack()))
			g.failed = true
			if ctx.Sender() != nil {
				ctx.Respond(&grainFailure{fmt.Sprint(v)})
			}
			ctx.Stop(ctx.Self())
		}
		if _, stopped := ctx.Message().(*actor.Stopped); stopped {
			g.once.Do(func() { close(g.done) })
			go g.ended() // it takes locks that a turn must not wait for
		}
	}()
	if _, life := ctx.Message().(actor.AutoReceiveMessage); g.failed && !life {
		return
	}
	g.inner.Receive(ctx)
}

// stop implements instance.
func (g *grain) stop() { g.system.Root.Stop(g.pid) }

// ask implements instance.
func (g *grain) ask(ctx context.Context, request []byte) ([]byte, error) {
	m, err := unmarshalAny(request)
	if err != nil {
		return nil, err
	}
	a := &grainAnswer{made: make(chan any, 1)}
	sender, _ := g.system.ProcessRegistry.Add(a, "answer"+g.system.ProcessRegistry.NextId())
	defer g.system.ProcessRegistry.Remove(sender)
	g.system.Root.RequestWithCustomSender(g.pid, m, sender)
	var reply any
	select {
	case reply = <-a.made:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-g.done:
		select {
		case reply = <-a.made:
		default:
			return nil, ErrNodeDown
		}
	}
	switch r := reply.(type) {
	case *grainFailure:
		return nil, &RemoteError{CodePanic, r.text}
	case proto.Message:
		return marshalAny(r)
	default:
		return nil, &RemoteError{CodeFailed, fmt.Sprintf("answer of type %T is not a protobuf message", reply)}
	}
}

// grainAnswer is the process that one request is answered to; the first answer counts.
type grainAnswer struct{ made chan any }

var _ actor.Process = (*grainAnswer)(nil)

// SendUserMessage implements actor.Process.
func (a *grainAnswer) SendUserMessage(_ *actor.PID, message any) {
	_, m, _ := actor.UnwrapEnvelope(message)
	if m == nil {
		m = message
	}
	select {
	case a.made <- m:
	default:
	}
}

// SendSystemMessage implements actor.Process.
func (a *grainAnswer) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (a *grainAnswer) Stop(*actor.PID) {}
