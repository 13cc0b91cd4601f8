package transport

import "time"

// Reason is why a connection ended or was refused: one row of a closed table. Every way in which a
// connection can end is a row; no other close code, HTTP status or metric label exists.
type Reason uint8

const (
	ReasonDone         Reason = iota // an exchange is complete; a notification was accepted
	ReasonClientClosed               // the peer closed, or its socket broke
	ReasonSessionEnded               // the client ended its session
	ReasonReconnect                  // the server ends a stream early; the client is to come back with Last-Event-ID
	ReasonReplaced                   // another connection took over the session
	ReasonShutdown                   // the node drains
	ReasonSlow                       // the peer does not read: outgoing limit or write deadline
	ReasonIdle                       // no heartbeat answer, or nothing for the idle time
	ReasonHandshake                  // no initialize in time
	ReasonTooLarge                   // a message over the limit
	ReasonMalformed                  // a frame that breaks the transport's rules
	ReasonBadText                    // text that is not valid UTF-8
	ReasonUnsupported                // data of a kind the transport does not take (binary frames)
	ReasonBadRequest                 // a request that breaks a rule of HTTP or MCP
	ReasonNoSession                  // unknown or ended session
	ReasonForbidden                  // Origin or Host not allowed
	ReasonConflict                   // the session has its stream already
	ReasonOverloaded                 // a limit of the node: connections, sessions
	ReasonUnavailable                // the session cannot be served now: its node was lost, or the cluster is parted
	ReasonMoved                      // the session is served by another node
	ReasonQuota                      // a limit of the client: in flight, rate
	ReasonInternal                   // a failure on our side
	ReasonKicked                     // an operator ended the session
	reasonCount
)

// row is one reason. closeCode is the WebSocket close code (RFC 6455, section 7.4.1), status the HTTP
// status of an exchange that has not been answered.
type row struct {
	label     string
	text      string
	closeCode int
	status    int
	retry     bool
}

var reasons = [reasonCount]row{
	ReasonDone:         {"done", "done", 1000, 202, false},
	ReasonClientClosed: {"client_closed", "closed by the client", 1000, 499, false},
	ReasonSessionEnded: {"session_ended", "session ended", 1000, 404, false},
	ReasonReconnect:    {"reconnect", "stream ended early, reconnect", 1012, 200, true},
	ReasonReplaced:     {"replaced", "replaced by another connection", 1000, 409, false},
	ReasonShutdown:     {"shutdown", "node is going away, reconnect", 1012, 503, true},
	ReasonSlow:         {"slow", "client reads too slowly", 1013, 503, true},
	ReasonIdle:         {"idle", "idle for too long", 1001, 408, true},
	ReasonHandshake:    {"handshake", "no initialize in time", 1008, 408, false},
	ReasonTooLarge:     {"too_large", "message too large", 1009, 413, false},
	ReasonMalformed:    {"malformed", "protocol error", 1002, 400, false},
	ReasonBadText:      {"bad_text", "text is not valid UTF-8", 1007, 400, false},
	ReasonUnsupported:  {"unsupported", "unsupported data", 1003, 415, false},
	ReasonBadRequest:   {"bad_request", "bad request", 1008, 400, false},
	ReasonNoSession:    {"no_session", "unknown session", 1008, 404, false},
	ReasonForbidden:    {"forbidden", "origin or host not allowed", 1008, 403, false},
	ReasonConflict:     {"conflict", "session has a stream already", 1008, 409, false},
	ReasonOverloaded:   {"overloaded", "node is at its limit, retry later", 1013, 503, true},
	ReasonUnavailable:  {"unavailable", "cannot be served now, retry later", 1013, 503, true},
	ReasonMoved:        {"moved", "session has moved to another node, reconnect", 1012, 503, true},
	ReasonQuota:        {"quota", "client is at its limit, retry later", 1013, 429, true},
	ReasonInternal:     {"internal", "internal error", 1011, 500, true},
	ReasonKicked:       {"kicked", "session ended by an operator", 1008, 404, false},
}

// String is the text that goes to the peer.
func (r Reason) String() string { return reasons[r].text }

// Label is the value of the metric label reason.
func (r Reason) Label() string { return reasons[r].label }

// CloseCode is the WebSocket close code.
func (r Reason) CloseCode() int { return reasons[r].closeCode }

// HTTPStatus is the status of an exchange that ends for r with nothing written.
func (r Reason) HTTPStatus() int { return reasons[r].status }

// Retry reports whether the client is advised to try again.
func (r Reason) Retry() bool { return reasons[r].retry }

// RetryAfter is the advice that goes with Retry.
const RetryAfter = 2 * time.Second

// Reasons lists every reason, for metrics and documentation.
func Reasons() []Reason {
	all := make([]Reason, reasonCount)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}
