package actors

import (
	"context"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/transport"
)

// carried are the connections of this node whose sessions other nodes have, until they are closed.
type carried struct {
	mu     sync.Mutex
	relays map[*relay]struct{}
}

func (c *carried) add(r *relay) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.relays == nil {
		c.relays = make(map[*relay]struct{})
	}
	c.relays[r] = struct{}{}
}

func (c *carried) remove(r *relay) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.relays, r)
}

// list is the relays of exchanges, or all others.
func (c *carried) list(exchanges bool) []*relay {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*relay
	for r := range c.relays {
		if (r.mode == transport.Exchange) == exchanges {
			out = append(out, r)
		}
	}
	return out
}

// Drain is Gateway.Drain, also for connections whose sessions other nodes have: their requests may finish,
// then those that are still open get an error, and clients with an event stream or a WebSocket are told to go.
func (f *Federation) Drain(ctx context.Context, spread time.Duration) int {
	cut := make(chan int)
	go func() { cut <- f.drainCarried(ctx, spread) }()
	own := f.Gateway.Drain(ctx, spread)
	return own + <-cut
}

func (f *Federation) drainCarried(ctx context.Context, spread time.Duration) int {
	for len(f.carried.list(true)) > 0 && pause(ctx) {
	}
	cut := f.carried.list(true)
	for _, r := range cut {
		r.cut()
	}
	streams := f.carried.list(false)
	batch := len(streams)/tableShards + 1
	for i, r := range streams {
		if i > 0 && i%batch == 0 && spread > 0 {
			time.Sleep(spread / tableShards)
		}
		r.conn.Close(transport.ReasonShutdown)
	}
	return len(cut)
}

// Disconnect is Gateway.Disconnect, also for event streams and WebSockets of sessions that other nodes have.
func (f *Federation) Disconnect(reason transport.Reason) {
	f.Gateway.Disconnect(reason)
	for _, r := range f.carried.list(false) {
		r.conn.Close(reason)
	}
}

// cut answers for an exchange that has no more time.
func (r *relay) cut() {
	r.lost()
	if stream := r.peer(); stream != nil {
		stream.Close(cluster.CodeUser+uint32(transport.ReasonShutdown), "")
	}
}
