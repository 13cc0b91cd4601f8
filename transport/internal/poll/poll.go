package poll

import (
	"errors"
	"time"
)

var (
	// ErrAgain is returned by Desc.Read when no input is there yet.
	ErrAgain = errors.New("poll: no input")
	// ErrClosed is returned by Desc.Write and Desc.Read after the end of the connection began.
	ErrClosed = errors.New("poll: closed")
	// ErrFull is returned by Desc.Write when the bytes would exceed the outgoing limits. Nothing of them
	// is sent and the connection stays as it is; the caller ends it.
	ErrFull = errors.New("poll: outgoing limit reached")
	// ErrStalled is what Handler.Closed gets when waiting bytes made no progress for Options.WriteTimeout.
	ErrStalled = errors.New("poll: peer does not read")
	// ErrStopped is what Handler.Closed gets when the loop ends, and what Attach returns afterwards.
	ErrStopped = errors.New("poll: loop stopped")
	// ErrUnsupported is returned by New where no loop exists, and by Attach for a connection without a
	// socket of its own (TLS, pipes).
	ErrUnsupported = errors.New("poll: not supported")
)

// Handler is the owner of a Desc. All methods run on the shard's goroutine, one at a time for one
// shard, and must not block.
type Handler interface {
	// Readable is called when input or the peer's end of input is there. The handler reads with d.Read; it
	// is called again as long as something is left. An error ends the connection without sending what
	// waits, and reaches Closed.
	Readable(d *Desc) error
	// Due is called when the timer set by SetTimer has run out, rounded up to Options.Tick. It returns the
	// time to the next call; zero or less means none.
	Due(d *Desc) time.Duration
	// Closed is called exactly once, as the last call, after the socket is closed. err is that of
	// Close, Abort, Readable or the failed write.
	Closed(d *Desc, err error)
}

// Options bounds a loop and its connections. The zero value of a field means its default.
type Options struct {
	Shards         int           // goroutines that wait for events; default 1 for each 2 processors, at least 1
	Tick           time.Duration // resolution of timers and write time-outs; default 1 s
	OutgoingBytes  int           // bytes that may wait for one peer; default 1 MiB
	OutgoingFrames int           // Write calls that may wait for one peer; default 1,000
	WriteTimeout   time.Duration // waiting bytes without progress for so long end the connection; default 10 s
}
