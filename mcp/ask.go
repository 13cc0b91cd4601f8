package mcp

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// ask is a request that a handler makes of the client.
type ask struct {
	call   CallID
	token  uint64 // the handler's number for it
	id     jsonrpc.ID
	method string
	params []byte
	held   bool // not sent yet: the client has not sent notifications/initialized
}

// Requests that the handler of a call may make of the client.
const (
	askSampling    = "sampling/createMessage"
	askElicitation = "elicitation/create"
	askRoots       = "roots/list"
	askPing        = "ping"
)

// callAsked makes a request of the client, or answers at once why it cannot.
func (s *Session) callAsked(in CallAsked, out []Effect) []Effect {
	c := s.live(in.Call)
	if c == nil {
		return append(out, Answer{Call: in.Call, Token: in.Token, Err: InvalidRequest("the call is over")})
	}
	if err := s.admitAsk(in); err != nil {
		if err.Code == CodeOverloaded {
			out = append(out, LimitHit{LimitInFlight})
		}
		return append(out, Answer{Call: in.Call, Token: in.Token, Err: err})
	}
	s.lastAsk++
	a := &ask{
		call:   in.Call,
		token:  in.Token,
		id:     s.askID(),
		method: in.Method,
		params: in.Params,
		held:   !s.state.initialized && in.Method != askPing,
	}
	s.asks = append(s.asks, a)
	if a.held {
		return out
	}
	return a.send(c.route, out)
}

// admitAsk says why the client cannot be asked; nil if it can.
func (s *Session) admitAsk(in CallAsked) *Error {
	rev, caps := s.state.revision, s.state.caps
	able := false
	switch in.Method {
	case askPing:
		able = true
	case askRoots:
		able = caps.has(capRoots)
	case askSampling:
		able = caps.has(capSampling)
		if able && hasMember(in.Params, "tools") {
			able = rev.SamplingTools && caps.has(capSamplingTools)
		}
	case askElicitation:
		able = rev.Elicitation && caps.has(capElicitationForm)
		if isURLMode(in.Params) {
			able = rev.URLElicitation && caps.has(capElicitationURL)
		}
	}
	switch {
	case !rev.Sessions || !able:
		return &Error{Code: CodeMethodNotFound, Message: "the client does not support this use of " + brief(in.Method)}
	case len(s.asks) >= int(s.inFlight):
		return RetryLater(CodeOverloaded, "too many requests to this client have no answer", retryBusy)
	}
	return nil
}

func hasMember(object []byte, member string) bool {
	for name := range jsonrpc.Fields(object) {
		if name == member {
			return true
		}
	}
	return false
}

// isURLMode reports whether the params of elicitation/create ask for a visit to a URL.
func isURLMode(params []byte) bool {
	for name, raw := range jsonrpc.Fields(params) {
		if name == "mode" {
			mode, _ := jsonrpc.String(raw)
			return mode == "url"
		}
	}
	return false
}

// askID is the id of request number lastAsk: a string that no other incarnation of the session uses.
func (s *Session) askID() jsonrpc.ID {
	text := append(make([]byte, 0, 24), '"', 'e')
	text = strconv.AppendInt(text, int64(s.incarnation), 10)
	text = append(text, '-')
	text = strconv.AppendUint(text, s.lastAsk, 10)
	return jsonrpc.ID(append(text, '"'))
}

func (a *ask) send(route Route, out []Effect) []Effect {
	text := jsonrpc.AppendRequest(nil, a.id, a.method, a.params)
	a.params = nil // sent once
	return append(out, Send{Route: route, Text: text, Request: true})
}

// sendHeld makes the requests that have waited for the client to be ready.
func (s *Session) sendHeld(out []Effect) []Effect {
	for _, a := range s.asks {
		if c := s.live(a.call); a.held && c != nil {
			a.held = false
			out = a.send(c.route, out)
		}
	}
	return out
}

// answered hands a response of the client to the handler that waits for it. Others are ignored: they are
// late, or no answer to anything.
func (s *Session) answered(m *jsonrpc.Message, out []Effect) []Effect {
	at := slices.IndexFunc(s.asks, func(a *ask) bool { return a.id == m.ID && !a.held })
	if at < 0 {
		return out
	}
	a := s.asks[at]
	s.dropAsk(at)
	answer := Answer{Call: a.call, Token: a.token}
	switch {
	case m.Kind == jsonrpc.Failure:
		answer.Err = peerError(m.Error)
	case !isObject(m.Result, false):
		answer.Err = &Error{Code: CodeInternal, Message: "the client's result is not an object"}
	default:
		answer.Result = m.Result
	}
	return append(out, answer)
}

// peerError decodes the error object of the client. Members of a wrong type count as absent.
func peerError(object []byte) *Error {
	e := &Error{Code: CodeInternal, Message: "the client failed without saying why"}
	for name, raw := range jsonrpc.Fields(object) {
		switch name {
		case "code":
			if n, err := strconv.Atoi(string(raw)); err == nil {
				e.Code = n
			}
		case "message":
			if text, ok := jsonrpc.String(raw); ok {
				e.Message = text
			}
		case "data":
			e.Data = json.RawMessage(raw)
		}
	}
	return e
}

// askAbandoned withdraws a request to the client.
func (s *Session) askAbandoned(in AskAbandoned, out []Effect) []Effect {
	at := slices.IndexFunc(s.asks, func(a *ask) bool { return a.call == in.Call && a.token == in.Token })
	if at < 0 {
		return out
	}
	route, a := Route(0), s.asks[at]
	if i, found := s.find(in.Call); found && !s.calls[i].gone {
		route = s.calls[i].route
	}
	s.dropAsk(at)
	return a.withdraw(route, out)
}

// withdraw withdraws what the call c, which is done, still asks of the client.
func (s *Session) withdraw(c *call, out []Effect) []Effect {
	route := c.route
	if c.gone {
		route = 0
	}
	for at := 0; at < len(s.asks); {
		a := s.asks[at]
		if a.call != c.id {
			at++
			continue
		}
		s.dropAsk(at)
		out = a.withdraw(route, out)
	}
	return out
}

// withdraw tells the client that nobody waits for its answer any longer.
//
// MCP 2025-11-25, basic/utilities/cancellation.
func (a *ask) withdraw(route Route, out []Effect) []Effect {
	if a.held {
		return out
	}
	params := append(append([]byte(`{"requestId":`), a.id...), '}')
	return append(out, Send{Route: route, Text: jsonrpc.AppendNotification(nil, "notifications/cancelled", params)})
}

func (s *Session) dropAsk(at int) {
	s.asks = slices.Delete(s.asks, at, at+1)
	if len(s.asks) == 0 {
		s.asks = nil
	}
}
