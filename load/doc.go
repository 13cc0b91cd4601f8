// Package load drives MCP traffic at a server from outside and measures what comes back. It is a client:
// it knows the wire, not the runtime.
//
// A Fleet holds many client sessions in one event loop without a goroutine or a buffer for an idle one,
// so that the generator takes little of a machine that it shares with the server. Each answer is checked:
// its id and its payload have to be those of the request.
//
// Linux only: the loop is epoll.
//
// Stability: a room; importable, no promise.
package load
