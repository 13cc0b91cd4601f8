package transporttest

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/erlmcp/erlmcp/transport"
)

// owner is the Acceptor of the kit. Its hooks, if set, come before what it does by itself.
type owner struct {
	admit  func(transport.Info) error
	accept func(transport.Conn) error
	// receive runs inside Receive.
	receive func(p *peer, text []byte)

	accepted chan *peer
	freed    chan struct{} // closed when the test ends: nobody waits for anything any more
	free     sync.Once

	mu    sync.Mutex
	peers []*peer
}

func newOwner() *owner {
	return &owner{accepted: make(chan *peer, 100), freed: make(chan struct{})}
}

var _ transport.Acceptor = (*owner)(nil)

func (o *owner) Accept(c transport.Conn) (transport.Receiver, error) {
	if o.accept != nil {
		if err := o.accept(c); err != nil {
			return nil, err
		}
	}
	p := &peer{owner: o, conn: c, texts: make(chan []byte, 10_000), ended: make(chan transport.Reason, 10)}
	o.mu.Lock()
	o.peers = append(o.peers, p)
	o.mu.Unlock()
	o.accepted <- p
	return p, nil
}

func (o *owner) Admit(info transport.Info) error {
	if o.admit != nil {
		return o.admit(info)
	}
	return nil
}

func (o *owner) End(transport.Info) error { return nil }

func (o *owner) release() { o.free.Do(func() { close(o.freed) }) }

func (o *owner) all() []*peer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.peers)
}

func (o *owner) closeAll() {
	for _, p := range o.all() {
		p.conn.Close(transport.ReasonShutdown)
	}
}

// peer is the Receiver of one connection. It watches the rules that always hold.
type peer struct {
	owner *owner
	conn  transport.Conn
	texts chan []byte
	ended chan transport.Reason

	inside   atomic.Int32 // calls of Receive that have not returned
	overlaps atomic.Int32 // calls that came while another had not returned
	late     atomic.Int32 // calls of Receive after Closed
	closes   atomic.Int32 // calls of Closed
	early    atomic.Int32 // calls of Closed while Receive had not returned
}

var _ transport.Receiver = (*peer)(nil)

func (p *peer) Receive(text []byte) {
	if p.inside.Add(1) > 1 {
		p.overlaps.Add(1)
	}
	defer p.inside.Add(-1)
	if p.closes.Load() > 0 {
		p.late.Add(1)
	}
	if p.owner.receive != nil {
		p.owner.receive(p, text)
	}
	p.texts <- text
}

func (p *peer) Closed(r transport.Reason) {
	if p.inside.Load() > 0 {
		p.early.Add(1)
	}
	p.closes.Add(1)
	select {
	case p.ended <- r:
	default: // closes has it
	}
}

// check reports broken rules once the listener has stopped.
func (p *peer) check(t *testing.T) {
	t.Helper()
	if n := p.closes.Load(); n != 1 {
		t.Errorf("Closed was called %d times, want once", n)
	}
	if n := p.overlaps.Load(); n > 0 {
		t.Errorf("Receive was called %d times while another had not returned", n)
	}
	if n := p.late.Load(); n > 0 {
		t.Errorf("Receive was called %d times after Closed", n)
	}
	if n := p.early.Load(); n > 0 {
		t.Errorf("Closed was called %d times while Receive had not returned", n)
	}
	if err := p.conn.Write(transport.Frame{Text: notification(0, 0)}); err == nil {
		t.Error("Write takes a frame after Serve has returned")
	}
}
