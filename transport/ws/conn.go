package ws

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

type state uint8

const (
	open      state = iota
	closing         // our close frame is queued, the peer's has not come
	leaving         // both close frames are known
	lingering       // our close frame is queued and nothing more is decoded
)

// medium is what carries the bytes of a conn: *poll.Desc or *port.
type medium interface {
	Write(p []byte) error
	WriteUrgent(p []byte) error
	Close(err error)
	Abort(err error)
	CloseWrite()
	SetTimer(after time.Duration)
	Waiting() int
}

// conn is one WebSocket. An idle one is this struct and its socket, so its size counts.
type conn struct {
	desc poll.Desc
	port *port // carries the bytes instead of desc where that cannot
	run  *run
	recv transport.Receiver // set before input is read; nil if the connection was refused
	in   *decoder           // nil unless a message is incomplete; of whoever reads
	meta *meta              // nil if there is nothing in it

	remote netip.AddrPort
	place  int32 // in run.roster

	mu     sync.Mutex
	state  state
	reason transport.Reason // once state is not open
	pinged bool             // since the last input
	turn   *turn            // while input is handled: what is written waits for its end
	heard  int64            // time of the last input; times are ns since run.start
	since  int64            // an incomplete message began; 0 if there is none
	due    int64            // the answer to a ping, or the end once state is not open
}

// meta is what few connections have.
type meta struct {
	session, protocol, principal, lastEvent string

	resumable bool // Resume has been called
	received  uint64
}

var (
	_ transport.Resumable = (*conn)(nil)
	_ transport.Metered   = (*conn)(nil)
	_ poll.Handler        = (*conn)(nil)
	_ medium              = (*poll.Desc)(nil)
	_ medium              = (*port)(nil)
)

func (c *conn) medium() medium {
	if c.port != nil {
		return c.port
	}
	return &c.desc
}

