package actors

import (
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
)

const (
	// logBurst and logRate bound the log messages of the server of this node: at once, and in a second.
	logBurst = 100
	logRate  = 100
	// logWaiting and logBytes bound what waits to be told, of all nodes together.
	logWaiting = 1024
	logBytes   = 4 << 20
)

// logQueue holds the log messages of servers until sessions are told. Its put and take belong to the
// gateway's mutex.
type logQueue struct {
	waiting []mcp.LogMessage // oldest first
	bytes   int

	mu     sync.Mutex
	spent  float64 // messages of the burst that are used up
	latest time.Time
}

// admit reports whether the server may log at now.
func (q *logQueue) admit(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if passed := now.Sub(q.latest); passed > 0 {
		q.spent = max(0, q.spent-passed.Seconds()*logRate)
		q.latest = now
	}
	if q.spent+1 > logBurst {
		return false
	}
	q.spent++
	return true
}

// put adds a message, and reports false when too much waits.
func (q *logQueue) put(m mcp.LogMessage) bool {
	if len(q.waiting) >= logWaiting || q.bytes+len(m.Text) > logBytes {
		return false
	}
	q.waiting = append(q.waiting, m)
	q.bytes += len(m.Text)
	return true
}

// take empties the queue.
func (q *logQueue) take() []mcp.LogMessage {
	all := q.waiting
	q.waiting, q.bytes = nil, 0
	return all
}
