// Package actors owns connections, sessions and calls.
//
// A session is one client's actor, a supervised child from its first message to its end. What has to
// outlive a crash of that actor is in its anchor: the state of the last snapshot, the ledger of requests
// that wait for their answer, the links to the client's connections, and the log of event streams. A link
// is a connection as the session sees it: the duplex connection of a WebSocket or stdio client, one HTTP
// exchange, or an open event stream. A call is one running handler; it belongs to the incarnation that
// started it.
//
//	link.Receive ─ scan ─ ledger += id ─ session mailbox ─ turn: mcp.Session.Step ─ effects
//	   Reply     ledger -= id, written to the link that is owed it; twice is impossible, the ledger decides
//	   StartCall a goroutine runs the handler and reports back with a message
//
// A turn never blocks and never runs a handler, so it runs on whichever goroutine delivered the message.
//
// The connection owes the answer: what the ledger still holds when a session crashes is answered by the
// next incarnation, and by the gateway when there is none.
//
// This room decides nothing about MCP (package mcp does) and nothing about media (package transport does).
//
// Stability: a room; importable, no promise.
package actors
