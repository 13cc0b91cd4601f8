package actors

import (
	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// Messages to a session's actor.
type (
	// received: a message of the client came in on link.
	received struct {
		link *link
		in   mcp.Received
	}
	// callEvent: a call of incarnation reports; in is one of the Call inputs of package mcp.
	callEvent struct {
		incarnation uint32
		in          mcp.Input
	}
	// streamOpened: an event stream waits in the anchor.
	streamOpened struct{}
	// changed: a list or a resource of the server changed, or the node drains.
	changed struct{ in mcp.Input }
	// endSession: the session is over.
	endSession struct{ reason transport.Reason }
)

const statusBadRequest = 400

// errorText encodes an error response.
func errorText(err *jsonrpc.Error) []byte {
	return jsonrpc.AppendError(nil, err.ID, err)
}

func sessionError(id jsonrpc.ID, message string) *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: message, ID: id}
}

// otherMedium refuses an HTTP request that names a session over WebSocket.
func otherMedium(id jsonrpc.ID) *jsonrpc.Error {
	return sessionError(id, "the session is over WebSocket")
}

func internalError(id jsonrpc.ID) *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInternal, Message: "internal error", ID: id}
}
