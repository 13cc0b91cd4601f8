package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/murmur3"
)

// memNet is an in-memory network of nodes' services. Links are ordered; each may be slow, lossy or cut.
// Views are given by the test, or follow the links by an oracle with a delay.
type memNet struct {
	mu    sync.Mutex
	nodes []*memNode
	links map[[2]string]*memLink // boots: from, to
	seed  uint64                 // of the links
	opts  serviceOptions
	boots int
}

// memLink is one direction between two nodes.
type memLink struct {
	cut     bool
	loss    float64
	delay   time.Duration // up to
	queue   []memPacket
	running bool
	at      time.Time // delivery time of the last queued packet
	rng     *rand.Rand
}

type memPacket struct {
	from  Member
	p     packet
	after time.Time
}

// memNode is a node and its wire.
type memNode struct {
	*services
	net    *memNet
	member Member
	cancel context.CancelFunc
	done   chan struct{}

	turn     sync.Mutex // the distribution's turn
	mu       sync.Mutex
	top      Topology
	handlers [packetKinds]func(Member, packet)
	change   func(Topology)
	lost     func(Member)
	dead     bool
}

var _ wire = (*memNode)(nil)

func newMemNet(o serviceOptions) *memNet {
	if o.Key == nil {
		o.Key = []byte("secret")
	}
	return &memNet{links: map[[2]string]*memLink{}, opts: o}
}

// start adds a node that sees only itself.
func (n *memNet) start(name string) *memNode {
	n.mu.Lock()
	n.boots++
	m := Member{Name: name, Boot: fmt.Sprintf("boot%04d%s", n.boots, strings.Repeat("x", 8)), Addr: name + ":9001"}
	node := &memNode{net: n, member: m, done: make(chan struct{}), top: Topology{Generation: 1, Members: []Member{m}}}
	n.nodes = append(n.nodes, node)
	n.mu.Unlock()
	node.services = newServices(node, n.opts)
	ctx, cancel := context.WithCancel(context.Background())
	node.cancel = cancel
	return node.begin(ctx)
}

func (m *memNode) begin(ctx context.Context) *memNode {
	go func() { defer close(m.done); m.run(ctx) }()
	return m
}

// kill takes a node off the network without a word and ends its goroutines.
func (m *memNode) kill() {
	m.mu.Lock()
	m.dead = true
	m.mu.Unlock()
	m.cancel()
	<-m.done
}

func (m *memNode) alive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.dead
}

// sees sets the node's view to the living nodes given, and itself.
func (m *memNode) sees(nodes ...*memNode) {
	members := []Member{m.member}
	for _, n := range nodes {
		if n != m {
			members = append(members, n.member)
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name+a.Boot, b.Name+b.Boot) })
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	if slices.Equal(members, m.top.Members) {
		m.mu.Unlock()
		return
	}
	old := m.top
	m.top = Topology{Generation: old.Generation + 1, Members: members}
	top := m.top
	m.mu.Unlock()
	m.change(top)
}

// mesh makes nodes see each other.
func mesh(nodes ...*memNode) {
	for _, n := range nodes {
		n.sees(nodes...)
	}
}

func (m *memNode) Self() Member { return m.member }

func (m *memNode) Topology() Topology {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.top
}

func (m *memNode) handle(k packetKind, f func(Member, packet)) { m.handlers[k] = f }
func (m *memNode) onTopology(f func(Topology))                 { m.change = f }
func (m *memNode) onLost(f func(Member))                       { m.lost = f }

func (m *memNode) tell(to Member, p packet) error {
	m.mu.Lock()
	_, ok := m.top.Member(to.Boot)
	dead := m.dead
	m.mu.Unlock()
	switch {
	case dead:
		return ErrNotRunning
	case !ok:
		return ErrNotMember
	}
	m.net.send(m.member, to, p)
	return nil
}

func (n *memNet) link(from, to string) *memLink {
	l := n.links[[2]string{from, to}]
	if l == nil {
		h := murmur3.StringSum64(from + ">" + to)
		l = &memLink{rng: rand.New(rand.NewPCG(n.seed, h))}
		n.links[[2]string{from, to}] = l
	}
	return l
}

// send queues a packet on its link. Packets are told apart by kind only, as bytes are not shared.
func (n *memNet) send(from, to Member, p packet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.link(from.Boot, to.Boot)
	if l.cut || l.loss > 0 && l.rng.Float64() < l.loss {
		return
	}
	after := time.Time{}
	if l.delay > 0 {
		after = time.Now().Add(time.Duration(l.rng.Int64N(int64(l.delay))))
		if after.Before(l.at) {
			after = l.at
		}
		l.at = after
	}
	l.queue = append(l.queue, memPacket{from, p, after})
	if !l.running {
		l.running = true
		go n.pump(l, to)
	}
}

// pump delivers what is queued on a link.
func (n *memNet) pump(l *memLink, to Member) {
	for {
		n.mu.Lock()
		if len(l.queue) == 0 {
			l.queue, l.running = nil, false
			n.mu.Unlock()
			return
		}
		p := l.queue[0]
		l.queue = l.queue[1:]
		n.mu.Unlock()
		if wait := time.Until(p.after); wait > 0 {
			time.Sleep(wait) //lint:sleep virtual time
		}
		n.mu.Lock()
		cut, target := l.cut, n.find(to.Boot)
		n.mu.Unlock()
		if cut || target == nil || !target.alive() {
			continue
		}
		target.deliver(p.from, p.p)
	}
}

func (n *memNet) find(boot string) *memNode {
	for _, m := range n.nodes {
		if m.member.Boot == boot {
			return m
		}
	}
	return nil
}

func (m *memNode) deliver(from Member, p packet) {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	_, ok := m.top.Member(from.Boot)
	m.mu.Unlock()
	if f := m.handlers[p.kind]; ok && f != nil {
		f(from, p)
	}
}

// cut cuts or mends both directions between two nodes.
func (n *memNet) cut(a, b *memNode, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link(a.member.Boot, b.member.Boot).cut = cut
	n.link(b.member.Boot, a.member.Boot).cut = cut
}

func (n *memNet) oneWay(a, b *memNode, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link(a.member.Boot, b.member.Boot).cut = cut
}

// open says whether packets get from a to b.
func (n *memNet) open(a, b *memNode) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.link(a.member.Boot, b.member.Boot).cut
}

// noise makes the links between two nodes lossy and slow.
func (n *memNet) noise(a, b *memNode, loss float64, delay time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range []*memLink{n.link(a.member.Boot, b.member.Boot), n.link(b.member.Boot, a.member.Boot)} {
		l.loss, l.delay = loss, delay
	}
}

// mend makes all links perfect.
func (n *memNet) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.links {
		l.cut, l.loss, l.delay = false, 0, 0
	}
}
