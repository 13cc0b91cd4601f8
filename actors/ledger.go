package actors

import (
	"slices"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
)

// debt is one request that waits for its answer.
type debt struct {
	id     jsonrpc.ID
	link   *link
	batch  *batch        // nil outside batches
	since  time.Duration // when it came in, on the gateway's clock
	route  mcp.Route
	method mcp.Method
}

// ledger holds the requests of one session that have come in and are not answered. It is the one place
// that decides whether an answer may still be written, so that each request gets exactly one. Entries are
// added by the goroutine that delivers, before the session sees the request, and survive the session.
type ledger struct {
	mu     sync.Mutex
	debts  []debt  // in the order of arrival; in room while one slot is enough
	room   [1]debt // so that a session with one request at a time needs no memory for it
	closed bool
}

// add enters d. It reports false when the session has ended: then nothing is owed and the caller answers.
func (l *ledger) add(d debt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.debts == nil {
		l.debts = l.room[:0]
	}
	l.debts = append(l.debts, d)
	return true
}

// settle removes the debt for id on route. ok is false when nothing was owed: the request has been
// answered.
func (l *ledger) settle(route mcp.Route, id jsonrpc.ID) (d debt, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.debts, func(d debt) bool { return d.route == route && d.id == id })
	if at < 0 {
		return debt{}, false
	}
	d = l.debts[at]
	l.debts = slices.Delete(l.debts, at, at+1)
	if len(l.debts) == 0 {
		l.debts = nil
	}
	return d, true
}

// link returns the connection that is owed something on route, or nil.
func (l *ledger) link(route mcp.Route) *link {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.debts {
		if l.debts[i].route == route {
			return l.debts[i].link
		}
	}
	return nil
}

// move makes to the connection that is owed what is open on route. It returns the one before; nil if
// nothing is open.
func (l *ledger) move(route mcp.Route, to *link) (before *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.debts {
		if l.debts[i].route == route {
			before, l.debts[i].link = l.debts[i].link, to
		}
	}
	return before
}

// streamed returns the debts whose answers go to an event stream.
func (l *ledger) streamed() []debt {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []debt
	for _, d := range l.debts {
		if d.link != nil && d.link.primed {
			out = append(out, d)
		}
	}
	return out
}

// list returns what is open.
func (l *ledger) list() []debt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.debts)
}

// takeAll empties the ledger. With closed, later add calls are refused.
func (l *ledger) takeAll(closed bool) []debt {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.debts)
	clear(l.debts)
	l.debts = nil
	l.closed = l.closed || closed
	return all
}

// len is the number of open requests.
func (l *ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.debts)
}

// batch collects the answers to a JSON-RPC batch (MCP 2025-03-26), which leave as one array.
type batch struct {
	mu    sync.Mutex
	want  int // answers still to come
	texts [][]byte
}

// done adds one answer (nil for a request that is never answered) and, when it was the last one, returns
// the encoded array. The array is nil when nothing is to be said, or when answers are still to come.
func (b *batch) done(text []byte) (array []byte, complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.want--
	if text != nil {
		b.texts = append(b.texts, text)
	}
	if b.want > 0 {
		return nil, false
	}
	if len(b.texts) == 0 {
		return nil, true
	}
	size := 2
	for _, t := range b.texts {
		size += len(t) + 1
	}
	array = append(make([]byte, 0, size), '[')
	for i, t := range b.texts {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, t...)
	}
	return append(array, ']'), true
}
