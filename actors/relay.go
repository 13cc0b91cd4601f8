package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// relay is a connection of this node whose session another node has. It carries texts there and frames
// back, and owes the client an answer whatever becomes of that node.
type relay struct {
	f      *Federation
	conn   transport.Conn
	mode   transport.Mode
	direct bool // it is a guest's: what another node sent here goes to the owner only
	stream *cluster.Stream
	number uint32 // as that of a link

	mu      sync.Mutex
	text    []byte // of an exchange, until the owner has taken it
	owed    []jsonrpc.ID
	batch   bool
	written bool // a frame has gone to the client
	settled bool // begun has got the owner's answer
	done    bool
	begun   chan error // unless an exchange: the owner's answer, once

	// An exchange whose session has come to this node is passed on to inner; gone says that the client has
	// left, for which reason is the reason.
	inner  transport.Receiver
	gone   bool
	reason transport.Reason
}

var (
	_ transport.Receiver = (*relay)(nil)
	_ cluster.Handler    = (*fromOwner)(nil)
)

var errMoved = errors.New("actors: the session has moved")

// hop is where a connection goes next: to its owner, or through another member that may reach it.
type hop struct {
	to      cluster.Member // none: there is no way
	through bool
}

// way returns the next hop towards the owner of a session. Where this node does not hear the owner although
// it is in the view, that is a member which this node hears, another one with each attempt.
func (f *Federation) way(owner cluster.Member, attempt int) hop {
	if f.cluster.Reaches(owner.Boot) {
		return hop{to: owner}
	}
	if f.cluster.Isolated() {
		return hop{}
	}
	self := f.cluster.Self().Boot
	others := slices.DeleteFunc(slices.Clone(f.cluster.Members()), func(m cluster.Member) bool {
		return m.Boot == self || m.Boot == owner.Boot || !f.cluster.Reaches(m.Boot)
	})
	if len(others) == 0 {
		return hop{to: owner}
	}
	return hop{others[attempt%len(others)], true}
}

// relay carries conn towards the owner. Unless it is an exchange it waits for the owner's decision. ErrNodeDown and
// errMoved say that nothing was done.
func (f *Federation) relay(ctx context.Context, conn transport.Conn, info transport.Info, next hop) (transport.Receiver, error) {
	r := &relay{f: f, conn: conn, mode: info.Mode}
	_, r.direct = conn.(*guest)
	if info.Mode == transport.Exchange {
		err := r.open(next)
		if err == nil {
			f.carried.add(r)
		}
		return r, err
	}
	r.begun = make(chan error, 1)
	counted := &link{conn: conn}
	if refusal := f.reserve(counted, info); refusal != nil {
		return nil, f.refused(refusal)
	}
	r.number = counted.number
	err := r.open(next)
	if err == nil {
		select {
		case err = <-r.begun:
		case <-ctx.Done():
			r.stream.Close(cluster.CodeDeadline, "")
			err = settleRefusal(cluster.ErrUnsettled)
		}
	}
	if err != nil {
		f.release(counted, transport.ReasonUnavailable)
		return nil, err
	}
	f.carried.add(r)
	return r, nil
}

func (r *relay) open(next hop) error {
	if next.to.IsZero() {
		return cluster.ErrNodeDown
	}
	stream, err := r.f.cluster.Open(next.to, serviceName, encodeInfo(r.conn.Info(), next.through), &fromOwner{relay: r})
	if err != nil {
		if errors.Is(err, cluster.ErrNodeDown) {
			return err
		}
		return settleRefusal(err)
	}
	r.mu.Lock()
	r.stream = stream
	done := r.done
	r.mu.Unlock()
	if done { // the owner's last frame came before its stream was known here
		stream.Close(cluster.CodeOK, "")
	}
	return nil
}

// Receive implements transport.Receiver: a text of the client goes to the owner.
func (r *relay) Receive(text []byte) {
	r.f.obs.Bytes(len(text), 0)
	if r.mode == transport.Duplex { // what is lost on the way the client sends again
		if r.peer().Send(text) != nil {
			r.lost()
		}
		return
	}
	r.mu.Lock()
	r.text, r.owed, r.batch = text, requestIDs(text, r.f.opts), jsonrpc.IsBatch(text)
	stream := r.stream
	r.mu.Unlock()
	if stream.Send(bytes.Clone(text)) != nil {
		r.lost()
	}
}

// Closed implements transport.Receiver: the client is gone.
func (r *relay) Closed(reason transport.Reason) {
	r.f.carried.remove(r)
	if r.mode != transport.Exchange {
		r.f.release(&link{conn: r.conn}, reason)
	}
	r.mu.Lock()
	r.gone, r.reason = true, reason
	inner := r.inner
	r.mu.Unlock()
	if inner != nil {
		inner.Closed(reason)
		return
	}
	if r.finish() {
		r.peer().Close(cluster.CodeUser+uint32(reason), "")
	}
}

// finish ends the relay; false if it has ended.
func (r *relay) finish() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.done
	r.done = true
	return !was
}

