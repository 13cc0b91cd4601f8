package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/supervisors"
)

// distribution carries packets between nodes. Each incarnation has an actor system of its own, for two
// reasons: nothing that arrives can name an actor of the node's tree, and protoactor's remote cannot be
// started twice in one actor system.
type distribution struct {
	node     *Node
	log      *slog.Logger
	host     string // bound
	gate     *gate
	system   *actor.ActorSystem
	cluster  *protocluster.Cluster
	provider *provider
	pid      *actor.PID
	crashed  chan error // one slot

	mu     sync.RWMutex
	closed bool
	byBoot map[string]*outlet
	byAddr map[string]*outlet
}

// startDistribution is the start function of the child "distribution".
func (n *Node) startDistribution(ctx context.Context, _ any) (supervisors.Start, any, error) {
	ip, err := n.advertisedIP(ctx)
	if err != nil {
		return supervisors.Start{}, nil, err
	}
	host, port := splitPort(n.opt.Dist)
	addr := net.JoinHostPort(ip.String(), strconv.Itoa(port))
	n.addr.Store(&addr)
	n.addrHere.Store(isAssigned(ip.String()))
	d := &distribution{
		node: n, log: n.opt.Logger, host: host, crashed: make(chan error, 1),
		gate:   &gate{port: DistPort, log: n.opt.Logger, events: n.opt.Events},
		byBoot: make(map[string]*outlet), byAddr: make(map[string]*outlet),
	}
	if err := d.start(host, port, addr); err != nil {
		return supervisors.Start{}, nil, err
	}
	n.dist.Store(d)
	n.publish([]Member{n.Self()}, nil)
	n.publishing.Lock()
	d.apply(n.view.Load())
	n.publishing.Unlock()
	d.log.Info("cluster distribution listening", "address", n.opt.Dist, "advertised", addr)
	return supervisors.Service(d.run), nil, nil
}

// start starts protoactor's cluster in a new actor system.
func (d *distribution) start(host string, port int, advertised string) error {
	probe, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("cluster: distribution port: %w", err)
	}
	probe.Close() // protoactor panics where it cannot listen
	log := slog.New(lowered{d.log.Handler()})
	d.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }),
		actor.WithDeadLetterThrottleInterval(100*time.Millisecond))
	self := d.node.Self()
	d.pid, err = d.system.Root.SpawnNamed(actor.PropsFromFunc(newTurn(d).receive), actorName(self.Boot))
	if err != nil {
		return fmt.Errorf("cluster: distribution actor: %w", err)
	}
	var kinds []string
	for _, k := range d.node.grains.kinds {
		kinds = append(kinds, k.Kind)
	}
	d.provider = newProvider(self, kinds)
	d.cluster = protocluster.New(d.system, d.clusterConfig(d.remoteConfig(host, port, advertised)))
	failed := make(chan error, 1)
	go func() { // StartMember sleeps for a second at its end
		defer func() {
			if v := recover(); v != nil {
				failed <- fmt.Errorf("cluster: distribution: %v", v)
			}
		}()
		d.cluster.StartMember()
	}()
	select {
	case err := <-failed:
		return err
	case <-d.provider.started:
	}
	d.system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*remote.EndpointTerminatedEvent); ok {
			d.outboundEnded(e.Address)
		}
	})
	return nil
}

// clusterConfig returns the settings of protoactor's cluster. Its gossip never runs: the membership does
// that work, and the library's would bar members by ids that mean nothing here.
func (d *distribution) clusterConfig(r *remote.Config) *protocluster.Config {
	const never = 10_000 * time.Hour
	g := d.node.grains
	if g.lookup == nil {
		g.lookup = noGrains{}
	}
	c := protocluster.Configure("erlmcp", d.provider, g.lookup, r,
		protocluster.WithKinds(g.kinds...),
		protocluster.WithHeartbeatExpiration(never),
		protocluster.WithRequestTimeout(5*time.Second))
	c.GossipInterval = never
	if g.context != nil {
		c.ClusterContextProducer = g.context
	}
	return c
}

// noGrains is the lookup of a node without grains.
type noGrains struct{}

var _ protocluster.IdentityLookup = noGrains{}

func (noGrains) Get(*protocluster.ClusterIdentity) *actor.PID        { return nil }
func (noGrains) RemovePid(*protocluster.ClusterIdentity, *actor.PID) {}
func (noGrains) Setup(*protocluster.Cluster, []string, bool)         {}
func (noGrains) Shutdown()                                           {}

// run is the service of the child "distribution".
func (d *distribution) run(ctx context.Context) error {
	defer d.stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.crashed:
		return err
	}
}

// stop closes the port and all connections.
func (d *distribution) stop() {
	d.node.dist.CompareAndSwap(d, nil)
	d.mu.Lock()
	d.closed = true
	outlets := d.byBoot
	d.byBoot, d.byAddr = map[string]*outlet{}, map[string]*outlet{}
	d.mu.Unlock()
	for _, o := range outlets {
		o.close()
		d.system.EventStream.Publish(&remote.EndpointTerminatedEvent{Address: o.member.Addr})
	}
	_ = d.provider.Shutdown(true)
	d.cluster.IdentityLookup.Shutdown()
	d.cluster.Gossip.Shutdown()
	d.cluster.Remote.Shutdown(false)
	d.system.Root.Stop(d.pid)
	d.system.Shutdown()
}