// Write implements transport.Conn.
func (c *conn) Write(f transport.Frame) error {
	if len(f.Text) == 0 {
		return nil // primes event streams, which these are not
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != open {
		return transport.ErrClosed
	}
	return c.sendLocked(ws.OpText, f.Text)
}

// Close implements transport.Conn.
func (c *conn) Close(r transport.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(r)
}

// Bind implements transport.Conn.
func (c *conn) Bind(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meta == nil {
		c.meta = &meta{}
	}
	c.meta.session = session
}

// Resume implements transport.Resumable.
func (c *conn) Resume(session string, received uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meta == nil {
		c.meta = &meta{}
	}
	c.meta.session, c.meta.received, c.meta.resumable = session, received, true
}

// Go implements transport.Conn.
func (c *conn) Go(fn func()) {
	c.mu.Lock()
	if c.turn != nil {
		c.turn.pending = append(c.turn.pending, fn)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.run.tasks.run(fn)
}

// Info implements transport.Conn.
func (c *conn) Info() transport.Info {
	i := transport.Info{Transport: "ws", Mode: transport.Duplex}
	if c.remote.IsValid() {
		i.Remote = c.remote.String()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.meta; m != nil {
		i.Session, i.Protocol, i.Principal, i.LastEventID = m.session, m.protocol, m.principal, m.lastEvent
	}
	return i
}

// Traffic implements transport.Metered.
func (c *conn) Traffic() (transport.Traffic, bool) {
	c.mu.Lock()
	other := c.port != nil
	c.mu.Unlock()
	if other {
		return transport.Traffic{}, false
	}
	return c.desc.Traffic()
}

// sendLocked sends one frame, at the end of the turn if one is under way.
func (c *conn) sendLocked(op ws.OpCode, payload []byte) error {
	if t := c.turn; t != nil {
		if len(t.out) > 0 && len(t.out)+len(payload) > turnOutput {
			if err := c.flushLocked(t); err != nil {
				return err
			}
		}
		t.out = appendFrame(t.out, op, payload)
		return nil
	}
	b := buffers.Get().(*[]byte)
	*b = appendFrame((*b)[:0], op, payload)
	err := c.writeLocked(*b)
	recycle(b)
	return err
}

// flushLocked sends what waits for the end of the turn.
func (c *conn) flushLocked(t *turn) error {
	if len(t.out) == 0 {
		return nil
	}
	out := t.out
	t.out = t.out[:0]
	return c.writeLocked(out)
}

func (c *conn) writeLocked(p []byte) error {
	switch err := c.medium().Write(p); err {
	case nil:
		return nil
	case poll.ErrFull:
		c.closeLocked(transport.ReasonSlow)
		return transport.ErrSlow
	default:
		return transport.ErrClosed
	}
}

// closeLocked begins the closing handshake.
func (c *conn) closeLocked(r transport.Reason) {
	if c.state != open {
		return
	}
	c.becomeLocked(closing, r)
	c.lastLocked(appendClose(nil, r))
}

// becomeLocked leaves the open state, or goes on from closing; the first reason stays.
func (c *conn) becomeLocked(s state, r transport.Reason) {
	if c.state == open {
		c.reason = r
	}
	c.state = s
	c.due = c.run.now() + int64(c.run.closeWait)
	c.medium().SetTimer(c.run.closeWait)
}

// lastLocked sends the close frame; outgoing limits do not hold it back.
func (c *conn) lastLocked(frame []byte) {
	if t := c.turn; t != nil {
		t.out = append(t.out, frame...)
		t.urgent = true
		return
	}
	_ = c.medium().WriteUrgent(frame) // a lost socket is reported to Closed
}

// peerClosed answers a close frame of the peer. A client that could come back and says that it is done will not.
func (c *conn) peerClosed(code uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.state == open
	reason := transport.ReasonClientClosed
	if code == uint16(ws.StatusNormalClosure) && c.meta != nil && c.meta.resumable {
		reason = transport.ReasonSessionEnded
	}
	c.becomeLocked(leaving, reason)
	if asked {
		c.lastLocked(appendEcho(nil, code))
	}
}

// fail ends the connection because of what the peer sent. Its further input is read and dropped, since a
// socket closed with input unread would take the close frame with it (RFC 1122, section 4.2.2.13).
func (c *conn) fail(r transport.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.state != open
	c.becomeLocked(lingering, r)
	if !told {
		c.lastLocked(appendClose(nil, r))
	}
}

// partLocked ends the connection if nothing waits to be sent; else the timer does.
func (c *conn) partLocked() {
	if m := c.medium(); m.Waiting() == 0 {
		m.Close(nil)
	}
}

// pong answers a ping.
func (c *conn) pong(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == open {
		_ = c.sendLocked(ws.OpPong, payload) // an error has begun the end
	}
}

// Due implements poll.Handler: heartbeats and time limits.
func (c *conn) Due(*poll.Desc) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != open {
		c.partLocked()
		c.medium().Abort(errDeadline)
		return 0
	}
	l, now := &c.run.limits, c.run.now()
	next := int64(l.PingInterval)
	switch silent := now - c.heard; {
	case c.pinged && now >= c.due:
		c.closeLocked(transport.ReasonIdle)
		return c.run.closeWait
	case c.pinged:
		next = c.due - now
	case silent >= next:
		c.pinged = true
		c.due = now + int64(l.PongTimeout)
		next = min(next, int64(l.PongTimeout))
		if c.sendLocked(ws.OpPing, nil) != nil {
			return c.run.closeWait
		}
	default:
		next -= silent
	}
	if c.since == 0 {
		return time.Duration(next)
	}
	left := c.since + int64(l.ReadBodyTimeout) - now
	if left <= 0 {
		c.closeLocked(transport.ReasonIdle)
		return c.run.closeWait
	}
	return time.Duration(min(next, left))
}

// Closed implements poll.Handler: the socket is gone.
func (c *conn) Closed(_ *poll.Desc, err error) {
	c.mu.Lock()
	if c.state == open {
		c.reason = lossReason(err)
	}
	c.state = lingering
	r := c.reason
	c.mu.Unlock()
	c.in = nil
	c.run.gone(c, r)
}

// lossReason is why a connection ended whose socket was lost.
func lossReason(err error) transport.Reason {
	switch err {
	case poll.ErrStalled:
		return transport.ReasonSlow
	case poll.ErrStopped:
		return transport.ReasonShutdown
	default:
		return transport.ReasonClientClosed
	}
}
