package ws

import (
	"net"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

// port carries the bytes of a conn whose socket cannot be parked: a goroutine reads, and another one
// writes while something waits. It keeps the rules of poll.Desc. Without net it only queues, for a conn
// whose handshake is under way.
type port struct {
	conn   *conn
	net    net.Conn // guarded by mu until serve runs
	limits transport.Limits

	mu      sync.Mutex
	queue   [][]byte
	bytes   int // sum of the lengths in queue, what is being written included
	writing bool
	ending  bool  // nothing more is queued
	err     error // why the end began
	timer   *time.Timer
	over    bool // the timer is not set any more
}

func newPort(c *conn, n net.Conn, l transport.Limits) *port {
	return &port{conn: c, net: n, limits: l}
}

// serve reads until the connection ends, then reports that. It waits for the writer.
func (p *port) serve() {
	buf := make([]byte, turnInput)
	for {
		n, err := p.net.Read(buf)
		if n > 0 {
			t := turns.Get().(*turn)
			p.conn.take(t, buf[:n])
			turns.Put(t)
		}
		if err != nil {
			p.Abort(err)
			break
		}
	}
	p.mu.Lock()
	p.over = true
	if p.timer != nil {
		p.timer.Stop()
	}
	err := p.err
	p.mu.Unlock()
	p.conn.Closed(nil, err)
}

// Write implements medium.
func (p *port) Write(b []byte) error { return p.push(b, false) }

// WriteUrgent implements medium.
func (p *port) WriteUrgent(b []byte) error { return p.push(b, true) }

func (p *port) push(b []byte, urgent bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ending:
		return poll.ErrClosed
	case urgent || len(p.queue) == 0:
	case len(p.queue) >= p.limits.OutgoingFrames || p.bytes+len(b) > p.limits.OutgoingBytes:
		return poll.ErrFull
	}
	p.queue = append(p.queue, append([]byte(nil), b...))
	p.bytes += len(b)
	p.startLocked()
	return nil
}

func (p *port) startLocked() {
	if !p.writing && p.net != nil {
		p.writing = true
		p.conn.run.tasks.run(p.drain)
	}
}

// drain writes until nothing waits. Only this goroutine removes from the queue.
func (p *port) drain() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.writing, p.queue = false, nil
			ending := p.ending
			p.mu.Unlock()
			if ending {
				p.net.Close()
			}
			return
		}
		b := p.queue[0]
		p.mu.Unlock()
		p.net.SetWriteDeadline(time.Now().Add(p.limits.WriteTimeout)) // an error shows in Write
		if _, err := p.net.Write(b); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				err = poll.ErrStalled
			}
			p.Abort(err)
		}
		p.mu.Lock()
		if len(p.queue) > 0 { // else aborted
			p.queue[0] = nil
			p.queue = p.queue[1:]
			p.bytes -= len(b)
		}
		p.mu.Unlock()
	}
}

// Close implements medium.
func (p *port) Close(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked(err)
	if !p.writing && p.net != nil {
		p.net.Close()
	}
}

// Abort implements medium.
func (p *port) Abort(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked(err)
	p.queue, p.bytes = nil, 0
	if p.net != nil {
		p.net.Close()
	}
}

func (p *port) endLocked(err error) {
	if !p.ending {
		p.ending, p.err = true, err
	}
}

// CloseWrite implements medium.
func (p *port) CloseWrite() {
	if half, ok := p.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the peer may be gone
	}
}

// SetTimer implements medium.
func (p *port) SetTimer(after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.over, p.net == nil:
	case p.timer == nil:
		p.timer = time.AfterFunc(after, p.due)
	default:
		p.timer.Reset(after)
	}
}

func (p *port) due() {
	if next := p.conn.Due(nil); next > 0 {
		p.SetTimer(next)
	}
}

// Waiting implements medium.
func (p *port) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}