// crash ends this incarnation of the distribution.
func (d *distribution) crash(err error) {
	select {
	case d.crashed <- err:
	default:
	}
}

// tell implements Node.tell.
func (d *distribution) tell(to Member, p *wirepb.Packet) error {
	d.mu.RLock() // held through the sending: the library's remote must not be stopped meanwhile
	defer d.mu.RUnlock()
	if d.closed {
		return ErrNotRunning
	}
	if to.Boot == d.node.boot {
		d.system.Root.Send(d.pid, &delivery{packets: []*wirepb.Packet{p}})
		return nil
	}
	o := d.byBoot[to.Boot]
	if o == nil {
		return ErrNotMember
	}
	size := proto.Size(p)
	if size > maxPacketBytes {
		return ErrTooLarge
	}
	if !o.queued.Load().put(size) {
		d.node.opt.Events(QueueFull{Member: o.member})
		return ErrBusy
	}
	d.system.Root.Send(o.pid, p)
	return nil
}

// post implements Node.post.
func (d *distribution) post(f func()) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return false
	}
	d.system.Root.Send(d.pid, &posted{f})
	return true
}

// deliver puts a peer's packets before the distribution actor.
func (d *distribution) deliver(m *delivery) { d.system.Root.Send(d.pid, m) }

// apply makes t the view: from here on only its members are sent to.
func (d *distribution) apply(t *Topology) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return
	}
	var gone []*outlet
	current := make(map[string]Member, len(t.Members))
	for _, m := range t.Members {
		current[m.Boot] = m
	}
	for boot, o := range d.byBoot {
		if current[boot] != o.member { // gone, or at another address
			delete(d.byBoot, boot)
			if d.byAddr[o.member.Addr] == o {
				delete(d.byAddr, o.member.Addr)
			}
			gone = append(gone, o)
		}
	}
	var come []Member
	for _, m := range t.Members {
		if m.Boot != d.node.boot && d.byBoot[m.Boot] == nil {
			o := newOutlet(m)
			d.byBoot[m.Boot], d.byAddr[m.Addr] = o, o
			come = append(come, m)
		}
	}
	d.mu.Unlock()
	for _, o := range gone {
		o.close()
		if d.outletAt(o.member.Addr) == nil {
			d.system.EventStream.Publish(&remote.EndpointTerminatedEvent{Address: o.member.Addr})
		}
	}
	d.provider.update(t.Members)
	d.system.Root.Send(d.pid, &topologyChanged{t})
	for _, m := range come {
		_ = d.tell(m, &wirepb.Packet{Kind: kindHello}) // the member is new, so nothing is queued
	}
}

// tick is called each second.
func (d *distribution) tick(now time.Time) {
	d.provider.update(d.node.Members())
	d.system.Root.Send(d.pid, &ticked{now})
}

// exported is the name of the actor that peers may send to.
func (d *distribution) exported() string { return d.pid.Id }

// outletAt returns the way to the member at an address, nil if there is none.
func (d *distribution) outletAt(addr string) *outlet {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byAddr[addr]
}

// nameAt returns the name of the member at an address, or "".
func (d *distribution) nameAt(addr string) string {
	if o := d.outletAt(addr); o != nil {
		return o.member.Name
	}
	return ""
}

// connected is called when a member has answered and proved who it is.
func (d *distribution) connected(o *outlet) {
	o.connected.Store(true)
	if o.lost.Swap(false) {
		d.log.Info("cluster node reconnected", "peer", o.member.Name, "boot", o.member.Boot)
	}
}

// outboundEnded is called when the library gives up its endpoint for an address.
func (d *distribution) outboundEnded(addr string) {
	o := d.outletAt(addr)
	if o == nil {
		return
	}
	o.queued.Store(new(queued))
	was := o.connected.Swap(false)
	if was {
		o.lost.Store(true)
		d.peerLost(o.member.Boot, true)
	}
	time.AfterFunc(reconnectDelay, func() { _ = d.tell(o.member, &wirepb.Packet{Kind: kindHello}) })
}

// reconnectDelay is between the loss of a connection and the next attempt; further ones are gRPC's.
const reconnectDelay = 100 * time.Millisecond

// inboundEnded is called when the stream of a peer has ended.
func (d *distribution) inboundEnded(boot string) { d.peerLost(boot, false) }

func (d *distribution) peerLost(boot string, outbound bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.closed {
		d.system.Root.Send(d.pid, &peerLost{boot, outbound})
	}
}

var errTurn = errors.New("cluster: panic in the distribution's turn")

// guard runs f and reports its panic.
func (d *distribution) guard(what string, f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			ok = false
			d.log.Error("cluster handler panicked", "context", what, "err", v, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}
