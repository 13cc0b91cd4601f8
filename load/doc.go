// Package load drives MCP traffic at a server from outside and measures what comes back. It is a client:
// it knows the wire, not the runtime.
//
// A Fleet holds many client sessions in one event loop without a goroutine or a buffer for an idle one,
// so that the generator takes little of a machine that it shares with the server. Connects and calls have
// intended times (open loop): latency counts from there, so that a server that stalls cannot hide what it
// made others wait. Each answer is checked: it belongs to a call of that session that has no answer yet,
// and carries that call's payload. What is lost, doubled, wrong or refused is counted.
//
//	scheduled = right + wrong + failed + lost + unsent
//
// A worker (Serve) runs one fleet in a process of its own and obeys lines of JSON; load/crew starts as many
// of them as the limits of the machine demand and merges what they say; load/report writes it down.
//
// Fleets are Linux only: the loop is epoll. What they say can be read everywhere.
//
// Stability: a room; importable, no promise.
package load
