package transport

import (
	"context"
	"errors"
)

// Mode says what a connection can carry.
type Mode uint8

const (
	// Duplex carries messages both ways until one side closes: WebSocket, TCP, stdio. One duplex
	// connection belongs to one session, and is all of it unless the connection is Resumable.
	Duplex Mode = iota
	// Exchange is one HTTP POST: one text in, and out whatever answers it.
	Exchange
	// Stream is one HTTP GET: messages of an existing session go out, nothing comes in.
	Stream
)

// Info describes a connection. It does not change while the connection lives, except that Bind sets
// Session.
type Info struct {
	Transport   string // "http", "ws", "tcp", "stdio" or "memory": a metric label, so a closed set
	Mode        Mode
	Remote      string // peer address, for logs only
	Session     string // session id the client presented; empty if none
	Protocol    string // MCP-Protocol-Version header; empty if none
	LastEventID string // Last-Event-ID header of a Stream, or of a Duplex connection that may come back; empty if none
	Principal   string // authenticated principal; empty without authentication
}

// Frame is one complete JSON text on its way to the client.
type Frame struct {
	// Text is one JSON-RPC message or batch. Empty only for the frame that primes an event stream
	// (MCP 2025-11-25, basic/transports: an event id with empty data). Immutable once written.
	Text []byte
	// Event is the event id on HTTP event streams; empty elsewhere.
	Event string
	// Status is the HTTP status of an Exchange's only frame; 0 means 200. Ignored elsewhere.
	Status int
	// Last says that nothing follows on this Exchange or Stream: the transport ends it after this frame.
	// An Exchange whose first frame is its last answers with plain JSON, any other with an event stream.
	Last bool
}

var (
	// ErrClosed is returned by Conn.Write after the connection has ended.
	ErrClosed = errors.New("transport: connection closed")
	// ErrSlow is returned by Conn.Write when the frame would exceed the outgoing limit; the connection is
	// then being closed with ReasonSlow.
	ErrSlow = errors.New("transport: outgoing limit reached")
)

// Conn is one client connection as its owner sees it. Implementations allow all methods concurrently.
type Conn interface {
	// Write queues f and never blocks. It keeps f.Text until it is sent. Frames leave in the order of
	// Write calls. Errors: ErrClosed, ErrSlow.
	Write(f Frame) error
	// Close ends the connection for reason r: frames already queued are sent first where the peer takes
	// them. On an Exchange to which nothing was written the status is that of r (202 for ReasonDone). The
	// first reason wins. Receiver.Closed is called exactly once, also after Close.
	Close(r Reason)
	// Bind tells the transport the id of the session that the connection belongs to. On an Exchange it
	// becomes the Mcp-Session-Id header; call it before the first Write.
	Bind(session string)
	// Go runs fn off the caller's turn: on the goroutine that serves the connection where there is one (an
	// HTTP handler), otherwise on another goroutine. fn may block and runs to its end even when the
	// connection closes. fn never runs before the Receive call that is under way has returned.
	Go(fn func())
	// Info describes the connection.
	Info() Info
}

// Resumable is a Duplex connection whose client may come back on another one: WebSocket. The client counts
// the messages it has received, and names their number as Info.LastEventID; the owner counts likewise.
type Resumable interface {
	Conn
	// Resume tells the client, with the answer to its handshake, the session and how many of the client's
	// messages that has received. It is called within Acceptor.Accept, at most once. Frames written then
	// follow the answer.
	Resume(session string, received uint64)
}

// Metered is a connection that can tell how much went through it.
type Metered interface {
	Conn
	// Traffic is what the medium has carried so far, its own framing included. It is false where the medium
	// does not count, and when the connection has ended.
	Traffic() (Traffic, bool)
}

// Traffic is what went through a connection. Packets are segments with data.
type Traffic struct{ ReceivedBytes, SentBytes, ReceivedPackets, SentPackets uint64 }

// Receiver is what the owner of a connection provides.
type Receiver interface {
	// Receive is called with each complete text that came in, one at a time and in order. The receiver
	// owns text. It must not block.
	Receive(text []byte)
	// Closed is called exactly once, after the last Receive, when the connection has ended.
	Closed(r Reason)
}

// Acceptor decides about new connections. actors.Gateway implements it.
type Acceptor interface {
	// Accept takes over c, or refuses it with a *Refusal; any other error counts as ReasonInternal. It may
	// take as long as starting a supervised child takes, and must not be called on an event loop.
	Accept(c Conn) (Receiver, error)
	// Admit is asked before a connection costs anything (before a WebSocket handshake is answered). nil
	// admits; a *Refusal does not.
	Admit(info Info) error
	// End ends the session info.Session on the client's word (HTTP DELETE). Errors are *Refusal.
	End(info Info) error
}

// Listener accepts connections. Serve blocks until ctx ends or the listener fails, and returns only when
// every goroutine it started has ended. When ctx ends, it stops accepting at once and leaves open
// connections to their owner until they are closed or the grace period of its options is over.
type Listener interface {
	Serve(ctx context.Context, a Acceptor) error
}

// Refusal is why a connection or a request is not served.
type Refusal struct {
	Reason Reason
	// Text is the JSON-RPC error response to send along where the transport can; may be empty.
	Text []byte
}

func (r *Refusal) Error() string { return "transport: refused: " + r.Reason.String() }
