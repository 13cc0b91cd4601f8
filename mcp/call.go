package mcp

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// call is a handler that runs for a request of the client.
type call struct {
	id       CallID
	request  jsonrpc.ID
	token    []byte  // of progress, raw JSON; nil if the client wants none
	progress float64 // the last one reported, if reported
	route    Route
	method   Method
	reported bool
	gone     bool // the client cancelled it: nothing more of it goes to the client
}

// ErrCancelled is the cause of a call's context after the client has cancelled the request.
var ErrCancelled = errors.New("mcp: cancelled by the client")

// Times after which a refused client may try again.
const (
	retryBusy  = 200 * time.Millisecond
	retryDrain = time.Second
	retryQuota = time.Second
)

// start runs a handler for r, or refuses.
func (s *Session) start(r request, name string, m meta, run func(context.Context, Peer) Outcome, out []Effect) []Effect {
	switch {
	case s.draining:
		return refuse(r, RetryLater(CodeDraining, "the server is shutting down", retryDrain), out)
	case len(s.calls) >= int(s.inFlight):
		out = append(out, LimitHit{LimitInFlight})
		return refuse(r, RetryLater(CodeOverloaded, "too many requests of this session are running", retryBusy), out)
	}
	s.lastCall++
	if s.calls == nil {
		s.calls = s.room[:0]
	}
	s.calls = append(s.calls, &call{id: s.lastCall, request: r.id, token: m.token, route: r.route, method: r.method})
	return append(out, StartCall{
		Call:    s.lastCall,
		Route:   r.route,
		Method:  r.method,
		Name:    name,
		Run:     run,
		Timeout: s.server.callTimeout(),
	})
}

// callOf finds the call whose request is open under id; nil if there is none. Sessions run few calls, so
// that a scan is as good as an index.
func (s *Session) callOf(id jsonrpc.ID) *call {
	for _, c := range s.calls {
		if c.request == id && !c.gone {
			return c
		}
	}
	return nil
}

// find is the position of a call in s.calls.
func (s *Session) find(id CallID) (int, bool) {
	return slices.BinarySearchFunc(s.calls, id, func(c *call, id CallID) int {
		switch {
		case c.id < id:
			return -1
		case c.id > id:
			return 1
		}
		return 0
	})
}

// live is the call with the id if what it says still goes to the client; nil if not.
func (s *Session) live(id CallID) *call {
	if at, found := s.find(id); found && !s.calls[at].gone {
		return s.calls[at]
	}
	return nil
}

// callDone answers the request of a call. What the call still asked of the client is withdrawn first.
func (s *Session) callDone(in CallDone, out []Effect) []Effect {
	at, found := s.find(in.Call)
	if !found {
		return out
	}
	c := s.calls[at]
	s.calls = slices.Delete(s.calls, at, at+1)
	if len(s.calls) == 0 {
		s.calls = nil
	}
	out = s.withdraw(c, out)
	if c.gone {
		return out
	}
	r := request{route: c.route, id: c.request, method: c.method}
	switch {
	case in.Outcome.Err != nil:
		return refuse(r, s.translate(in.Outcome.Err), out)
	case len(in.Outcome.Result) == 0:
		return refuse(r, Internal(), out) // the handler's wrapper is at fault; the client still gets valid JSON
	}
	return reply(r, in.Outcome.Result, out)
}

// translate is e with the code that the client's revision has for it.
func (s *Session) translate(e *Error) *Error {
	if code := s.state.revision.ResourceNotFound; e.Code == CodeResourceNotFound && code != e.Code {
		e = &Error{Code: code, Message: e.Message, Data: e.Data}
	}
	return e
}

// cancelled ends a request without an answer. The call itself stays in flight until it is done.
//
// MCP 2025-11-25, basic/utilities/cancellation: unknown and finished requests are ignored; initialize
// cannot be cancelled, and is answered before the notification can come.
func (s *Session) cancelled(params []byte, out []Effect) []Effect {
	c := s.callOf(cancelledID(params))
	if c == nil {
		return out
	}
	c.gone = true
	return append(out,
		CancelCall{Call: c.id, Cause: ErrCancelled},
		Forget{Route: c.route, ID: c.request, Method: c.method})
}

// cancelledID is the id that notifications/cancelled names; empty if it names none.
func cancelledID(params []byte) jsonrpc.ID {
	for name, raw := range jsonrpc.Fields(params) {
		if name == "requestId" {
			return jsonrpc.ID(raw)
		}
	}
	return ""
}

// callNotified passes a notification of a handler on to the client: those that MCP has for it, as far as the
// client wants them.
func (s *Session) callNotified(in CallNotified, out []Effect) []Effect {
	c := s.live(in.Call)
	if c == nil {
		return out
	}
	switch in.Method {
	case notifyProgress:
		return s.callProgressed(c, in.Params, out)
	case notifyMessage:
		if !s.wantsMessage(in.Params) {
			return out
		}
	case notifyElicitationComplete:
		if !s.state.revision.URLElicitation {
			return out
		}
	default:
		return out
	}
	return append(out, Send{Route: c.route, Text: jsonrpc.AppendNotification(nil, in.Method, in.Params)})
}

// Notifications that the handler of a call may send.
const (
	notifyProgress            = "notifications/progress"
	notifyMessage             = "notifications/message"
	notifyElicitationComplete = "notifications/elicitation/complete"
)

// callProgressed reports progress under the token of the client's request. Progress that does not rise is
// dropped; any that does gives the call more time, whether the client wants to hear of it or not.
//
// MCP 2025-11-25, basic/utilities/progress.
func (s *Session) callProgressed(c *call, params []byte, out []Effect) []Effect {
	progress, ok := progressOf(params)
	if !ok || (c.reported && progress <= c.progress) {
		return out
	}
	c.reported, c.progress = true, progress
	out = append(out, ExtendCall{Call: c.id})
	if c.token == nil {
		return out
	}
	text := make([]byte, 0, len(params)+len(c.token)+24)
	text = append(append(text, `{"progressToken":`...), c.token...)
	for name, raw := range jsonrpc.Fields(params) {
		if name != "progressToken" {
			text = append(jsonrpc.AppendString(append(text, ','), name), ':')
			text = append(text, raw...)
		}
	}
	text = append(text, '}')
	return append(out, Send{Route: c.route, Text: jsonrpc.AppendNotification(nil, notifyProgress, text)})
}

func progressOf(params []byte) (float64, bool) {
	for name, raw := range jsonrpc.Fields(params) {
		if name == "progress" {
			n, err := strconv.ParseFloat(string(raw), 64)
			return n, err == nil
		}
	}
	return 0, false
}

// wantsMessage reports whether the client wants log messages of the level in params.
func (s *Session) wantsMessage(params []byte) bool {
	for name, raw := range jsonrpc.Fields(params) {
		if name == "level" {
			text, _ := jsonrpc.String(raw)
			l, ok := levelOf(text)
			return ok && l >= s.state.level
		}
	}
	return false
}

// callStreamClosed ends the event stream of a call early where the revision lets the client come back.
func (s *Session) callStreamClosed(in CallStreamClosed, out []Effect) []Effect {
	if c := s.live(in.Call); c != nil && s.state.revision.EarlyClose {
		out = append(out, CloseStream{Route: c.route})
	}
	return out
}
