package streamable

import (
	"context"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// sweepEvery is how long an answer or a disconnect may go unnoticed while a call does not return.
const sweepEvery = 250 * time.Millisecond

// watch looks at the exchanges whose handler goroutine is occupied or asleep, now and then, so that no
// exchange needs a timer of its own. The zero watch is ready.
type watch struct {
	mu     sync.Mutex
	first  *exchange // of the list through next and previous
	closed bool
	reason transport.Reason // of close
}

// links are an exchange's place in the list of its watch, and the watch's alone.
type links struct{ next, previous *exchange }

// enter is called with e.mu held, so that it cannot close e.
func (w *watch) enter(e *exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		e.server.work.run(func() { e.Close(w.reason) })
	}
	if e.links.next = w.first; w.first != nil {
		w.first.links.previous = e
	}
	w.first = e
}

func (w *watch) leave(e *exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &e.links
	if l.next != nil {
		l.next.links.previous = l.previous
	}
	if l.previous != nil {
		l.previous.links.next = l.next
	} else {
		w.first = l.next
	}
	*l = links{}
}

// appendTo appends the exchanges in the list to all.
func (w *watch) appendTo(all []*exchange) []*exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	for e := w.first; e != nil; e = e.links.next {
		all = append(all, e)
	}
	return all
}

// close ends each exchange for reason r, also those that come later.
func (w *watch) close(r transport.Reason) {
	w.mu.Lock()
	w.closed, w.reason = true, r
	w.mu.Unlock()
	for _, e := range w.appendTo(nil) {
		e.Close(r)
	}
}

// start is the zero of watch time.
var start = time.Now()

// now is the watch time in ms.
func (w *watch) now() int64 { return time.Since(start).Milliseconds() }

// run sweeps until ctx ends.
func (w *watch) run(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	var all []*exchange
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		all = w.appendTo(all)
		now := w.now()
		for _, e := range all {
			e.sweep(now)
		}
		clear(all)
		all = all[:0]
	}
}

// sweep does for e what its handler goroutine cannot.
func (e *exchange) sweep(now int64) {
	beat := e.server.options.Limits.PingInterval.Milliseconds()
	e.mu.Lock()
	lost := false
	switch {
	case e.over || e.receiving:
	case e.ctx.Err() != nil && !e.gone:
		e.loseLocked(transport.ReasonClientClosed)
		e.wakeLocked()
		lost = !e.sending
	case e.ended && e.inJob && !e.finished:
		if e.late = e.seen; e.late {
			e.startFlushLocked()
		}
		e.seen = true
	case e.streaming && !e.ended && beat > 0 && now-e.lastSent >= beat:
		e.beat = true
		e.startFlushLocked()
	}
	e.mu.Unlock()
	if lost {
		e.report()
	}
}
