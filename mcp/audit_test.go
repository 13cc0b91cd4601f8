package mcp

import (
	"bytes"
	"fmt"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// auditor steps a session and checks what holds for every sequence of inputs. Each request it passes on has a
// route of its own, so that every reply can be told apart.
type auditor struct {
	session *Session
	open    map[CallID]StartCall // calls without CallDone
	owed    map[Route]jsonrpc.ID // requests without an outcome
	called  map[Route]CallID     // those of them that a call answers
	asked   map[string]bool      // ids of requests to the client, ever
	waiting map[askKey]bool      // asks of handlers without an answer
	route   Route
}

type askKey struct {
	call  CallID
	token uint64
}

func newAuditor(s *Session) *auditor {
	return &auditor{
		session: s,
		open:    map[CallID]StartCall{},
		owed:    map[Route]jsonrpc.ID{},
		called:  map[Route]CallID{},
		asked:   map[string]bool{},
		waiting: map[askKey]bool{},
	}
}

// receive passes on a message of the client; it says what is wrong with what the session does about it.
func (a *auditor) receive(m jsonrpc.Message, batched bool) error {
	a.route++
	if m.Kind == jsonrpc.Request {
		a.owed[a.route] = m.ID
	}
	if err := a.step(Received{Route: a.route, Message: m, Batched: batched}); err != nil {
		return err
	}
	if _, owed := a.owed[a.route]; owed && a.called[a.route] == 0 {
		return fmt.Errorf("request %s on route %d has neither an answer nor a call", m.ID, a.route)
	}
	return nil
}

func (a *auditor) ask(in CallAsked) error {
	a.waiting[askKey{in.Call, in.Token}] = true
	return a.step(in)
}

func (a *auditor) abandon(in AskAbandoned) error {
	delete(a.waiting, askKey{in.Call, in.Token})
	return a.step(in)
}

func (a *auditor) done(call CallID, o Outcome) error {
	err := a.step(CallDone{call, o})
	delete(a.open, call)
	return err
}

// finish ends all calls and checks that nothing is left.
func (a *auditor) finish() error {
	for call := range a.open {
		if err := a.done(call, Outcome{Result: emptyResult}); err != nil {
			return err
		}
	}
	switch {
	case len(a.owed) != 0:
		return fmt.Errorf("requests without an outcome: %v", a.owed)
	case a.session.InFlight() != 0:
		return fmt.Errorf("%d calls in flight after all have ended", a.session.InFlight())
	case a.session.asks != nil:
		return fmt.Errorf("%d requests to the client outlive their calls", len(a.session.asks))
	}
	return nil
}

func (a *auditor) step(in Input) error {
	before := a.session.State()
	var text []byte
	if before != nil {
		text = before.Marshal()
	}
	persisted := false
	for _, e := range a.session.Step(time.Time{}, in, nil) {
		if err := a.check(e); err != nil {
			return fmt.Errorf("%T: %w", in, err)
		}
		if _, ok := e.(Persist); ok {
			persisted = true
		}
	}
	if changed := a.session.State() != before; changed != persisted {
		return fmt.Errorf("%T: state changed: %v, effect Persist: %v", in, changed, persisted)
	}
	if before != nil && !bytes.Equal(before.Marshal(), text) {
		return fmt.Errorf("%T: a state was changed in place", in)
	}
	return nil
}

// check checks one effect.
func (a *auditor) check(e Effect) error {
	switch e := e.(type) {
	case Reply:
		m, err := jsonrpc.Scan(e.Text, jsonrpc.Limits{})
		if err != nil || m.ID != e.ID || (m.Kind == jsonrpc.Failure) != e.Failed || (m.Kind != jsonrpc.Result) != e.Failed {
			return fmt.Errorf("reply %s does not fit its text (%v)", e.Text, err)
		}
		return a.settle(e.Route, e.ID)
	case Forget:
		if a.called[e.Route] == 0 {
			return fmt.Errorf("forget %s without a call", e.ID)
		}
		return a.settle(e.Route, e.ID)
	case StartCall:
		if _, owed := a.owed[e.Route]; !owed || a.called[e.Route] != 0 {
			return fmt.Errorf("call %d answers no request", e.Call)
		}
		a.called[e.Route], a.open[e.Call] = e.Call, e
	case CancelCall:
		if _, open := a.open[e.Call]; !open {
			return fmt.Errorf("cancel of call %d, which does not run", e.Call)
		}
	case Send:
		return a.checkSend(e)
	case Answer:
		key := askKey{e.Call, e.Token}
		if !a.waiting[key] {
			return fmt.Errorf("answer to %v, which nobody waits for", key)
		}
		delete(a.waiting, key)
		if (e.Result == nil) == (e.Err == nil) {
			return fmt.Errorf("answer %+v is neither a result nor an error", e)
		}
	}
	return nil
}

func (a *auditor) checkSend(e Send) error {
	m, err := jsonrpc.Scan(e.Text, jsonrpc.Limits{})
	if err != nil || (m.Kind == jsonrpc.Request) != e.Request || (m.Kind != jsonrpc.Request && m.Kind != jsonrpc.Notification) {
		return fmt.Errorf("send %s does not fit its text (%v)", e.Text, err)
	}
	if e.Request {
		if a.asked[string(m.ID)] {
			return fmt.Errorf("two requests to the client with the id %s", m.ID)
		}
		a.asked[string(m.ID)] = true
	}
	return nil
}

// settle takes down that the request on route has its outcome.
func (a *auditor) settle(route Route, id jsonrpc.ID) error {
	if got, owed := a.owed[route]; !owed || got != id {
		return fmt.Errorf("an outcome for %s on route %d, where %q is owed", id, route, got)
	}
	delete(a.owed, route)
	delete(a.called, route)
	return nil
}
