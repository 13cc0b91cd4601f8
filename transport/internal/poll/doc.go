// Package poll parks connections without a goroutine. A connection whose socket is attached to a Loop
// costs the socket and one Desc; a shard's goroutine is woken when the kernel reports input, room for
// output or a hang-up.
//
// It owns the socket, the bytes that wait for it and one coarse timer for each connection. It knows
// neither messages nor sessions.
//
//	prepared ──Attach──▶ open ──Close──▶ draining ──all sent──▶ ending ──▶ closed
//	                       └────Abort, write error─────────────────┘
//
// A shard's epoll descriptor is itself waited for through the runtime's poller, so that an idle shard
// holds no thread and a wake-up costs no hand-over between threads.
//
// Loops exist where Supported is true (Linux). Elsewhere New fails with ErrUnsupported and the caller
// serves the connection with a goroutine.
package poll
