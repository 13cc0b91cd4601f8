package actors

import (
	"sync/atomic"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// link is a connection as sessions see it. It reads what comes in far enough to know which session it is
// for and what is owed, and hands it on. It survives a crash of its session.
type link struct {
	gw     *Gateway
	conn   transport.Conn
	anchor *anchor // of an exchange: nil until its message has been read
	route  mcp.Route
	mode   transport.Mode
	primed bool // an event stream has begun; belongs to the session's turns
	gone   atomic.Bool
	number uint32 // of a duplex connection or event stream
}

var _ transport.Receiver = (*link)(nil)

// Receive implements transport.Receiver.
func (l *link) Receive(text []byte) {
	l.gw.obs.Bytes(len(text), 0)
	if l.resumable() && !l.anchor.take(l) {
		return
	}
	if jsonrpc.IsBatch(text) {
		l.receiveBatch(text)
		return
	}
	message, err := jsonrpc.Scan(text, l.gw.opts.Limits.JSON)
	if err != nil {
		l.refuse(err, statusBadRequest)
		return
	}
	if l.mode == transport.Exchange && !l.resolve(message) {
		return
	}
	l.deliver(message, nil)
	if l.mode == transport.Exchange && message.Kind != jsonrpc.Request {
		l.conn.Close(transport.ReasonDone)
	}
}

// resolve finds the session of an exchange, or starts it for an initialize request. It reports false when
// the exchange has been answered.
func (l *link) resolve(message jsonrpc.Message) bool {
	info := l.conn.Info()
	if info.Session == "" {
		if err := outsideSession(message, info); err != nil {
			l.refuse(err, statusBadRequest)
			return false
		}
		a, refusal := l.gw.start(l, info)
		if refusal != nil {
			l.refuse(refusalError(message.ID, refusal.Reason), refusal.Reason.HTTPStatus())
			return false
		}
		l.anchor = a
	} else {
		if err := unspoken(message.ID, info); err != nil {
			l.refuse(err, statusBadRequest)
			return false
		}
		l.anchor = l.gw.lookup(info)
		if l.anchor == nil {
			r := l.gw.missing(info.Session)
			l.write(transport.Frame{Text: r.Text, Status: r.Reason.HTTPStatus(), Last: true})
			return false
		}
		if l.anchor.duplex {
			l.refuse(otherMedium(message.ID), statusBadRequest)
			return false
		}
	}
	l.route = mcp.Route(l.anchor.routes.Add(1))
	return true
}

// outsideSession says why a message that names no session is refused; nil for initialize, which starts one.
// A method that no revision with sessions has is answered as unknown whatever revision the client speaks: a
// client of a newer one that probes the server gets the plainest sign to start a session instead.
func outsideSession(message jsonrpc.Message, info transport.Info) *jsonrpc.Error {
	request := message.Kind == jsonrpc.Request
	switch method := mcp.MethodOf(message.Method); {
	case request && method == mcp.MethodInitialize:
		return unspoken(message.ID, info)
	case request && method == mcp.MethodOther:
		err := mcp.MethodNotFound(message.Method).Wire()
		err.ID = message.ID
		return err
	default:
		return sessionError(message.ID, "Mcp-Session-Id header is required")
	}
}

// unspoken says that the client's MCP-Protocol-Version header names no revision of ours; nil if it names
// one, or there is none.
func unspoken(id jsonrpc.ID, info transport.Info) *jsonrpc.Error {
	if info.Protocol == "" || mcp.RevisionOf(info.Protocol) != nil {
		return nil
	}
	return sessionError(id, "unsupported MCP-Protocol-Version")
}

// deliver enters a request into the ledger and hands the message to the session.
func (l *link) deliver(message jsonrpc.Message, b *batch) {
	a := l.anchor
	a.lastUse.Store(l.gw.clock.Load())
	full := a.waiting.Add(1) > l.gw.opts.Limits.waiting()
	if full {
		a.waiting.Add(-1)
		l.gw.obs.LimitHit(LimitInFlight)
	}
	switch {
	case message.Kind == jsonrpc.Request:
		if !l.owe(message, b, full) {
			return
		}
	case full:
		l.conn.Close(transport.ReasonQuota) // what is no request cannot be refused
		return
	}
	a.post(&received{link: l, in: mcp.Received{Route: l.route, Message: message, Batched: b != nil}})
}

// owe enters a request into the ledger. It reports false when the request has been answered instead: the
// session has ended, or too much waits for it.
func (l *link) owe(message jsonrpc.Message, b *batch, full bool) bool {
	method := mcp.MethodOf(message.Method)
	if method != mcp.MethodInitialize {
		l.anchor.used.Store(true)
	}
	l.gw.obs.RequestStarted(method)
	d := debt{id: message.ID, link: l, batch: b, since: l.gw.now(), route: l.route, method: method}
	switch {
	case full:
		l.settled(d, errorText(refusalError(d.id, transport.ReasonQuota)), true, transport.ReasonQuota.HTTPStatus())
	case !l.anchor.ledger.add(d):
		l.ended(d)
	default:
		return true
	}
	return false
}

// ended answers a request that comes when its session has just ended: for good, or on this node.
func (l *link) ended(d debt) {
	reason := l.anchor.endReason()
	err := refusalError(d.id, reason)
	if reason != transport.ReasonMoved && reason != transport.ReasonShutdown {
		reason, err = transport.ReasonNoSession, sessionError(d.id, "session has ended")
	}
	l.settled(d, errorText(err), true, reason.HTTPStatus())
}

// receiveBatch takes a JSON-RPC batch, where the session's revision has them.
func (l *link) receiveBatch(text []byte) {
	entries, err := jsonrpc.ScanBatch(text, l.gw.opts.Limits.JSON, l.gw.opts.Limits.Batch)
	if err != nil {
		l.refuse(err, statusBadRequest)
		return
	}
	if l.mode == transport.Exchange {
		// An initialize request may not be part of a batch, so there has to be a session.
		if !l.resolve(jsonrpc.Message{Kind: jsonrpc.Notification}) {
			return
		}
	}
	if st := l.anchor.state.Load(); st == nil || !st.Revision().Batches {
		l.refuse(&jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "batches are not part of the negotiated revision"}, statusBadRequest)
		return
	}
	b := &batch{}
	for _, e := range entries {
		if e.Err != nil || e.Message.Kind == jsonrpc.Request {
			b.want++
		}
	}
	if b.want == 0 {
		for _, e := range entries {
			l.deliver(e.Message, b)
		}
		if l.mode == transport.Exchange {
			l.conn.Close(transport.ReasonDone)
		}
		return
	}
	for _, e := range entries {
		if e.Err != nil {
			l.batched(b, errorText(e.Err))
			continue
		}
		l.deliver(e.Message, b)
	}
}

