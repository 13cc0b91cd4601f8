package actors

import (
	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// refused counts a refusal and gives it a text.
func (g *Gateway) refused(r *transport.Refusal) error {
	g.obs.Rejected(r.Reason)
	if len(r.Text) == 0 {
		r.Text = errorText(refusalError("", r.Reason))
	}
	return r
}

func refusal(reason transport.Reason, err *jsonrpc.Error) *transport.Refusal {
	return &transport.Refusal{Reason: reason, Text: errorText(err)}
}

// refusalError is the JSON-RPC error for a reason.
func refusalError(id jsonrpc.ID, reason transport.Reason) *jsonrpc.Error {
	code := 0
	switch reason {
	case transport.ReasonShutdown:
		code = mcp.CodeDraining
	case transport.ReasonMoved:
		code = mcp.CodeNodeLost
	case transport.ReasonOverloaded, transport.ReasonSlow:
		code = mcp.CodeOverloaded
	case transport.ReasonQuota:
		code = mcp.CodeQuota
	case transport.ReasonInternal:
		return internalError(id)
	default:
		return sessionError(id, reason.String())
	}
	err := mcp.RetryLater(code, reason.String(), transport.RetryAfter).Wire()
	err.ID = id
	return err
}
