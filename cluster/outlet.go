package cluster

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// outlet is the way to one other member of the view.
type outlet struct {
	member Member
	pid    *actor.PID // the member's distribution actor
	ctx    context.Context
	close  context.CancelFunc // ends the stream, or the wait for one

	queued    atomic.Pointer[queued]
	conn      atomic.Pointer[net.Conn] // the last one
	connected atomic.Bool
	lost      atomic.Bool // was connected before
}

// newOutlet makes the way to a member.
func newOutlet(m Member) *outlet {
	o := &outlet{member: m, pid: actor.NewPID(m.Addr, actorName(m.Boot))}
	o.ctx, o.close = context.WithCancel(context.Background())
	o.queued.Store(new(queued))
	return o
}

// actorName is the name of the one actor that other nodes reach; it dies with the incarnation.
func actorName(boot string) string { return "distribution-" + boot }

// queued counts the bytes that wait for one connection. When the connection breaks, what waited is lost
// and the next connection starts with a counter of its own.
type queued struct{ bytes atomic.Int64 }

// put adds n bytes, unless something waits and the sum would pass maxQueuedBytes.
func (q *queued) put(n int) bool {
	if now := q.bytes.Add(int64(n)); now > maxQueuedBytes && now > int64(n) {
		q.bytes.Add(-int64(n))
		return false
	}
	return true
}

func (q *queued) take(n int) { q.bytes.Add(-int64(n)) }
