package actors

import (
	"context"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

const (
	// reapTick is the time between two shards of the session table being looked at: a round over all
	// takes 3.2 s, so time-outs are that precise.
	reapTick = 100 * time.Millisecond
	// changeDelay lets changes of the server's lists gather before sessions are told.
	changeDelay = 20 * time.Millisecond
)

// Serve runs what the gateway does on its own: it tells sessions of changes of the server's features and
// ends sessions whose time is over. It blocks until ctx ends; it is a service child of the tree.
func (g *Gateway) Serve(ctx context.Context) error {
	tick := time.NewTicker(reapTick)
	defer tick.Stop()
	var gather <-chan time.Time
	shard := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			g.clock.Store(g.seconds(time.Now()))
			g.reap(shard)
			shard = (shard + 1) % tableShards
		case <-g.wake:
			if gather == nil {
				gather = time.After(changeDelay)
			}
		case <-gather:
			gather = nil
			g.tell()
		}
	}
}

func (g *Gateway) seconds(t time.Time) uint32 { return uint32(t.Sub(g.epoch) / time.Second) }

// now is the time on the gateway's clock.
func (g *Gateway) now() time.Duration { return time.Since(g.epoch) }

// reap ends the sessions of a shard whose time is over.
func (g *Gateway) reap(shard int) {
	now := time.Now()
	for _, a := range g.table.list(shard) {
		if limit, reason, over := g.overdue(a, now); over {
			g.obs.LimitHit(limit)
			g.endSession(a, reason)
		}
	}
}

// overdue decides whether a session's time is over. A session with a connection or an open request is
// never idle: the transport notices when the client is gone.
func (g *Gateway) overdue(a *anchor, now time.Time) (Limit, transport.Reason, bool) {
	l := &g.opts.Limits
	age := now.Sub(a.start)
	if past(age, l.MaxAge) {
		return LimitAge, transport.ReasonIdle, true
	}
	if a.state.Load() == nil {
		return LimitHandshake, transport.ReasonHandshake, past(age, l.InitializeTimeout)
	}
	idle := time.Duration(g.seconds(now)-a.lastUse.Load()) * time.Second
	if a.stream() != nil || a.ledger.len() > 0 {
		return 0, 0, false
	}
	if !a.used.Load() && past(idle, l.UnusedTimeout) {
		return LimitUnused, transport.ReasonIdle, true
	}
	return LimitIdle, transport.ReasonIdle, past(idle, l.IdleTimeout)
}

// past reports whether d exceeds limit; a negative limit is none.
func past(d, limit time.Duration) bool { return limit > 0 && d > limit }

// note is told of a change of the server's features, or of a log message.
func (g *Gateway) note(in mcp.Input) {
	if _, ok := in.(mcp.LogMessage); ok && !g.logs.admit(time.Now()) {
		g.obs.LimitHit(LimitLogMessages)
		return
	}
	g.remember(in)
	if g.home != nil {
		g.home.changed(in)
	}
}

// remember keeps a change until tell.
func (g *Gateway) remember(in mcp.Input) {
	g.mu.Lock()
	switch in := in.(type) {
	case mcp.FeaturesChanged:
		g.pending |= in.Change
	case mcp.ResourceUpdated:
		if g.updated == nil {
			g.updated = make(map[string]struct{})
		}
		g.updated[in.URI] = struct{}{}
	case mcp.LogMessage:
		if !g.logs.put(in) {
			g.obs.LimitHit(LimitLogMessages)
		}
	}
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// tell passes the gathered changes on to the sessions they concern.
func (g *Gateway) tell() {
	g.mu.Lock()
	change, updated := g.pending, g.updated
	g.pending, g.updated = 0, nil
	messages := g.logs.take()
	g.mu.Unlock()
	if change != 0 {
		g.broadcast(mcp.FeaturesChanged{Change: change})
	}
	for uri := range updated {
		m := &changed{in: mcp.ResourceUpdated{URI: uri}}
		g.each(func(a *anchor, st *mcp.State) {
			if st.Subscribed(uri) {
				a.post(m)
			}
		})
	}
	for _, in := range messages {
		m := &changed{in: in}
		g.each(func(a *anchor, st *mcp.State) {
			if st.Logs(in.Level) {
				a.post(m)
			}
		})
	}
}

// broadcast passes an input to every initialized session.
func (g *Gateway) broadcast(in mcp.Input) {
	m := &changed{in: in}
	g.each(func(a *anchor, _ *mcp.State) { a.post(m) })
}

func (g *Gateway) each(f func(*anchor, *mcp.State)) {
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			if st := a.state.Load(); st != nil {
				f(a, st)
			}
		}
	}
}
