package streamable

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/erlmcp/erlmcp/transport"
)

// refusal is an answer of the HTTP layer itself: a status and a JSON-RPC error without an id, which is
// more than a bare status tells a client. Immutable.
type refusal struct {
	reason transport.Reason
	status int
	text   []byte
	close  bool // the connection is of no further use
}

func newRefusal(reason transport.Reason, status int, message string) *refusal {
	return &refusal{reason: reason, status: status, text: errorText(message)}
}

// errorText is an Invalid Request error of JSON-RPC. message needs no escapes.
func errorText(message string) []byte {
	return []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"` + message + `"}}`)
}

var (
	refusedHost     = newRefusal(transport.ReasonForbidden, http.StatusForbidden, "host not allowed")
	refusedOrigin   = newRefusal(transport.ReasonForbidden, http.StatusForbidden, "origin not allowed")
	refusedMethod   = newRefusal(transport.ReasonBadRequest, http.StatusMethodNotAllowed, "method not allowed")
	refusedType     = newRefusal(transport.ReasonUnsupported, http.StatusUnsupportedMediaType, "Content-Type must be application/json")
	refusedAccept   = newRefusal(transport.ReasonBadRequest, http.StatusNotAcceptable, "Accept must allow application/json and text/event-stream")
	refusedStream   = newRefusal(transport.ReasonBadRequest, http.StatusNotAcceptable, "Accept must allow text/event-stream")
	refusedProtocol = newRefusal(transport.ReasonBadRequest, http.StatusBadRequest, "unsupported MCP-Protocol-Version")
	refusedSession  = newRefusal(transport.ReasonBadRequest, http.StatusBadRequest, "more than one Mcp-Session-Id")
	refusedSocket   = &refusal{transport.ReasonOverloaded, http.StatusServiceUnavailable, errorText("too many connections"), true}
	refusedMissing  = newRefusal(transport.ReasonBadRequest, http.StatusBadRequest, "Mcp-Session-Id is missing")
)

// refusedBody lists the answers to bodies that cannot be read.
var refusedBody = map[error]*refusal{
	errTooLarge: {transport.ReasonTooLarge, http.StatusRequestEntityTooLarge, errorText("message too large"), true},
	errTimeout:  {transport.ReasonIdle, http.StatusRequestTimeout, errorText("message took too long"), true},
	errShort:    {transport.ReasonMalformed, http.StatusBadRequest, errorText("message ended early"), true},
}

var retryAfter = []string{strconv.Itoa(int(transport.RetryAfter.Seconds()))}

// refused tells the owner of the options.
func (s *server) refused(r transport.Reason) {
	if s.options.Refused != nil {
		s.options.Refused(r)
	}
}

// refuse answers a request that reached no owner.
func (s *server) refuse(w http.ResponseWriter, f *refusal) {
	s.refused(f.reason)
	h := w.Header()
	if f.reason.Retry() {
		h["Retry-After"] = retryAfter
	}
	if f.status == http.StatusMethodNotAllowed {
		h["Allow"] = allow
	}
	if f.close {
		h["Connection"] = closeConn
	}
	writeError(w, f.status, f.text)
}

// refuseFor answers a request that the owner refused with err.
func (s *server) refuseFor(w http.ResponseWriter, err error) {
	var r *transport.Refusal
	if !errors.As(err, &r) {
		r = &transport.Refusal{Reason: transport.ReasonInternal}
	}
	writeReason(w, r.Reason, r.Text)
}

// writeReason answers with the status that stands for reason.
func writeReason(w http.ResponseWriter, reason transport.Reason, text []byte) {
	if reason.Retry() {
		w.Header()["Retry-After"] = retryAfter
	}
	writeError(w, reason.HTTPStatus(), text)
}

func writeError(w http.ResponseWriter, status int, text []byte) {
	h := w.Header()
	if len(text) > 0 {
		h["Content-Type"] = jsonType
	}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}
