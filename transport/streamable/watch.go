package streamable

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// sweepEvery is how long an answer or a disconnect may go unnoticed while a call does not return.
const sweepEvery = 250 * time.Millisecond

// watch looks at the exchanges whose handler goroutine is occupied or asleep, now and then, so that no
// exchange needs a timer of its own. The zero watch is ready.
type watch struct {
	mu        sync.Mutex
	exchanges map[*exchange]struct{}
	closed    bool
	reason    transport.Reason // of close
}

// enter is called with e.mu held, so that it cannot close e.
func (w *watch) enter(e *exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		e.server.work.run(func() { e.Close(w.reason) })
	}
	if w.exchanges == nil {
		w.exchanges = map[*exchange]struct{}{}
	}
	w.exchanges[e] = struct{}{}
}

func (w *watch) leave(e *exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.exchanges, e)
}

// close ends each exchange for reason r, also those that come later.
func (w *watch) close(r transport.Reason) {
	w.mu.Lock()
	w.closed, w.reason = true, r
	all := slices.Collect(maps.Keys(w.exchanges))
	w.mu.Unlock()
	for _, e := range all {
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
		w.mu.Lock()
		for e := range w.exchanges {
			all = append(all, e)
		}
		w.mu.Unlock()
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
	case e.streaming && !e.ended && now-e.lastSent >= e.server.options.Limits.PingInterval.Milliseconds():
		e.beat = true
		e.startFlushLocked()
	}
	e.mu.Unlock()
	if lost {
		e.report()
	}
}