func (r *relay) peer() *cluster.Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream
}

// decided passes the owner's decision about the connection on; false if nobody waits for it.
func (r *relay) decided(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == transport.Exchange || r.settled {
		return false
	}
	r.settled = true
	r.begun <- err // has room for the one
	return true
}

// lost answers for an owner that is gone or cannot be reached.
func (r *relay) lost() {
	if r.decided(cluster.ErrNodeDown) || !r.finish() {
		return
	}
	r.mu.Lock()
	owed, batch, written := r.owed, r.batch, r.written
	r.mu.Unlock()
	if len(owed) == 0 {
		r.conn.Close(transport.ReasonUnavailable)
		return
	}
	b := newAnswers(owed, batch)
	f := transport.Frame{Text: b, Last: true}
	if !written {
		f.Status = transport.ReasonUnavailable.HTTPStatus()
	}
	_ = r.conn.Write(f) // a client that is gone has been told nothing wrong
}

// newAnswers is an error response for each id: the node that had the request is gone.
func newAnswers(ids []jsonrpc.ID, batch bool) []byte {
	var out []byte
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		e := mcp.RetryLater(mcp.CodeNodeLost, "the node that had the request was lost", transport.RetryAfter).Wire()
		out = jsonrpc.AppendError(out, id, e)
	}
	if batch {
		return append(append([]byte{'['}, out...), ']')
	}
	return out
}

// again carries an exchange that its owner has not taken to whoever is the owner now.
func (r *relay) again() {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	r.mu.Lock()
	text := r.text
	r.mu.Unlock()
	for attempt := 1; pause(ctx) && !r.over(); attempt++ {
		owner, err := r.f.owner(ctx, r.conn.Info().Session)
		if err != nil {
			break
		}
		if owner.IsZero() {
			r.local(text)
			return
		}
		next := hop{to: owner}
		if !r.direct {
			next = r.f.way(owner, attempt)
		}
		switch err := r.open(next); {
		case err == nil && r.peer().Send(bytes.Clone(text)) == nil:
			return
		case err == nil || r.f.cluster.Isolated():
			r.lost()
			return
		}
	}
	r.lost()
}

// local serves an exchange whose session has come to this node meanwhile.
func (r *relay) local(text []byte) {
	if !r.finish() {
		return
	}
	receiver, err := r.f.Gateway.Accept(r.conn)
	if err != nil {
		r.conn.Close(transport.ReasonUnavailable)
		return
	}
	r.mu.Lock()
	r.inner = receiver
	gone, reason := r.gone, r.reason
	r.mu.Unlock()
	if gone {
		receiver.Closed(reason)
		return
	}
	receiver.Receive(text)
}

func (r *relay) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// fromOwner is the relay's side towards the owner, on one stream.
type fromOwner struct {
	*relay
	told bool // the owner has said that it does not serve the connection: the end of the stream says no more
}

// Receive implements cluster.Handler.
func (o *fromOwner) Receive(b []byte) {
	if len(b) == 0 {
		return
	}
	r := o.relay
	switch notice(b[0]) {
	case noticeAccepted:
		r.accepted(b[1:])
	case noticeMoved:
		o.told = true
		if !r.decided(errMoved) {
			go r.f.guarded(r.conn, r.again)
		}
	case noticeRefused:
		o.told = true
		refusal := decodeRefusal(b[1:])
		if !r.decided(refusal) && r.finish() {
			_ = r.conn.Write(transport.Frame{Text: refusal.Text, Status: refusal.Reason.HTTPStatus(), Last: true})
		}
	case noticeFrame:
		r.pass(b[1:])
	}
}

// accepted is told that the owner has taken the connection, and how many messages of a duplex one it had.
func (r *relay) accepted(b []byte) {
	received, n := binary.Uvarint(b)
	if conn, ok := r.conn.(transport.Resumable); ok && n > 0 && r.mode == transport.Duplex {
		conn.Resume(conn.Info().Session, received)
	}
	r.decided(nil)
}

// pass writes a frame of the owner to the client.
func (r *relay) pass(b []byte) {
	f, err := decodeFrame(b)
	if err != nil {
		r.lost()
		return
	}
	r.mu.Lock()
	if r.done {
		r.mu.Unlock()
		return
	}
	r.written, r.text, r.done = true, nil, f.Last
	stream := r.stream
	r.mu.Unlock()
	if err := r.conn.Write(f); err == nil {
		r.f.obs.Bytes(0, len(f.Text))
	}
	if f.Last && stream != nil { // else open closes it
		stream.Close(cluster.CodeOK, "")
	}
}

// Closed implements cluster.Handler: the owner has ended the connection, or is lost.
func (o *fromOwner) Closed(code uint32, _ string) {
	if o.told {
		return
	}
	r := o.relay
	if code < cluster.CodeUser {
		r.lost()
		return
	}
	reason := transport.Reason(min(code-cluster.CodeUser, uint32(transport.ReasonInternal)))
	if !r.decided(&transport.Refusal{Reason: reason}) && r.finish() {
		r.conn.Close(reason)
	}
}
