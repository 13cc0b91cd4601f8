// Package mcp is the Model Context Protocol as a pure core, and what a tool author uses.
//
// It has two halves. A Server is the registry: tools, resources, prompts and completions, which may come and
// go while clients are connected. It is safe for concurrent use. A Session is the protocol's side of one
// client: a state machine that its owner steps with inputs and that answers with effects.
//
//	                inputs                                   effects
//	Received      a message of the client      Reply, Forget   the one outcome of a request
//	CallDone      a handler has ended          Send            a message of the server to the client
//	CallNotified  a handler reports            StartCall       run a handler, outside the turn
//	CallAsked     a handler asks the client    CancelCall      the client does not want it any more
//	AskAbandoned  it no longer waits           ExtendCall      it makes progress
//	FeaturesChanged, ResourceUpdated           Answer          what the client said to the handler
//	Draining      the node goes away           Persist         the state has changed: keep it
//
// The states of a session:
//
//	new ── initialize ──> negotiated ── notifications/initialized ──> initialized
//
// Handlers run only in calls. They see the request and, as a ServerSession, the client they work for. A typed
// tool (AddTool) goes through this:
//
//	arguments ── input schema ──> In ── handler ──> Out ── output schema ──> result
//	                  │ broken             │ *Error or panic       │ broken
//	                  v                    v                       v
//	         result with IsError    JSON-RPC error       internal error, OnError
//
// An error of a handler that is no *Error becomes a result with IsError for tools, since the model can make use
// of it, and an internal error without details for the rest.
//
//	s := mcp.NewServer(&mcp.Implementation{Name: "calc", Version: "1.0.0"}, nil)
//	mcp.AddTool(s, &mcp.Tool{Name: "add", Description: "adds two numbers"}, add)
//
// Names are those of the official Go SDK where a tool author sees them.
//
// Invariants: a request gets exactly one Reply or Forget. A State never changes; a change makes another one.
// Nothing compares the versions of revisions: a Revision is a row of flags, and code asks the flags. No
// goroutine, clock, logger, network or actor is in this package.
//
// Sources: Model Context Protocol, revisions 2025-03-26, 2025-06-18 and 2025-11-25.
//
// Stability: Server, the handlers and the protocol's types are public and follow semantic versioning. Session,
// the inputs and the effects are for owners of sessions and may change with a minor version.
package mcp
