// Package ws carries MCP over WebSocket (RFC 6455). It owns the opening handshake, framing, heartbeats and
// the closing handshake; it knows neither sessions nor methods, and it leaves the checks of Origin, Host
// and credentials to the HTTP layer in front of it.
//
// A Server is an http.Handler for upgrades and, through Serve, the loop that its connections live in.
// The handshake runs on net/http's goroutine. Afterwards a TCP socket leaves net/http and is parked with
// package poll: an idle connection owns neither a goroutine nor a buffer. Where the socket cannot be
// parked (TLS ended in this process, systems other than Linux) a goroutine reads it, behind the same type.
//
//	         Close, limit, silence            peer's close frame
//	open ───────────────────────▶ closing ───────────────────────▶ leaving ──sent──▶ gone
//	 │  peer's close frame                                             ▲
//	 ├─────────────────────────────────────────────────────────────────┘
//	 │  broken rule, message too large
//	 └───────────────────────────▶ lingering ──peer's end of stream, time──────────▶ gone
//
// In closing, messages of the peer are dropped; in lingering, its bytes are not even decoded. Either ends
// with the socket after two seconds at the latest. Loss of the socket leads to gone from everywhere.
//
// Input is handled in turns: one read, the messages in it, and one write with the answers that were ready
// by then. A turn reads at most 4 KiB unless a larger message is under way, so that no peer holds the loop.
//
// Stability: room; no promise.
package ws
