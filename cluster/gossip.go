package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/supervisors"
)

// Settings of the failure detection. A dead node is out of the views of the others after about 2.5 s, for
// 1 to 2 % of a core per node.
const (
	probeInterval    = 500 * time.Millisecond
	probeTimeout     = 250 * time.Millisecond
	suspicionMult    = 3
	suspicionMaxMult = 2
	pushPullInterval = 10 * time.Second
	streamTimeout    = 2 * time.Second
	leaveTimeout     = time.Second
)

// membership is SWIM: who is in the cluster, as far as this node knows. memberlist's callbacks only poke;
// one loop turns its state into views.
type membership struct {
	node      *Node
	log       *slog.Logger
	gate      *gate
	transport *gossipTransport
	meta      []byte
	list      *memberlist.Memberlist
	created   chan struct{} // closed once list is set, or will not be
	seeds     []seed
	own       string // ip:port of this node's membership, as peers dial it

	settled atomic.Bool   // the start is over
	changed chan struct{} // one slot
	crashed chan error    // one slot
	joins   joins

	mu       sync.Mutex           // taken under memberlist's lock in its callbacks, so never around its methods
	departed map[string]time.Time // boots that have announced their leave
	presumed map[string]time.Time // boots whose process seems to be gone
	lost     map[string]lostPeer  // by name
}

// lostPeer is where a failed member was.
type lostPeer struct {
	addr  string
	moved string // where another process said to be this node, while it lived
	since time.Time
}

// How long failed members are looked for where they were, and departures remembered.
const (
	lostTime     = 30 * time.Minute
	maxLost      = 256
	departedTime = 5 * time.Minute
	presumedTime = 5 * time.Second // by then the membership knows, or it was a mistake
)

// startMembership is the start function of the child "membership".
func (n *Node) startMembership(ctx context.Context, _ any) (supervisors.Start, any, error) {
	if n.left.Load() {
		return supervisors.Start{}, nil, supervisors.ErrIgnore
	}
	m := &membership{
		node: n, log: n.opt.Logger, created: make(chan struct{}), changed: make(chan struct{}, 1), crashed: make(chan error, 1),
		gate:     &gate{port: GossipPort, log: n.opt.Logger, events: n.opt.Events},
		departed: make(map[string]time.Time), presumed: make(map[string]time.Time), lost: make(map[string]lostPeer),
	}
	if err := m.start(ctx); err != nil {
		return supervisors.Start{}, nil, err
	}
	n.gossip.Store(m)
	m.poke()
	return supervisors.Service(m.run), nil, nil
}

func (m *membership) start(ctx context.Context) error {
	n := m.node
	_, port := splitPort(n.opt.Gossip)
	for _, text := range n.opt.Seeds {
		s, err := parseSeed(text, port)
		if err != nil {
			return err
		}
		m.seeds = append(m.seeds, s)
	}
	ip, err := n.advertisedIP(ctx)
	if err != nil {
		return err
	}
	self := n.Self()
	m.meta, err = proto.Marshal(&wirepb.NodeMeta{
		Protocol: protocolVersion, Boot: self.Boot, Address: self.Addr, Version: self.Version, StartedMs: n.started,
	})
	if err != nil {
		return fmt.Errorf("cluster: node data: %w", err)
	}
	m.own = net.JoinHostPort(ip.String(), strconv.Itoa(port))
	if m.transport, err = listenGossip(n.opt.Gossip, ip, n.trust, m.gate, m.meta); err != nil {
		return err
	}
	m.list, err = memberlist.Create(m.config())
	close(m.created)
	if err != nil {
		return errors.Join(fmt.Errorf("cluster: membership: %w", err), m.transport.Shutdown())
	}
	m.log.Info("cluster membership listening in the place of epmd", "address", n.opt.Gossip, "advertised", m.own)
	if err := m.firstJoin(ctx); err != nil {
		return errors.Join(err, m.list.Shutdown())
	}
	m.settled.Store(true)
	return nil
}

// config returns memberlist's settings.
func (m *membership) config() *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name = m.node.opt.Name
	c.Transport = m.transport
	c.BindPort, c.AdvertisePort = m.transport.port(), m.transport.port()
	c.SecretKey = m.node.secrets.gossip
	c.EnableCompression = false
	c.ProbeInterval, c.ProbeTimeout = probeInterval, probeTimeout
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = suspicionMult, suspicionMaxMult
	c.PushPullInterval = pushPullInterval
	c.TCPTimeout = streamTimeout
	c.DeadNodeReclaimTime = time.Millisecond
	c.LogOutput = listLog{m.log, m.gate}
	c.Delegate, c.Events, c.Merge, c.Alive, c.Conflict = m, m, m, m, m
	return c
}

