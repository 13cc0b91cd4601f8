package mcp

import (
	"context"
	"encoding/json"
	"fmt"
)

// ServerSession is a handler's way to the session of its call and, through it, to the client. It is good
// until the handler returns. Its methods are safe for concurrent use; after the call was cancelled they fail
// with the cause of its context.
type ServerSession struct {
	peer Peer
}

// NewServerSession is the session behind p, for handlers that run outside a node, in tests for example.
func NewServerSession(p Peer) *ServerSession { return &ServerSession{peer: p} }

// ID is the id of the session.
func (ss *ServerSession) ID() string { return ss.peer.SessionID() }

// ClientInfo is what the client said of itself in initialize: name, title and version, each at most 256
// bytes. It is the caller's to keep.
func (ss *ServerSession) ClientInfo() *Implementation { return ss.peer.State().ClientInfo() }

// ClientCapabilities is what the client declared in initialize. It is the caller's to keep.
func (ss *ServerSession) ClientCapabilities() *ClientCapabilities {
	return ss.peer.State().ClientCapabilities()
}

// Revision is the version of the protocol that is spoken with the client, such as "2025-11-25".
func (ss *ServerSession) Revision() string { return ss.peer.State().Revision().Version }

// Log sends a log message to the client, which gets it if its level is not below the one the client chose
// with logging/setLevel (info until it has chosen). It fails for an unknown level and for data that
// cannot be encoded. It does not wait.
func (ss *ServerSession) Log(ctx context.Context, params *LoggingMessageParams) error {
	if _, ok := levelOf(string(params.Level)); !ok {
		return fmt.Errorf("mcp: unknown log level %q", params.Level)
	}
	return ss.notify(ctx, notifyMessage, params)
}

// NotifyProgress reports progress of the call. The client gets it if its request has a progress token;
// progress that does not rise is dropped. Any other gives the call its time-out again. It does not wait.
func (ss *ServerSession) NotifyProgress(ctx context.Context, params *ProgressNotificationParams) error {
	return ss.notify(ctx, notifyProgress, params)
}

// ElicitationComplete tells the client that what the user was to do at a URL is done (see ElicitURL). It
// does not wait.
func (ss *ServerSession) ElicitationComplete(ctx context.Context, params *ElicitationCompleteParams) error {
	return ss.notify(ctx, notifyElicitationComplete, params)
}

func (ss *ServerSession) notify(ctx context.Context, method string, params any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("mcp: encode %s: %w", method, err)
	}
	return ss.peer.Notify(method, text)
}

// CreateMessage asks the client's language model. It fails with an *Error of CodeMethodNotFound if the client
// cannot do it, and with the client's own *Error if it refused.
func (ss *ServerSession) CreateMessage(ctx context.Context, params *CreateMessageParams) (*CreateMessageResult, error) {
	result := &CreateMessageResult{}
	if err := ss.ask(ctx, askSampling, params, result); err != nil {
		return nil, err
	}
	return result, nil
}

// ListRoots asks the client for the places in its file system that the server may work in. params may be
// nil. It fails like CreateMessage.
func (ss *ServerSession) ListRoots(ctx context.Context, params *ListRootsParams) (*ListRootsResult, error) {
	if params == nil {
		params = &ListRootsParams{}
	}
	result := &ListRootsResult{}
	if err := ss.ask(ctx, askRoots, params, result); err != nil {
		return nil, err
	}
	return result, nil
}

// Ping waits for the client to answer a ping.
func (ss *ServerSession) Ping(ctx context.Context) error {
	return ss.ask(ctx, askPing, nil, &struct{}{})
}

// CloseStream ends the event stream that the call's answer would go to. The client comes back for the rest,
// answer included, after the time it was told. It does nothing on connections that carry both directions
// and for clients whose revision does not know this.
//
// MCP 2025-11-25, basic/transports, streamable HTTP.
func (ss *ServerSession) CloseStream() error { return ss.peer.CloseStream() }

// ask makes a request of the client and decodes the result. params nil sends none.
func (ss *ServerSession) ask(ctx context.Context, method string, params, result any) error {
	var text []byte
	if params != nil {
		var err error
		if text, err = json.Marshal(params); err != nil {
			return fmt.Errorf("mcp: encode %s: %w", method, err)
		}
	}
	answer, err := ss.peer.Ask(ctx, method, text)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("mcp: the client's answer to %s: %v", method, err)
	}
	return nil
}
