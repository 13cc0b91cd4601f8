package mcp

import (
	"time"

	"github.com/erlmcp/erlmcp/internal/invariants"
	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// SessionOptions are the limits and the name of a Session.
type SessionOptions struct {
	// ID is the session's id, as handlers see it.
	ID string
	// Incarnation counts how often the session was started. Two incarnations never use the same CallID, nor
	// the same id for requests to the client, so that late news for the one cannot be taken for news for the
	// other.
	Incarnation int
	// MaxInFlight bounds the calls that run at a time, and likewise the requests to the client without an
	// answer. 0 means 64. A request beyond it ends with CodeOverloaded. Each costs about 200 bytes and
	// what its handler holds.
	MaxInFlight int
	// MaxSubscriptions bounds the resources that the client watches. 0 means 1,024. A subscription beyond
	// it ends with CodeQuota.
	MaxSubscriptions int
}

// Defaults of SessionOptions.
const (
	DefaultMaxInFlight      = 64
	DefaultMaxSubscriptions = 1024
)

// Session is the protocol's side of one client: a state machine that turns inputs into effects. It has no
// goroutine and no clock, and it is not safe for concurrent use; its owner steps it and performs the effects
// in their order.
//
//	new ── initialize ──> negotiated ── notifications/initialized ──> initialized
//
// A new session takes initialize and ping. A negotiated one takes all requests; requests of handlers to the
// client wait for the third state, except ping (MCP 2025-11-25, basic/lifecycle).
//
// Every request that comes in ends in exactly one Reply or, if the client cancelled it, one Forget. The
// calls of requests that are still open at the end of an incarnation are the owner's to answer.
type Session struct {
	server      *Server
	id          string
	state       *State  // nil before initialize
	calls       []*call // without CallDone yet, in the order of their ids; in room while one slot is enough
	room        [1]*call
	asks        []*ask // without an answer yet, in the order in which they were made; nil while there are none
	lastCall    CallID
	lastAsk     uint64
	incarnation int32
	inFlight    int32 // most calls at a time
	watched     int32 // most subscriptions
	draining    bool
}

// NewSession makes a session of s. With st it goes on where the session with that state was, without the
// calls that were running; without, it waits for initialize.
func NewSession(s *Server, o SessionOptions, st *State) *Session {
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	if o.MaxSubscriptions <= 0 {
		o.MaxSubscriptions = DefaultMaxSubscriptions
	}
	return &Session{
		server:      s,
		id:          o.ID,
		state:       st,
		lastCall:    CallID(o.Incarnation) << 32,
		incarnation: int32(o.Incarnation),
		inFlight:    int32(o.MaxInFlight),
		watched:     int32(o.MaxSubscriptions),
	}
}

// State is the session's state; nil before initialize.
func (s *Session) State() *State { return s.state }

// InFlight is the number of calls without CallDone.
func (s *Session) InFlight() int { return len(s.calls) }

// Step appends to effects what is to be done about in. now is the time of the input; the time-outs of calls are
// the owner's, see StartCall.
func (s *Session) Step(_ time.Time, in Input, effects []Effect) []Effect {
	switch in := in.(type) {
	case Received:
		effects = s.received(in, effects)
	case CallDone:
		effects = s.callDone(in, effects)
	case CallNotified:
		effects = s.callNotified(in, effects)
	case CallAsked:
		effects = s.callAsked(in, effects)
	case AskAbandoned:
		effects = s.askAbandoned(in, effects)
	case CallStreamClosed:
		effects = s.callStreamClosed(in, effects)
	case FeaturesChanged:
		effects = s.featuresChanged(in.Change, effects)
	case ResourceUpdated:
		effects = s.resourceUpdated(in.URI, effects)
	case LogMessage:
		effects = s.logMessage(in, effects)
	case Draining:
		s.draining = true
	}
	s.check()
	return effects
}

func (s *Session) received(in Received, out []Effect) []Effect {
	m := &in.Message
	switch m.Kind {
	case jsonrpc.Request:
		return s.requested(in, out)
	case jsonrpc.Notification:
		row := &methods[MethodOf(m.Method)]
		if row.notice == nil || s.state == nil || !row.inRevision(s.state.revision) || !isObject(m.Params, true) {
			return out
		}
		return row.notice(s, m.Params, out)
	default:
		return s.answered(m, out)
	}
}

// check asserts what holds between two steps.
func (s *Session) check() {
	if !invariants.Enabled {
		return
	}
	for i, c := range s.calls {
		invariants.Check(i == 0 || s.calls[i-1].id < c.id, "calls are in the order of their ids")
		invariants.Check(c.gone || s.callOf(c.request) == c, "open requests have different ids")
	}
	invariants.Check(len(s.calls) <= int(s.inFlight), "calls are within the limit")
	invariants.Check(len(s.asks) <= int(s.inFlight), "requests to the client are within the limit")
	for _, a := range s.asks {
		_, found := s.find(a.call)
		invariants.Check(found, "a request to the client belongs to a call")
		invariants.Check(!a.held || !s.state.initialized, "nothing is held back from a client that is ready")
	}
	invariants.Check(s.state != nil || len(s.calls) == 0, "no call runs before initialize")
	invariants.Check(s.state == nil || len(s.state.subscriptions) <= int(s.watched), "subscriptions are within the limit")
}

// request is a request of the client that has passed the checks of the envelope.
type request struct {
	route  Route
	id     jsonrpc.ID
	method Method
	params []byte // an object, or nil
}

func (s *Session) requested(in Received, out []Effect) []Effect {
	m := &in.Message
	r := request{in.Route, m.ID, MethodOf(m.Method), m.Params}
	row := &methods[r.method]
	if err := s.admit(in, row); err != nil {
		return refuse(r, err, out)
	}
	return row.request(s, r, out)
}

// admit says why a request is refused whatever its params are; nil if it is not.
func (s *Session) admit(in Received, row *methodRow) *Error {
	m := &in.Message
	switch {
	case in.Batched && (s.state == nil || !s.state.revision.Batches):
		return InvalidRequest("batches are part of revision 2025-03-26 only")
	case s.callOf(m.ID) != nil:
		return InvalidRequest("the id is in use by a request without an answer")
	case row.notice != nil:
		return InvalidRequest(row.name + " is a notification and has no id")
	case row.request == nil:
		return MethodNotFound(m.Method)
	case s.state == nil && !row.early:
		return InvalidRequest("the session is not initialized")
	case s.state != nil && !row.inRevision(s.state.revision):
		return MethodNotFound(m.Method)
	case !isObject(m.Params, true):
		return InvalidParams("params is not an object")
	}
	return nil
}

// reply answers r with an encoded result.
func reply(r request, result []byte, out []Effect) []Effect {
	text := make([]byte, 0, len(result)+len(r.id)+36)
	return append(out, Reply{
		Route:  r.route,
		ID:     r.id,
		Method: r.method,
		Text:   jsonrpc.AppendResult(text, r.id, result),
	})
}

// emptyResult is the result of a request that asks for nothing.
var emptyResult = []byte("{}")

// statusBadRequest is the HTTP status of an answer to a message that is no valid request.
const statusBadRequest = 400

// statusUnavailable is that of a node that goes away: a client that may try again finds another one.
const statusUnavailable = 503

// refuse answers r with an error. Only what is no request at this time has an HTTP status of its own: peers
// take others in the range of 400 for the end of the connection.
func refuse(r request, e *Error, out []Effect) []Effect {
	status := 0
	switch e.Code {
	case CodeInvalidRequest:
		status = statusBadRequest
	case CodeDraining:
		status = statusUnavailable
	}
	return append(out, Reply{
		Route:  r.route,
		ID:     r.id,
		Method: r.method,
		Failed: true,
		Status: status,
		Text:   jsonrpc.AppendError(nil, r.id, e.Wire()),
	})
}

// featuresChanged tells the client which lists to fetch again.
func (s *Session) featuresChanged(c Change, out []Effect) []Effect {
	if s.state == nil || !s.state.initialized || !s.state.revision.Sessions {
		return out
	}
	for _, list := range [...]struct {
		change Change
		method string
	}{
		{ToolsChanged, "notifications/tools/list_changed"},
		{PromptsChanged, "notifications/prompts/list_changed"},
		{ResourcesChanged, "notifications/resources/list_changed"},
	} {
		if c&list.change != 0 {
			out = append(out, Send{Text: jsonrpc.AppendNotification(nil, list.method, nil)})
		}
	}
	return out
}

// resourceUpdated tells the client that a resource it watches has changed.
func (s *Session) resourceUpdated(uri string, out []Effect) []Effect {
	if s.state == nil || !s.state.initialized || !s.state.Subscribed(uri) {
		return out
	}
	params := append(jsonrpc.AppendString([]byte(`{"uri":`), uri), '}')
	return append(out, Send{Text: jsonrpc.AppendNotification(nil, "notifications/resources/updated", params)})
}