// refuse answers a text that is no request of a session.
func (l *link) refuse(err *jsonrpc.Error, status int) {
	switch err.Bound {
	case jsonrpc.DepthBound:
		l.gw.obs.LimitHit(LimitDepth)
	case jsonrpc.BatchBound:
		l.gw.obs.LimitHit(LimitBatch)
	case jsonrpc.NoBound:
	}
	l.write(transport.Frame{Text: errorText(err), Status: status, Last: l.mode == transport.Exchange})
}

// settled writes the answer to a debt that has been taken out of the ledger. text nil means that the
// request is never answered.
func (l *link) settled(d debt, text []byte, failed bool, status int) {
	l.gw.obs.RequestDone(d.method, failed, l.gw.now()-d.since)
	switch {
	case d.batch != nil:
		l.batched(d.batch, text)
	case text != nil:
		l.last(text, status)
	case l.mode != transport.Duplex:
		l.conn.Close(transport.ReasonDone)
	}
}

// batched adds the answer to one member of a batch.
func (l *link) batched(b *batch, text []byte) {
	array, complete := b.done(text)
	switch {
	case !complete:
	case array != nil:
		l.last(array, 0)
	case l.mode != transport.Duplex:
		l.conn.Close(transport.ReasonDone)
	}
}

// last writes what ends an exchange; on other connections, just a message.
func (l *link) last(text []byte, status int) {
	f := transport.Frame{Text: text, Status: status}
	if l.mode != transport.Duplex {
		f.Last = true
		if l.primed {
			f.Event = l.anchor.logged(l.route, text, true)
		}
	}
	l.write(f)
}

// write passes a frame on. A connection that is gone tells so by Closed; nothing is lost that the ledger or
// the event log do not know of.
func (l *link) write(f transport.Frame) {
	if l.resumable() {
		l.anchor.say(f.Text)
		return
	}
	_ = l.try(f)
}

// resumable reports whether what goes through the connection is in the journal of its session.
func (l *link) resumable() bool {
	return l.mode == transport.Duplex && l.anchor != nil && l.anchor.journal != nil
}

// try passes a frame on and says whether the connection took it.
func (l *link) try(f transport.Frame) error {
	err := l.conn.Write(f)
	switch err {
	case nil:
		l.gw.obs.Bytes(0, len(f.Text))
	case transport.ErrSlow:
		l.gw.obs.LimitHit(LimitOutgoing)
	}
	return err
}

// Closed implements transport.Receiver.
func (l *link) Closed(reason transport.Reason) {
	if l.gone.Swap(true) {
		return
	}
	if l.mode == transport.Exchange {
		return // calls go on; their outcomes are in the event log where the client can come back for them
	}
	l.gw.release(l, reason)
	if reason == transport.ReasonTooLarge {
		l.gw.obs.LimitHit(LimitMessageBytes)
	}
	l.anchor.lastUse.Store(l.gw.clock.Load())
	detached := l.anchor.detach(l)
	if l.mode == transport.Duplex && (!l.resumable() || detached && reason == transport.ReasonSessionEnded) {
		l.anchor.end(reason)
		l.anchor.post(&endSession{reason: reason})
	}
}
