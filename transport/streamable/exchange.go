package streamable

import (
	"context"
	"net/http"
	"sync"

	"github.com/erlmcp/erlmcp/transport"
)

// exchange is the Conn of a POST, and of a GET stream that cannot be parked. Its handler goroutine is the
// home of everything; two cases need help:
//
//   - The owner writes while a call occupies the handler goroutine: a flusher goroutine sends.
//   - The answer is there, or the client is gone, while a call does not return: the watch notices.
//
// Who sends holds the sending flag; the answer is that goroutine's alone. The ResponseWriter is given back
// to net/http when receive or stream returns, never while sending is set.
type exchange struct {
	server   *server
	ctx      context.Context
	receiver transport.Receiver // set before anything can end
	answer   answer             // the sender's
	links    links              // the watch's

	mu        sync.Mutex
	info      transport.Info
	queue     []transport.Frame // to be sent, in order
	first     [1]transport.Frame
	frames    int // written and not sent
	bytes     int // their size
	job       func()
	further   []func() // given to Go during Receive after job
	wake      chan struct{}
	lastSent  int64 // watch time of the last bytes on an event stream
	bound     bool  // Bind was called
	receiving bool  // Receive is under way: nothing else happens
	inJob     bool  // the handler goroutine runs a call
	waiting   bool  // the handler goroutine sleeps
	sending   bool
	streaming bool // an event stream has begun
	ended     bool // nothing more is taken; what is queued goes out
	last      bool // ended by a Last frame
	finished  bool // the answer is complete
	reported  bool // Closed was called
	over      bool // the handler goroutine is gone
	gone      bool // the client is
	beat      bool // a comment is to be sent
	seen      bool // the watch saw a complete answer that waits for a call
	late      bool // that call is not waited for any longer
	watched   bool
	reason    transport.Reason // why ended
}

var _ transport.Conn = (*exchange)(nil)

func newExchange(s *server, w http.ResponseWriter, r *http.Request, info transport.Info) *exchange {
	e := &exchange{server: s, ctx: r.Context(), info: info, receiving: true}
	e.answer = answer{w: w, reconnect: s.options.Reconnect, chunked: r.ProtoAtLeast(1, 1)}
	if r.TLS != nil {
		e.answer.timeout = s.options.Limits.WriteTimeout
	}
	e.queue = e.first[:0]
	return e
}

// Write implements transport.Conn.
func (e *exchange) Write(f transport.Frame) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return transport.ErrClosed
	}
	l := &e.server.options.Limits
	if e.frames > 0 && (e.frames >= l.OutgoingFrames || e.bytes+len(f.Text) > l.OutgoingBytes) {
		e.cutLocked()
		return transport.ErrSlow
	}
	e.queue = append(e.queue, f)
	e.frames++
	e.bytes += len(f.Text)
	if f.Last {
		e.ended, e.last, e.reason = true, true, transport.ReasonDone
	}
	switch {
	case e.waiting:
		e.wakeLocked()
	case e.inJob && !f.Last:
		e.startFlushLocked()
		// A last frame is most often the result of the call, which is about to return.
	}
	return nil
}

// Close implements transport.Conn.
func (e *exchange) Close(r transport.Reason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return
	}
	e.ended, e.reason = true, r
	switch {
	case e.waiting:
		e.wakeLocked()
	case e.inJob:
		e.startFlushLocked()
	}
}

// Bind implements transport.Conn.
func (e *exchange) Bind(session string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.info.Session = session
	e.bound = true
}

// Info implements transport.Conn.
func (e *exchange) Info() transport.Info {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.info
}

// Go implements transport.Conn. The handler goroutine takes one call at a time, so that several run beside
// each other.
func (e *exchange) Go(fn func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case (e.receiving || e.waiting) && e.job == nil && !e.ended:
		e.job = fn
		e.wakeLocked()
	case e.receiving:
		e.further = append(e.further, fn)
	default:
		e.server.work.run(fn)
	}
}

func (e *exchange) wakeLocked() {
	if !e.waiting {
		return
	}
	e.waiting = false
	select {
	case e.wake <- struct{}{}:
	default: // an earlier one was not taken yet, which does as well
	}
}

// cutLocked ends an exchange whose client does not read.
func (e *exchange) cutLocked() {
	e.ended, e.reason = true, transport.ReasonSlow
	e.queue = nil
	e.answer.abort(socketOf(e.ctx))
	e.wakeLocked()
}

// loseLocked ends an exchange whose client is gone.
func (e *exchange) loseLocked(r transport.Reason) {
	e.gone = true
	e.queue = nil
	if !e.ended || e.last {
		e.ended, e.last, e.reason = true, false, r
	}
}

// report tells the owner about the end, once.
func (e *exchange) report() {
	e.mu.Lock()
	first := !e.reported
	e.reported = true
	r := e.reason
	e.mu.Unlock()
	if first {
		e.receiver.Closed(r)
	}
}
