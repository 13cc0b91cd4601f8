package actors

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/transport"
)

// guest is a connection of another node to a session of this one: a transport.Conn whose medium is a
// stream of the cluster. A goroutine serves it until it is accepted, and an exchange until its text has been
// received; after that it owns none.
type guest struct {
	f      *Federation
	info   transport.Info
	onward bool // to be passed on to the owner if that is another node
	stream *cluster.Stream
	texts  chan []byte // what the client of an exchange sends: one text
	ended  chan struct{}

	mu     sync.Mutex
	recv   transport.Receiver // nil until accepted
	closed bool
	reason transport.Reason

	received uint64 // messages of the client of a duplex connection; guarded by mu
}

var (
	_ transport.Resumable = (*guest)(nil)
	_ cluster.Handler     = fromClient{}
)

// guest accepts a connection that another node carries here. It runs in the distribution's turn.
func (f *Federation) guest(_ cluster.Member, head []byte, s *cluster.Stream) (cluster.Handler, error) {
	info, through, err := decodeInfo(head)
	if err != nil {
		return nil, err
	}
	g := &guest{f: f, info: info, onward: through, stream: s, texts: make(chan []byte, 1), ended: make(chan struct{})}
	go f.guarded(g, g.serve)
	return fromClient{g}, nil
}

// guarded runs fn, and closes conn where fn panics: what serves another node's client must not end this
// node.
func (f *Federation) guarded(conn transport.Conn, fn func()) {
	defer func() {
		if fault := recover(); fault != nil {
			f.log.LogAttrs(context.Background(), slog.LevelError, "serving a client of another node failed",
				slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			conn.Close(transport.ReasonInternal)
		}
	}()
	fn()
}

// serve finds the session, tells the other node, and delivers the client's text.
func (g *guest) serve() {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	owner, err := g.f.owner(ctx, g.info.Session)
	if err != nil {
		g.refuse(settleRefusal(err))
		return
	}
	recv, err := g.accept(ctx, owner)
	if errors.Is(err, errMoved) || errors.Is(err, cluster.ErrNodeDown) {
		g.tell([]byte{byte(noticeMoved)}) // the views differ, or the owner is not in reach; that node looks again
		return
	}
	if err != nil {
		var r *transport.Refusal
		if !errors.As(err, &r) {
			r = &transport.Refusal{Reason: transport.ReasonInternal}
		}
		g.refuse(r)
		return
	}
	if !g.accepted(recv) {
		return
	}
	_ = g.stream.Send(g.acceptance()) // a stream that has ended says so by Closed
	if g.info.Mode != transport.Exchange {
		return
	}
	select {
	case text := <-g.texts:
		recv.Receive(text)
	case <-g.ended:
	}
}

// accept gives the connection to its session here, or passes it on to the owner.
func (g *guest) accept(ctx context.Context, owner cluster.Member) (transport.Receiver, error) {
	switch {
	case owner.IsZero():
		return g.f.Gateway.Accept(g)
	case g.onward && g.f.cluster.Reaches(owner.Boot):
		return g.f.relay(ctx, g, g.info, hop{to: owner})
	default:
		return nil, errMoved
	}
}

// accepted notes who owns the connection now; a connection that has ended meanwhile is reported to it.
func (g *guest) accepted(recv transport.Receiver) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recv = recv
	if g.closed {
		go recv.Closed(g.reason)
		return false
	}
	return true
}

// acceptance tells that the connection is served, and the number of Resume.
func (g *guest) acceptance() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return binary.AppendUvarint([]byte{byte(noticeAccepted)}, g.received)
}

func (g *guest) refuse(r *transport.Refusal) { g.tell(encodeRefusal(r)) }

// tell sends the last message of a connection that is not served here.
func (g *guest) tell(b []byte) {
	_ = g.stream.Send(b) // a stream that has ended says so by Closed
	g.stream.Close(cluster.CodeUser+uint32(transport.ReasonDone), "")
}

// Write implements transport.Conn.
func (g *guest) Write(f transport.Frame) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return transport.ErrClosed
	}
	if err := g.stream.Send(encodeFrame(f)); err != nil {
		g.endLocked(transport.ReasonSlow)
		return transport.ErrSlow
	}
	if f.Last {
		g.endLocked(transport.ReasonDone)
	}
	return nil
}

// Close implements transport.Conn.
func (g *guest) Close(r transport.Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.endLocked(r)
}

// endLocked ends the connection for r; the first reason wins. The receiver is told on a goroutine of its
// own, since it may be the one that ends it.
func (g *guest) endLocked(r transport.Reason) {
	if g.closed {
		return
	}
	g.closed, g.reason = true, r
	close(g.ended)
	g.stream.Close(cluster.CodeUser+uint32(r), "")
	if g.recv != nil {
		go g.recv.Closed(r)
	}
}

// Bind implements transport.Conn. The client knows the id: it came with it.
func (g *guest) Bind(string) {}

// Resume implements transport.Resumable.
func (g *guest) Resume(_ string, received uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.received = received
}

// Go implements transport.Conn.
func (g *guest) Go(fn func()) { go g.f.guarded(g, fn) }

// Info implements transport.Conn.
func (g *guest) Info() transport.Info { return g.info }

// fromClient is the guest's side towards the node that the client is connected to.
type fromClient struct{ *guest }

// Receive implements cluster.Handler. The messages of a duplex connection come when it has been accepted. Their
// turns run here, like those of a socket on its event loop.
func (c fromClient) Receive(b []byte) {
	if c.info.Mode == transport.Duplex {
		c.mu.Lock()
		recv, closed := c.recv, c.closed
		c.mu.Unlock()
		if recv != nil && !closed {
			recv.Receive(b)
		}
		return
	}
	select {
	case c.texts <- b:
	default:
		c.Close(transport.ReasonMalformed) // an exchange has one text, an event stream none
	}
}

// Closed implements cluster.Handler: the client or its node is gone.
func (c fromClient) Closed(code uint32, _ string) {
	reason := transport.ReasonClientClosed
	if code >= cluster.CodeUser && code < cluster.CodeUser+uint32(len(transport.Reasons())) {
		reason = transport.Reason(code - cluster.CodeUser)
	}
	c.Close(reason)
}
