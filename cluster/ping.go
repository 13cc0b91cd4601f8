package cluster

import (
	"context"
	"fmt"
	"sync"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

// Kinds of packets of membership and distribution. What is built on them has the kinds below.
const (
	kindHello   uint32 = 48 + iota // opens the connection to a new member; no content
	kindLeaving                    // the sender leaves
	kindPing                       // id
	kindPong                       // id of the ping

	maxKinds = 64
)

// pings are the pings that wait for their answer.
type pings struct {
	node *Node

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]waitingPing
}

type waitingPing struct {
	to   string // boot
	done chan error
}

func newPings(n *Node) *pings {
	p := &pings{node: n, waiting: make(map[uint64]waitingPing)}
	n.handle(kindHello, func(Member, *wirepb.Packet) {})
	n.handle(kindLeaving, func(from Member, _ *wirepb.Packet) {
		if m := n.gossip.Load(); m != nil {
			m.depart(from)
		}
	})
	n.handle(kindPing, func(from Member, ping *wirepb.Packet) {
		_ = n.tell(from, &wirepb.Packet{Kind: kindPong, Id: ping.Id}) // the other end has a deadline
	})
	n.handle(kindPong, func(from Member, pong *wirepb.Packet) { p.end(pong.Id, from.Boot, nil) })
	n.onTopology(func(t *Topology) {
		for _, m := range t.Left {
			p.endAll(m, ErrNotMember)
		}
	})
	return p
}

// ping sends one ping and waits for its answer.
func (p *pings) ping(ctx context.Context, to Member) error {
	done := make(chan error, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	p.waiting[id] = waitingPing{to.Boot, done}
	p.mu.Unlock()
	defer p.end(id, to.Boot, nil)
	if err := p.node.tell(to, &wirepb.Packet{Kind: kindPing, Id: id}); err != nil {
		return fmt.Errorf("cluster: ping %s: %w", to.Name, err)
	}
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("cluster: ping %s: %w", to.Name, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cluster: ping %s: %w", to.Name, ctx.Err())
	}
}

// end answers the ping id to the member with this boot.
func (p *pings) end(id uint64, boot string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, ok := p.waiting[id]; ok && w.to == boot {
		delete(p.waiting, id)
		w.done <- err
	}
}

func (p *pings) endAll(to Member, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, w := range p.waiting {
		if w.to == to.Boot {
			delete(p.waiting, id)
			w.done <- err
		}
	}
}
