package actors

import (
	"context"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// Disconnect closes every duplex connection and every session's own event stream for reason. Sessions of
// duplex connections end with them unless they have a journal; those over HTTP go on, and their clients can come
// back.
func (g *Gateway) Disconnect(reason transport.Reason) {
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			if own := a.stream(); own != nil {
				own.conn.Close(reason)
			}
		}
	}
}

// Drain ends the work of the node in order: nothing new is admitted, open requests may finish until ctx
// ends, then every client is told to go and its session ends, spread over the given time. It returns the
// number of requests that had to be cut short.
func (g *Gateway) Drain(ctx context.Context, spread time.Duration) int {
	g.draining.Store(true)
	m := &changed{in: mcp.Draining{}}
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			a.post(m)
		}
	}
	cut := g.quiesce(ctx)
	g.dismiss(spread)
	return cut
}

// quiesce waits until no request is open, or ctx ends.
func (g *Gateway) quiesce(ctx context.Context) int {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		open := 0
		for shard := range tableShards {
			for _, a := range g.table.list(shard) {
				open += a.ledger.len()
			}
		}
		if open == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return open
		case <-tick.C:
		}
	}
}

// dismiss ends every session, spread over time so that the clients do not all come back at once.
func (g *Gateway) dismiss(spread time.Duration) {
	pause := spread / tableShards
	for shard := range tableShards {
		sessions := g.table.list(shard)
		for _, a := range sessions {
			g.endSession(a, transport.ReasonShutdown)
		}
		if pause > 0 && len(sessions) > 0 && g.table.len() > 0 {
			time.Sleep(pause)
		}
	}
}
