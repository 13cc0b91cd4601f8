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
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.begin()
	case *received:
		s.received(ctx, m)
	case *callEvent:
		if m.incarnation == s.incarnation {
			s.called(m.in)
		}
	case *changed:
		s.step(m.in)
	case *streamOpened:
		s.opened(m)
	case *endSession:
		s.end(ctx, m.reason)
	case *actor.Stopping, *actor.Stopped:
		s.cancelCalls(errSessionEnded)
	}
	if s.a.changed {
		s.a.changed = false
		if h := s.a.gw.home; h != nil && !s.a.duplex {
			h.keep(s.a)
		}
	}
}

// begin starts an incarnation. What an earlier one owed is answered: its calls are gone.
func (s *session) begin() {
	a := s.a
	s.incarnation = a.incarnation.Add(1)
	s.core = mcp.NewSession(a.gw.server, a.gw.opts.sessionOptions(a.id, int(s.incarnation)), a.state.Load())
	if s.incarnation == a.first {
		return
	}
	a.gw.obs.SessionRestarted()
	for _, d := range a.ledger.takeAll(false) {
		d.link.settled(d, errorText(internalError(d.id)), true, 0)
	}
}

func (s *session) received(ctx actor.Context, m *received) {
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

// send passes a message of the server on, to the stream it belongs to.
func (s *session) send(e mcp.Send) {
	l := s.a.target(e.Route)
	switch {
	case l != nil && l.mode == transport.Duplex:
		l.write(transport.Frame{Text: e.Text})
	case l != nil:
		s.prime(l)
		l.write(transport.Frame{Text: e.Text, Event: s.a.logged(l.route, e.Text, false)})
	case e.Route == 0 && s.a.log != nil:
		s.a.logged(0, e.Text, false) // the client had a stream and may come back for this
		s.a.log.events[len(s.a.log.events)-1].missed = true
	}
}

// prime begins the event stream of l, where the revision has it (MCP 2025-11-25, basic/transports).
func (s *session) prime(l *link) {
	if l.primed {
		return
	}
	l.primed = true
	if st := s.a.state.Load(); st != nil && st.Revision().Priming {
		l.write(transport.Frame{Event: s.a.logged(l.route, nil, false)})
	}
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

// closeRoute ends an event stream early; the rest of it waits in the log.
func (s *session) closeRoute(route mcp.Route) {
	l := s.a.target(route)
	if l == nil || l.mode == transport.Duplex {
		return
	}
	s.prime(l)
	l.conn.Close(transport.ReasonReconnect)
}

// opened attaches an event stream that the client opened: as the session's own stream, or to go on with
// one that broke.
func (s *session) opened(m *streamOpened) {
	a, l := s.a, m.link
	if a.log == nil {
		a.log = &eventLog{}
	}
	resume := m.resume && a.log.knows(m.seq)
	if resume && m.route != 0 {
		events := a.log.after(m.route, m.seq)
		open := a.ledger.moved(m.route, l)
		if open || len(events) > 0 {
			l.route, l.primed = m.route, true
			l.replay(events)
			return
		}
		resume = false // nothing is left of it: the client gets the session's own stream
	}
	if before := a.attach(l); before != nil {
		before.conn.Close(transport.ReasonReplaced)
	}
	missed := a.log.missed()
	if resume {
		l.primed = true
		l.replay(a.log.after(0, m.seq))
		return
	}
	// A client of a revision without priming has no id to resume from before its first event.
	s.prime(l)
	l.replay(missed)
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

// logged appends an event to the session's log and returns its id.
func (a *anchor) logged(route mcp.Route, text []byte, last bool) string {
	if a.log == nil {
		a.log = &eventLog{}
	}
	a.changed = true
	id, dropped := a.log.add(route, text, last, a.gw.opts.Limits.EventLogBytes)
	if dropped > 0 {
		a.gw.obs.LimitHit(LimitEventLog)
	}
	return id
}

// replay writes events of the log.
func (l *link) replay(events []event) {
	for _, e := range events {
		l.write(transport.Frame{Text: e.text, Event: e.id(), Last: e.last})
	}
}
