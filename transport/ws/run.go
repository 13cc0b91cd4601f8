package ws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

// trimInterval is for how long a worker of the crew may be without work, about.
const trimInterval = 2 * time.Second

// run is one call of Serve.
type run struct {
	acceptor  transport.Acceptor
	limits    transport.Limits
	rules     rules
	grace     time.Duration
	closeWait time.Duration
	log       *slog.Logger
	start     time.Time
	loop      *poll.Loop // nil where there is none
	conns     tally      // connections and handshakes
	tasks     crew

	mu     sync.Mutex
	roster []*conn // conn.place is the index
}

func newRun(o *Options, closeWait time.Duration, a transport.Acceptor) (*run, error) {
	r := &run{
		acceptor: a, limits: o.Limits, grace: o.Grace, closeWait: closeWait, log: o.Logger, start: time.Now(),
		rules: rules{messageBytes: o.Limits.MessageBytes, frames: o.Limits.FramesPerMessage},
	}
	r.tasks.fault = func(fault any) { r.panicked("task", fault) }
	loop, err := poll.New(poll.Options{
		Shards:         cmp.Or(o.Shards, runtime.GOMAXPROCS(0)),
		Tick:           tick(o.Limits, closeWait),
		OutgoingBytes:  o.Limits.OutgoingBytes,
		OutgoingFrames: o.Limits.OutgoingFrames,
		WriteTimeout:   o.Limits.WriteTimeout,
	})
	switch {
	case errors.Is(err, poll.ErrUnsupported):
	case err != nil:
		return nil, fmt.Errorf("ws: %w", err)
	default:
		r.loop = loop
	}
	return r, nil
}

// now is the time since the run began, in ns.
func (r *run) now() int64 { return int64(time.Since(r.start)) }

func (r *run) serve(ctx context.Context) {
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var loop sync.WaitGroup
	if r.loop != nil {
		loop.Go(func() { r.loop.Serve(loopCtx) })
	}
	r.tend(ctx)
	none := r.conns.close()
	if !within(none, r.grace) {
		r.each(func(c *conn) { c.Close(transport.ReasonShutdown) })
		for !within(none, 2*r.closeWait) { // again for those whose handshake was under way
			r.each(func(c *conn) { c.medium().Abort(poll.ErrStopped) })
		}
	}
	stop()
	loop.Wait()
	<-none
	<-r.tasks.close()
}

// tend looks after the run until ctx ends.
func (r *run) tend(ctx context.Context) {
	tick := time.NewTicker(trimInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.tasks.trim()
		}
	}
}

// within waits for done, but no longer than limit.
func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(max(limit, 0))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// guard is deferred where a panic must not go further.
func (r *run) guard(who string) {
	if fault := recover(); fault != nil {
		r.panicked(who, fault)
	}
}

func (r *run) panicked(who string, fault any) {
	r.log.LogAttrs(context.Background(), slog.LevelError, "panic recovered",
		slog.String("transport", "ws"), slog.String("who", who), slog.Any("err", fault), slog.String("stack", string(debug.Stack())))
}

// enrol puts c on the roster.
func (r *run) enrol(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.place = int32(len(r.roster))
	r.roster = append(r.roster, c)
}

// gone is called once for each enrolled connection, when its socket is closed.
func (r *run) gone(c *conn, reason transport.Reason) {
	r.mu.Lock()
	last := r.roster[len(r.roster)-1]
	r.roster[c.place] = last
	last.place = c.place
	r.roster[len(r.roster)-1] = nil
	r.roster = r.roster[:len(r.roster)-1]
	r.mu.Unlock()
	defer r.conns.done()
	if r.log.Enabled(context.Background(), slog.LevelDebug) {
		r.log.LogAttrs(context.Background(), slog.LevelDebug, "connection closed", slog.String("transport", "ws"),
			slog.String("conn", c.remote.String()), slog.String("reason", reason.Label()))
	}
	defer r.guard("receiver")
	if c.recv != nil {
		c.recv.Closed(reason)
	}
}

func (r *run) each(f func(*conn)) {
	r.mu.Lock()
	all := append([]*conn(nil), r.roster...)
	r.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}
