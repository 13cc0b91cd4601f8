package actors

import (
	"strconv"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// journal makes a session over a duplex connection outlive it. Everything that the session says gets a number,
// from 1 without a gap, and the last of it is kept; a client that comes back says how many messages it has
// received, and is sent the rest. Likewise it is told how many of its own the session has received.
//
// A session that has a journal says what it says through it. Within a turn that waits for the turn's
// end, so that the snapshot with it is on its way to the keeper before it is on its way to the client.
//
// The fields are guarded by the mutex of the anchor.
type journal struct {
	log      eventLog // all of it on route 0
	sent     uint64   // number of the last one that the connection has taken
	received uint64   // messages of the client
	turn     bool     // a turn is under way
	dirty    bool     // since the last snapshot
	// gone are requests that were open on a node that is gone. They are answered when the client comes back: only
	// then it is known which numbers that node has given out.
	gone  []jsonrpc.ID
	loose bool // log.next may be behind what the client has received
}

// maxReceived bounds the number of messages that a client may say to have received.
const maxReceived = 1<<53 - 1

// returns reports whether the client of a duplex connection counts what it receives, and from where on.
func returns(info transport.Info) (received uint64, ok bool) {
	received, err := strconv.ParseUint(info.LastEventID, 10, 64)
	return received, err == nil && received <= maxReceived
}

// say sends text to the client of a session that has a journal, now or later.
func (a *anchor) say(text []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	j, limit := a.journal, a.gw.opts.Limits.EventLogBytes
	if j.turn && j.log.bytes+len(text)+eventOverhead > limit {
		a.flushLocked() // before anything goes that was not sent
	}
	_, dropped := j.log.add(0, text, false, limit)
	if dropped > 0 && j.log.events[0].seq > j.sent+1 {
		a.gw.obs.LimitHit(LimitEventLog)
	}
	j.dirty = true
	if !j.turn {
		a.flushLocked()
	}
}

// flushLocked sends the connection what it has not got.
func (a *anchor) flushLocked() {
	j := a.journal
	if a.own == nil {
		return
	}
	unsent := j.log.events[max(0, len(j.log.events)-int(j.log.next-j.sent)):]
	for _, e := range unsent {
		if a.own.try(transport.Frame{Text: e.text}) != nil {
			return
		}
		j.sent = e.seq
	}
}

// beginTurn holds back what the session says until endTurn.
func (a *anchor) beginTurn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.turn = true
}

// endTurn sends what the turn has said, after its snapshot.
func (a *anchor) endTurn() {
	a.mu.Lock()
	dirty := a.journal.dirty || a.changed
	a.journal.dirty, a.changed = false, false
	a.mu.Unlock()
	if h := a.gw.home; h != nil && dirty {
		h.keep(a)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.turn = false
	a.flushLocked()
}

// take counts a message of the client in. It reports false if it is not to be taken: the client has
// come back on another connection, or this node may not act for the session.
func (a *anchor) take(l *link) bool {
	acts := a.gw.home == nil || a.gw.home.here(a.id)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own != l {
		return false
	}
	if !acts {
		l.conn.Close(transport.ReasonUnavailable)
		a.own = nil
		return false
	}
	a.journal.received++
	a.journal.dirty = true
	return true
}

// resume makes l, whose client has received messages up to the given number, the connection of the session, and
// returns the one before.
func (a *anchor) resume(l *link, conn transport.Resumable, received uint64) (before *link, err *transport.Refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.journal
	switch {
	case a.closed || a.reason != transport.ReasonDone:
		return nil, a.gw.missing(a.id)
	case received > j.log.next && !j.loose:
		return nil, refusal(transport.ReasonBadRequest, sessionError("", "Last-Event-ID is beyond what was sent"))
	case received > j.log.next:
		j.log = eventLog{next: received}
	case j.log.next-received > uint64(len(j.log.events)):
		return nil, &transport.Refusal{Reason: transport.ReasonSlow}
	}
	for _, id := range j.gone {
		lost := &jsonrpc.Error{Code: mcp.CodeNodeLost, Message: "the node that ran the request went away", ID: id}
		j.log.add(0, errorText(lost), false, a.gw.opts.Limits.EventLogBytes)
	}
	j.gone, j.loose, j.dirty = nil, false, true
	before, a.own = a.own, l
	j.sent = received
	conn.Resume(a.id, j.received)
	a.flushLocked()
	return before, nil
}

// resume attaches l to the session that its client names, which the client left or lost the connection of.
func (g *Gateway) resume(l *link, info transport.Info) *transport.Refusal {
	received, ok := returns(info)
	conn, able := l.conn.(transport.Resumable)
	if !ok || !able {
		return refusal(transport.ReasonBadRequest, sessionError("", "Last-Event-ID header is required: the number of messages received"))
	}
	a := g.lookup(info)
	switch {
	case a == nil || a.duplex && a.journal == nil:
		return g.missing(info.Session)
	case a.journal == nil:
		return refusal(transport.ReasonBadRequest, sessionError("", "the session is over HTTP"))
	}
	if r := g.reserve(l, info); r != nil {
		return r
	}
	l.anchor = a
	a.lastUse.Store(g.clock.Load())
	before, r := a.resume(l, conn, received)
	if r != nil {
		g.release(l, r.Reason)
		if r.Reason == transport.ReasonSlow {
			g.endSession(a, r.Reason)
			return refusal(transport.ReasonNoSession, sessionError("", "messages after Last-Event-ID are no longer kept"))
		}
		return r
	}
	if before != nil {
		before.conn.Close(transport.ReasonReplaced)
	}
	a.post(&streamOpened{}) // its turn keeps a snapshot
	return nil
}