// run is the service of the child "membership".
func (m *membership) run(ctx context.Context) error {
	defer m.stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-m.crashed:
			return err
		case <-m.changed:
			m.publish()
		case <-m.node.watchers.wake:
			m.node.renotify()
		case <-m.joins.due():
			m.joins.start(ctx, m)
		case now := <-second.C:
			if gap := now.Round(0).Sub(last.Round(0)); gap > suspendedAfter {
				m.log.Warn("cluster node was suspended", "duration", gap)
				m.joins.hurry(true)
			}
			last = now
			m.forget(now)
			m.publish()
			if d := m.node.dist.Load(); d != nil {
				d.tick(now)
			}
		}
	}
}

// suspendedAfter is a gap between ticks after which the others may have given this node up.
const suspendedAfter = 3 * time.Second

// stop leaves the cluster, unless Leave did, and frees the port.
func (m *membership) stop() {
	m.joins.stop()
	if !m.node.abrupt.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*leaveTimeout)
		_ = m.leave(ctx) // the others will notice
		cancel()
	}
	m.node.gossip.CompareAndSwap(m, nil)
	if err := m.list.Shutdown(); err != nil {
		m.log.Warn("cluster membership ended badly", "err", err)
	}
	m.node.publish([]Member{m.node.Self()}, nil)
}

// leave implements Node.Leave: over the distribution, which is quick, and by gossip, which is certain.
func (m *membership) leave(ctx context.Context) error {
	if m.joins.leaving.Swap(true) {
		return nil
	}
	n := m.node
	for _, to := range n.Members() {
		if to.Boot != n.boot {
			_ = n.tell(to, &wirepb.Packet{Kind: kindLeaving}) // gossip tells it too
		}
	}
	timeout := leaveTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(min(timeout, time.Until(deadline)), time.Millisecond)
	}
	err := m.list.Leave(timeout)
	m.log.Info("cluster left")
	n.publish([]Member{n.Self()}, nil)
	if err != nil {
		return fmt.Errorf("cluster: leave: %w", err)
	}
	return nil
}

// depart notes that a member has announced its leave.
func (m *membership) depart(from Member) {
	m.mu.Lock()
	m.departed[from.Boot] = time.Now()
	m.mu.Unlock()
	m.poke()
}

// presume takes a member out of the view whose process seems to be gone, ahead of the membership.
func (m *membership) presume(gone Member) {
	m.mu.Lock()
	m.presumed[gone.Boot] = time.Now()
	m.mu.Unlock()
	m.poke()
}

func (m *membership) poke() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (m *membership) crash(err error) {
	select {
	case m.crashed <- err:
	default:
	}
}

// publish makes what memberlist knows the node's view.
func (m *membership) publish() {
	if m.joins.leaving.Load() {
		return
	}
	self := m.node.Self()
	members := []Member{self}
	listed := m.list.Members() // its lock is taken before ours, as in its callbacks
	m.mu.Lock()
	for _, l := range listed {
		if l.Name == self.Name {
			continue
		}
		meta, err := parseMeta(l.Meta)
		if err != nil {
			continue // NotifyAlive let no such in
		}
		if _, gone := m.departed[meta.Boot]; gone {
			continue
		}
		if _, gone := m.presumed[meta.Boot]; gone {
			continue
		}
		members = append(members, Member{Name: l.Name, Boot: meta.Boot, Addr: meta.Address, Version: meta.Version})
		m.noteLocked(l.Name, l.Address())
	}
	departed := make(map[string]bool, len(m.departed))
	for boot := range m.departed {
		departed[boot] = true
	}
	m.mu.Unlock()
	if m.node.publish(members, departed) {
		m.joins.hurry(false)
	}
}

// noteLocked remembers where a member is, for the time when it is lost.
func (m *membership) noteLocked(name, addr string) {
	if l, known := m.lost[name]; known || len(m.lost) < maxLost {
		m.lost[name] = lostPeer{addr: addr, moved: l.moved, since: time.Now()}
	}
}

// forget drops what is too old.
func (m *membership) forget(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.departed, func(_ string, at time.Time) bool { return now.Sub(at) > departedTime })
	maps.DeleteFunc(m.presumed, func(_ string, at time.Time) bool { return now.Sub(at) > presumedTime })
	for name, l := range m.lost {
		if now.Sub(l.since) > lostTime {
			delete(m.lost, name)
		}
	}
}
