package cluster

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

// Messages to the distribution actor.
type (
	// delivery is a batch of one peer; from is nil for this node's own.
	delivery struct {
		from    *inbound
		packets []*wirepb.Packet
		done    func() // nil for own packets
	}
	topologyChanged struct{ view *Topology }
	peerLost        struct {
		boot     string
		outbound bool // of the two connections with the peer, the one that this node opened
	}
	posted struct{ f func() }
	ticked struct{ now time.Time }
)

// strangerTime is how long packets of a peer wait for the view to name it.
const strangerTime = 5 * time.Second

// turn is the distribution actor. Packets of a peer that the view does not have wait a while: the peer
// may have heard of this node first. How much of one peer waits is limited by its window.
type turn struct {
	d         *distribution
	view      *Topology
	strangers map[string]*stranger // by boot
}

type stranger struct {
	since   time.Time
	waiting []*delivery
}

func newTurn(d *distribution) *turn {
	return &turn{d: d, view: new(Topology), strangers: make(map[string]*stranger)}
}

func (t *turn) receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *delivery:
		t.delivered(m)
	case *topologyChanged:
		t.topologyChanged(m.view)
	case *peerLost:
		t.lost(m)
	case *posted:
		if !t.d.guard("posted", m.f) {
			t.d.crash(errTurn)
		}
	case *ticked:
		t.forget(m.now)
	case *actor.Stopped:
		for _, s := range t.strangers {
			s.drop()
		}
	}
}

// delivered handles packets, or lets them wait.
func (t *turn) delivered(m *delivery) {
	from := t.d.node.Self()
	if m.from != nil {
		var ok bool
		if from, ok = t.view.Member(m.from.boot); !ok || from.Name != m.from.name {
			t.wait(m)
			return
		}
		defer m.done()
	}
	for _, p := range m.packets {
		f := t.handler(p.Kind)
		if f == nil {
			t.refuse(m, fmt.Errorf("packet of unknown kind %d", p.Kind))
			return
		}
		if !t.d.guard("packet", func() { f(from, p) }) {
			t.refuse(m, fmt.Errorf("packet of kind %d made its handler panic", p.Kind))
			return
		}
	}
}

func (t *turn) handler(kind uint32) func(Member, *wirepb.Packet) {
	if kind >= maxKinds {
		return nil
	}
	return t.d.node.handlers[kind]
}

// refuse cuts the peer's connection.
func (t *turn) refuse(m *delivery, err error) {
	if m.from != nil {
		m.from.cut(err)
	}
}

func (t *turn) wait(m *delivery) {
	s := t.strangers[m.from.boot]
	if s == nil {
		s = &stranger{since: time.Now()}
		t.strangers[m.from.boot] = s
	}
	s.waiting = append(s.waiting, m)
}

func (s *stranger) drop() {
	for _, m := range s.waiting {
		m.done()
	}
}

// topologyChanged tells all that want to know, then handles what waited for the new members.
func (t *turn) topologyChanged(v *Topology) {
	if v.Generation == t.view.Generation {
		return
	}
	if t.view.Generation == 0 { // the first view of this incarnation
		whole := *v
		whole.Joined, whole.Left = v.Members, nil
		v = &whole
	}
	t.view = v
	for _, f := range t.d.node.topology {
		if !t.d.guard("topology", func() { f(v) }) {
			t.d.crash(errTurn)
			return
		}
	}
	for _, m := range v.Joined {
		if s := t.strangers[m.Boot]; s != nil {
			delete(t.strangers, m.Boot)
			for _, d := range s.waiting {
				t.delivered(d)
			}
		}
	}
}

// lost tells about a broken connection with a member.
func (t *turn) lost(p *peerLost) {
	m, ok := t.view.Member(p.boot)
	if !ok {
		return
	}
	if p.outbound { // mostly both break, and one line is enough
		t.d.log.Warn("cluster connection lost", "peer", m.Name, "boot", m.Boot)
		t.d.node.opt.Events(ConnectionLost{Member: m})
	}
	for _, f := range t.d.node.lost {
		if !t.d.guard("lost", func() { f(m) }) {
			t.d.crash(errTurn)
			return
		}
	}
}

// forget drops what strangers sent too long ago.
func (t *turn) forget(now time.Time) {
	for boot, s := range t.strangers {
		if now.Sub(s.since) > strangerTime {
			s.drop()
			delete(t.strangers, boot)
		}
	}
}
