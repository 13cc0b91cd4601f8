package mcp

import "github.com/erlmcp/erlmcp/internal/jsonrpc"

// Route names the place a request came in on and its answer goes to: for a duplex connection the
// connection, over HTTP the exchange. The owner of the session gives routes out; the core only hands them
// back. Route 0 is the session's own stream: the duplex connection, or the client's open GET stream.
type Route uint32

// CallID numbers the calls of one session, in rising order; never reused, not by a later incarnation either.
type CallID uint64

// Input is something that happened to a session. The set is closed.
type Input interface{ isInput() }

type (
	// Received is one scanned message from the client. Message may alias the text it was scanned from,
	// which must not change afterwards.
	Received struct {
		Route   Route
		Message jsonrpc.Message
		// Batched says that the message was a member of a JSON-RPC batch.
		Batched bool
	}
	// CallDone says that a call has ended: its handler returned, panicked, or ran out of time.
	CallDone struct {
		Call    CallID
		Outcome Outcome
	}
	// CallNotified is a notification that the handler of a call sends to the client. Params is the encoded
	// object, or nil.
	CallNotified struct {
		Call   CallID
		Method string
		Params []byte
	}
	// CallAsked is a request that the handler of a call makes of the client. Token is the handler's own
	// number for it; the answer comes as an Answer effect with that token.
	CallAsked struct {
		Call   CallID
		Token  uint64
		Method string
		Params []byte
	}
	// AskAbandoned says that the handler no longer waits for the answer to Token.
	AskAbandoned struct {
		Call  CallID
		Token uint64
	}
	// CallStreamClosed says that the handler of a call wants its event stream ended early. The effect
	// CloseStream follows where the client's revision has that.
	CallStreamClosed struct{ Call CallID }
	// FeaturesChanged says that a list of the server has changed.
	FeaturesChanged struct{ Change Change }
	// ResourceUpdated says that the content of a resource has changed.
	ResourceUpdated struct{ URI string }
	// LogMessage says that the server has something to log to its clients. Text is the encoded
	// notifications/message, which sessions share.
	LogMessage struct {
		Level LoggingLevel
		Text  []byte
	}
	// Draining says that the node goes away: no new calls start, calls that run may finish.
	Draining struct{}
)

func (Received) isInput()         {}
func (CallDone) isInput()         {}
func (CallNotified) isInput()     {}
func (CallAsked) isInput()        {}
func (AskAbandoned) isInput()     {}
func (CallStreamClosed) isInput() {}
func (FeaturesChanged) isInput()  {}
func (ResourceUpdated) isInput()  {}
func (LogMessage) isInput()       {}
func (Draining) isInput()         {}

// Change is a set of lists of a server that changed.
type Change uint8

const (
	ToolsChanged Change = 1 << iota
	PromptsChanged
	ResourcesChanged
)

// Outcome is how a call ended: exactly one of Result and Err is set.
type Outcome struct {
	Result []byte // the encoded result object
	Err    *Error
	// Fault is what a handler did wrong, for the log of the node; the client is told nothing of it. nil
	// where nothing went wrong.
	Fault *Fault
}

// Fault is a panic of a handler, or an error whose details are not the client's business: exactly one of
// Panic and Err is set.
type Fault struct {
	Panic any    // what the handler panicked with
	Stack []byte // of the panic
	Err   error
}
