package actors

import (
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// send passes a message of the server on, to the stream it belongs to.
func (s *session) send(e mcp.Send) {
	if s.a.journal != nil {
		s.a.say(e.Text)
		return
	}
	l := s.a.target(e.Route)
	switch {
	case l != nil && l.mode == transport.Duplex:
		l.write(transport.Frame{Text: e.Text})
	case l != nil:
		s.prime(l)
		event := s.a.logged(l.route, e.Text, false)
		if l.try(transport.Frame{Text: e.Text, Event: event}) != nil && e.Route == 0 {
			s.a.log.miss()
		}
	case e.Route == 0 && s.a.log != nil:
		s.a.logged(0, e.Text, false) // the client had a stream and may come back for this
		s.a.log.miss()
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

// closeRoute ends an event stream early; the rest of it waits in the log.
func (s *session) closeRoute(route mcp.Route) {
	l := s.a.target(route)
	if l == nil || l.mode == transport.Duplex {
		return
	}
	s.prime(l)
	l.conn.Close(transport.ReasonReconnect)
}

// openStreams attaches the event streams that the client has opened.
func (s *session) openStreams() {
	for _, o := range s.a.takeOpening(false) {
		s.opened(o)
	}
}

// opened attaches an event stream that the client opened: as the session's own stream, or to go on with
// one that broke.
func (s *session) opened(o opening) {
	a := s.a
	if a.log == nil {
		a.log = &eventLog{}
	}
	resume := o.resume && a.log.knows(o.seq)
	if resume && o.route != 0 && s.resumed(o) {
		return
	}
	// When nothing is left of a stream the client gets the session's own.
	s.becomeOwn(o.link)
	missed := a.log.missed()
	if resume && o.route == 0 {
		o.link.primed = true
		o.link.replay(a.log.after(0, o.seq))
		return
	}
	// A client of a revision without priming has no id to resume from before its first event.
	s.prime(o.link)
	o.link.replay(missed)
}

// becomeOwn makes l the session's own stream in place of the one before.
func (s *session) becomeOwn(l *link) {
	if before := s.a.attach(l); before != nil {
		before.conn.Close(transport.ReasonReplaced)
	}
	if l.gone.Load() {
		s.a.detach(l) // it ended before this turn came
	}
}

// resumed lets a request's stream go on in the one that the client has opened, and reports false when
// nothing is left of it. A stream on which nothing is open ends with what was kept.
func (s *session) resumed(o opening) bool {
	a, l := s.a, o.link
	events := a.log.after(o.route, o.seq)
	before := a.ledger.move(o.route, l)
	if before == nil && len(events) == 0 {
		return false
	}
	l.route, l.primed = o.route, true
	l.replay(events)
	if before == nil {
		l.conn.Close(transport.ReasonDone) // of no effect after the answer; a cancelled request has none
	} else {
		before.conn.Close(transport.ReasonReplaced)
	}
	return true
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
