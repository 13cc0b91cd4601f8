// Package streamable is the HTTP listener: Streamable HTTP (POST, GET stream, DELETE) on one path, the
// WebSocket upgrade on the same path and below it, and further routes such as health checks.
//
// A POST is a transport.Conn of mode Exchange. Its handler goroutine delivers the body, runs what the
// owner hands to Go, and writes what was written; no other goroutine takes part unless a message has to
// go out while a call occupies the handler goroutine. A GET is a Conn of mode Stream. On a plain
// HTTP/1.1 socket it is taken out of net/http and parked in an event loop, without a goroutine;
// elsewhere its handler goroutine serves it.
//
// The package owns the rules of HTTP: Origin and Host, content negotiation, sizes and time-outs. It
// knows neither sessions nor methods of MCP.
//
// Source: MCP 2025-11-25, basic/transports, Streamable HTTP; RFC 9110; RFC 9112.
//
// Stability: extension point; changes are announced in CHANGELOG.md.
package streamable
