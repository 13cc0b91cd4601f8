package actors

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// anchor is what of a session outlives a crash of its actor, and what other goroutines may know of it.
type anchor struct {
	id     string
	gw     *Gateway
	pid    *actor.PID // set before the anchor is in the table; the same for all incarnations
	ledger ledger
	state  atomic.Pointer[mcp.State] // last snapshot; nil before initialize
	start  time.Time

	duplex      bool   // the session is over a duplex connection, and ends with it unless it has a journal
	first       uint32 // incarnation that this node started with
	changed     bool   // since the last snapshot; belongs to the session's turns
	incarnation atomic.Uint32
	routes      atomic.Uint32 // last route given out
	lastUse     atomic.Uint32 // second of the gateway's clock
	used        atomic.Bool   // a request after initialize has come in
	ended       atomic.Bool
	process     atomic.Uint64 // number of the incarnation that runs, or ran last
	work        atomic.Int64  // run time of its handlers, in nanoseconds
	logBytes    atomic.Int32  // bytes in log, as of the last turn
	waiting     atomic.Int32  // messages of the client that wait for their turn

	// streams is the session's own stream (route 0): the duplex connection, or the newest GET stream.
	// log keeps events for resumption. Both belong to the session's turns, which never overlap.
	log     *eventLog
	journal *journal // never changed; nil for most

	mu      sync.Mutex
	own     *link     // route 0
	opening []opening // event streams that wait to be attached in a turn
	closed  bool      // no further ones are taken
	reason  transport.Reason
}

// opening is an event stream that the client has opened; with resume it is to go on after seq of route.
type opening struct {
	link   *link
	resume bool
	route  mcp.Route
	seq    uint64
}

// enter notes a stream for the session's next turn. It is kept here, since a message is lost when its actor
// crashes. It reports false when the session has ended.
func (a *anchor) enter(o opening) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.opening = append(a.opening, o)
	return true
}

// takeOpening takes the streams that wait. With closed, later enter calls are refused.
func (a *anchor) takeOpening(closed bool) []opening {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.opening
	a.opening = nil
	a.closed = a.closed || closed
	return all
}

// stream returns the link of route 0, or nil.
func (a *anchor) stream() *link {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.own
}

// attach makes l the link of route 0 and returns the one before.
func (a *anchor) attach(l *link) *link {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.own
	a.own = l
	return before
}

// detach forgets l if it is the link of route 0.
func (a *anchor) detach(l *link) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own != l {
		return false
	}
	a.own = nil
	return true
}

// end marks the session as ended for reason; the first reason wins.
func (a *anchor) end(reason transport.Reason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reason == transport.ReasonDone {
		a.reason = reason
	}
}

func (a *anchor) endReason() transport.Reason {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reason
}

// kept reports whether the session can go on on another node.
func (a *anchor) kept() bool { return !a.duplex || a.journal != nil }

// post delivers a message to the session's actor; the turn may run before post returns.
func (a *anchor) post(message any) {
	a.gw.root.Send(a.pid, message)
}

// target returns the link that messages on route go to, or nil.
func (a *anchor) target(route mcp.Route) *link {
	if route == 0 {
		return a.stream()
	}
	return a.ledger.link(route)
}
