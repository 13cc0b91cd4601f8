package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

// session is the actor of one client: a thin shell around mcp.Session. It passes inputs on and performs
// effects; what it decides itself is only where a message goes.
type session struct {
	a           *anchor
	core        *mcp.Session
	calls       []*call // in room while one slot is enough
	room        [1]*call
	incarnation uint32
	ending      bool
}

// Receive implements actor.Actor. A turn never blocks: it runs on the goroutine that delivers.
func (s *session) Receive(ctx actor.Context) {
	if s.a.journal != nil {
		s.a.beginTurn()
		defer s.a.endTurn()
	}
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.begin(supervisors.Number(ctx))
	case *received:
		s.received(ctx, m)
	case *callEvent:
		if m.incarnation == s.incarnation {
			s.called(m.in)
		}
	case *changed:
		s.step(m.in)
	case *streamOpened:
		s.openStreams()
	case *endSession:
		s.end(ctx, m.reason)
	case *actor.Stopping, *actor.Stopped:
		s.cancelCalls(errSessionEnded)
	}
	if s.a.log != nil {
		s.a.logBytes.Store(int32(s.a.log.bytes))
	}
	if s.a.changed && s.a.journal == nil {
		s.a.changed = false
		if h := s.a.gw.home; h != nil && !s.a.duplex {
			h.keep(s.a)
		}
	}
}

// begin starts an incarnation. What an earlier one owed is answered: its calls are gone.
func (s *session) begin(process uint64) {
	a := s.a
	a.process.Store(process)
	s.incarnation = a.incarnation.Add(1)
	s.core = mcp.NewSession(a.gw.server, a.gw.opts.sessionOptions(a.id, int(s.incarnation)), a.state.Load())
	if a.gw.draining.Load() {
		s.step(mcp.Draining{})
	}
	if s.incarnation == a.first {
		return
	}
	a.gw.obs.SessionRestarted()
	a.waiting.Store(0)
	for _, d := range a.ledger.takeAll(false) {
		d.link.settled(d, errorText(internalError(d.id)), true, 0)
	}
	s.openStreams()
	if reason := a.endReason(); reason != transport.ReasonDone {
		a.post(&endSession{reason: reason}) // the first one may have been lost
	}
}

func (s *session) received(ctx actor.Context, m *received) {
	s.a.waiting.Add(-1)
	s.step(m.in)
	failed := m.in.Message.Method == mcp.MethodInitialize.String() && s.a.state.Load() == nil
	if failed && m.link.mode == transport.Exchange {
		s.end(ctx, transport.ReasonBadRequest) // nobody learned the id
	}
}

// called passes on what a call reports and forgets calls that have ended.
func (s *session) called(in mcp.Input) {
	if done, ok := in.(mcp.CallDone); ok {
		for i, c := range s.calls {
			if c.id == done.Call {
				last := len(s.calls) - 1
				s.calls[i], s.calls[last] = s.calls[last], nil
				s.calls = s.calls[:last]
				if last == 0 {
					s.calls = nil
				}
				c.stop()
				break
			}
		}
	}
	s.step(in)
}

// step runs the core on one input and performs what it says.
func (s *session) step(in mcp.Input) {
	var room [4]mcp.Effect
	for _, e := range s.core.Step(time.Now(), in, room[:0]) {
		s.perform(e)
	}
}

func (s *session) perform(effect mcp.Effect) {
	a := s.a
	switch e := effect.(type) {
	case mcp.Reply:
		s.reply(e)
	case mcp.Forget:
		if d, ok := a.ledger.settle(e.Route, e.ID); ok {
			d.link.settled(d, nil, false, 0)
		}
	case mcp.Send:
		s.send(e)
	case mcp.StartCall:
		s.startCall(e)
	case mcp.CancelCall:
		if c := s.call(e.Call); c != nil {
			c.cancel(e.Cause)
		}
	case mcp.ExtendCall:
		if c := s.call(e.Call); c != nil {
			c.extend()
		}
	case mcp.Answer:
		if c := s.call(e.Call); c != nil {
			c.answered(e)
		}
	case mcp.CloseStream:
		s.closeRoute(e.Route)
	case mcp.Persist:
		a.state.Store(s.core.State())
		a.changed = true
	case mcp.LimitHit:
		a.gw.obs.LimitHit(limitOf[e.Limit])
	}
}

func (s *session) reply(e mcp.Reply) {
	d, ok := s.a.ledger.settle(e.Route, e.ID)
	if !ok {
		return
	}
	if e.Method == mcp.MethodInitialize && !e.Failed && d.link.mode == transport.Exchange {
		d.link.conn.Bind(s.a.id)
	}
	d.link.settled(d, e.Text, e.Failed, e.Status)
}

func (s *session) startCall(e mcp.StartCall) {
	c := newCall(s.a, s.incarnation, e)
	if s.calls == nil {
		s.calls = s.room[:0]
	}
	s.calls = append(s.calls, c)
	if l := s.a.target(e.Route); l != nil {
		l.conn.Go(c.run)
		return
	}
	go c.run()
}

func (s *session) call(id mcp.CallID) *call {
	for _, c := range s.calls {
		if c.id == id {
			return c
		}
	}
	return nil
}

// end ends the session: its actor exits normally and the gateway clears up.
func (s *session) end(ctx actor.Context, reason transport.Reason) {
	if s.ending {
		return
	}
	s.ending = true
	s.a.end(reason)
	supervisors.Exit(ctx, supervisors.Normal)
}

func (s *session) cancelCalls(cause error) {
	for _, c := range s.calls {
		c.cancel(cause)
		c.stop()
	}
	s.calls = nil
}
