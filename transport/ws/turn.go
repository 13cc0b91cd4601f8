package ws

import (
	"errors"
	"sync"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

const (
	turnInput  = 4 << 10  // bytes read in a turn, unless a larger frame is under way
	turnBuffer = 64 << 10 // most bytes read in a turn
	turnOutput = 32 << 10 // bytes of answers that are sent before the turn ends
	keptBuffer = 64 << 10 // larger buffers are not reused
)

var errDeadline = errors.New("ws: closing took too long")

// turn is what handling one piece of input needs. It is borrowed by whoever reads, so that there are as
// many as there are readers at work.
type turn struct {
	buf     [turnBuffer]byte
	scratch decoder // at work while nothing is incomplete
	fresh   bool    // a message ended in this turn, so that an incomplete one began in it
	// The rest belongs to the mutex of the conn whose turn it is.
	out     []byte   // frames that wait for the end of the turn
	urgent  bool     // out ends with a close frame
	pending []func() // of Go, until Receive has returned
}

var (
	turns   = sync.Pool{New: func() any { return new(turn) }}
	buffers = sync.Pool{New: func() any { return new([]byte) }}
)

func recycle(b *[]byte) {
	if cap(*b) <= keptBuffer {
		buffers.Put(b)
	}
}

// Readable implements poll.Handler: it reads once.
func (c *conn) Readable(d *poll.Desc) error {
	t := turns.Get().(*turn)
	defer turns.Put(t)
	n, err := d.Read(t.buf[:c.appetite()])
	if err == poll.ErrAgain {
		return nil
	}
	if err != nil {
		return err
	}
	c.take(t, t.buf[:n])
	return nil
}

// appetite is how much to read at once.
func (c *conn) appetite() int {
	if c.in == nil || c.in.left < turnInput {
		return turnInput
	}
	return min(c.in.left, turnBuffer)
}

// take handles input.
func (c *conn) take(t *turn, input []byte) {
	c.mu.Lock()
	c.heard = c.run.now()
	c.pinged = false
	s := c.state
	if s > closing {
		c.mu.Unlock()
		return
	}
	c.turn = t
	c.mu.Unlock()
	d := c.in
	if d == nil {
		d = &t.scratch
	}
	defer c.endTurn(t, d)
	for live := s == open; ; {
		var e event
		e, input = d.next(input, &c.run.rules)
		switch e.kind {
		case needMore:
			return
		case gotText:
			t.fresh = true
			if live {
				live = c.deliver(t, e.data)
			}
		case gotPing:
			c.pong(e.data)
		case gotPong:
		case gotClose:
			c.peerClosed(e.code)
			return
		case broken:
			c.fail(e.reason)
			return
		}
	}
}

// deliver hands a message to the owner, then starts what the owner wants to run. It reports whether the
// connection is still open.
func (c *conn) deliver(t *turn, text []byte) bool {
	c.recv.Receive(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLocked(t)
	return c.state == open
}

func (c *conn) startLocked(t *turn) {
	for i, fn := range t.pending {
		t.pending[i] = nil
		c.run.tasks.run(fn)
	}
	t.pending = t.pending[:0]
}

// endTurn sends what is ready and keeps what is incomplete.
func (c *conn) endTurn(t *turn, d *decoder) {
	if fault := recover(); fault != nil {
		c.run.panicked("receiver", fault)
		c.fail(transport.ReasonInternal)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLocked(t)
	c.keepLocked(d, t)
	if t.urgent {
		t.urgent = false
		_ = c.medium().WriteUrgent(t.out) // a lost socket is reported to Closed
		t.out = t.out[:0]
	}
	c.turn = nil
	_ = c.flushLocked(t) // an error has begun the end
	if cap(t.out) > keptBuffer {
		t.out = nil
	}
	switch c.state {
	case leaving:
		c.partLocked()
	case lingering:
		if c.medium().Waiting() == 0 {
			c.medium().CloseWrite()
		}
	default: // nothing is left to do
	}
}

// keepLocked keeps the decoder if a message is incomplete, and sees to its time limit.
func (c *conn) keepLocked(d *decoder, t *turn) {
	if t.fresh {
		t.fresh, c.since = false, 0
	}
	switch {
	case c.state > closing || d.idle():
		c.in, c.since = nil, 0
	case c.in == nil:
		c.in = new(decoder)
		*c.in = *d
	}
	if d == &t.scratch {
		t.scratch.reset()
	}
	if c.in != nil && c.since == 0 && c.state == open {
		c.since = c.heard
		c.medium().SetTimer(min(c.run.limits.ReadBodyTimeout, c.run.limits.PingInterval))
	}
}
