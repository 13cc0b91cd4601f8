package mcp

import (
	"context"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// Effect is something the owner of a session has to do, in the order of the effects. The set is closed.
type Effect interface{ isEffect() }

type (
	// Reply answers the request ID that came in on Route. Each request gets exactly one Reply, except that
	// a cancelled one gets Forget. Text is the whole encoded response.
	Reply struct {
		Route  Route
		ID     jsonrpc.ID
		Method Method // of the request, MethodOther if unknown
		Failed bool   // Text is an error response
		// Status is the HTTP status of the answer where it is the only one of an exchange; 0 means 200.
		Status int
		Text   []byte
	}
	// Forget says that the request ID on Route is never answered (notifications/cancelled).
	Forget struct {
		Route  Route
		ID     jsonrpc.ID
		Method Method
	}
	// Send passes a notification or a request of the server to the client, on the stream of Route. Text is
	// the whole encoded message.
	Send struct {
		Route Route
		Text  []byte
		// Request says that the client is to answer.
		Request bool
	}
	// StartCall runs a handler outside the session's turn. Run never panics and ends with the outcome to
	// be passed back as CallDone. Its context carries cancellation; Timeout is the time the call may take
	// without progress (0: none).
	StartCall struct {
		Call    CallID
		Route   Route
		Method  Method
		Name    string // tool, prompt or URI: for logs, never a metric label
		Run     func(ctx context.Context, p Peer) Outcome
		Timeout time.Duration
	}
	// CancelCall cancels the context of a call with cause. CallDone still follows.
	CancelCall struct {
		Call  CallID
		Cause error
	}
	// ExtendCall restarts the time-out of a call (it reported progress).
	ExtendCall struct{ Call CallID }
	// Answer delivers the client's answer to CallAsked: exactly one of Result and Err is set.
	Answer struct {
		Call   CallID
		Token  uint64
		Result []byte
		Err    *Error
	}
	// CloseStream ends the event stream of Route early; the client is to come back with Last-Event-ID
	// (MCP 2025-11-25, basic/transports). Without effect on duplex connections.
	CloseStream struct{ Route Route }
	// Persist says that Session.State has changed.
	Persist struct{}
	// LimitHit says that a limit of SessionOptions took effect; the refusal follows.
	LimitHit struct{ Limit Limit }
)

// Limit is a limit of SessionOptions.
type Limit uint8

const (
	LimitInFlight Limit = iota
	LimitSubscriptions
)

func (Reply) isEffect()       {}
func (Forget) isEffect()      {}
func (Send) isEffect()        {}
func (StartCall) isEffect()   {}
func (CancelCall) isEffect()  {}
func (ExtendCall) isEffect()  {}
func (Answer) isEffect()      {}
func (CloseStream) isEffect() {}
func (Persist) isEffect()     {}
func (LimitHit) isEffect()    {}

// Peer is how the handler of a call reaches its session and, through it, the client. The owner of the
// session implements it; handlers see it as a ServerSession. All methods are safe for concurrent use and
// fail with the context's cause once the call is cancelled.
type Peer interface {
	// SessionID is the id of the session.
	SessionID() string
	// State is the session's state when the call started.
	State() *State
	// Notify sends a notification. params is the encoded object, or nil. It does not wait.
	Notify(method string, params []byte) error
	// Ask makes a request of the client and waits for the answer or ctx.
	Ask(ctx context.Context, method string, params []byte) ([]byte, error)
	// CloseStream ends the event stream of the call early, see the effect CloseStream.
	CloseStream() error
}
