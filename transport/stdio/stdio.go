package stdio

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/lineconn"
)

// Options are the settings of a Listener. The zero value serves the process's own standard input and
// output.
type Options struct {
	// In and Out are the two directions; nil means os.Stdin and os.Stdout. They belong to the listener from
	// Serve on, which closes what can be closed.
	In  io.Reader
	Out io.Writer
	// Limits: MessageBytes, OutgoingBytes, OutgoingFrames and WriteTimeout apply.
	Limits transport.Limits
	// EOFGrace is how long requests may take for their answers after the client has closed its side; 0
	// means 5 s. A negative value means that they get none.
	EOFGrace time.Duration
	// Grace is how long the connection is left to its owner once Serve's context has ended; 0 means 30 s.
	Grace time.Duration
	// Logger gets panics of the owner; nil discards.
	Logger *slog.Logger
}

// readBuffer is larger than that of sockets: there is one connection, and pipes hold 64 KiB.
const readBuffer = 64 << 10

// Listener serves one client on a pair of streams.
type Listener struct{ o Options }

var _ transport.Listener = (*Listener)(nil)

// New makes a listener that starts with Serve.
func New(o Options) *Listener {
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	switch {
	case o.EOFGrace == 0:
		o.EOFGrace = 5 * time.Second
	case o.EOFGrace < 0:
		o.EOFGrace = 0
	}
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	return &Listener{o: o}
}

// Serve implements transport.Listener. It also returns when the connection has ended, nil unless a refused
// it. It may be called once. A Read or Write that the operating system cannot interrupt, such as a Read from
// a terminal, is left behind: it holds a goroutine until the process ends.
func (l *Listener) Serve(ctx context.Context, a transport.Acceptor) error {
	streams := newDuplex(l.o.In, l.o.Out)
	defer streams.wait()
	c := lineconn.New(streams, lineconn.Options{
		Info:        transport.Info{Transport: "stdio"},
		Limits:      l.o.Limits,
		ReadBuffer:  readBuffer,
		SkipTooLong: true,
		EOFGrace:    l.o.EOFGrace,
		Logger:      l.o.Logger,
	})
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		l.closeLate(ctx, c, over)
	}()
	err := c.Serve(a)
	close(over)
	<-watched
	return err
}

// closeLate closes c when the grace period after the end of ctx is over, unless it has ended before.
func (l *Listener) closeLate(ctx context.Context, c *lineconn.Conn, over <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-over:
		return
	}
	late := time.NewTimer(l.o.Grace)
	defer late.Stop()
	select {
	case <-late.C:
		c.Close(transport.ReasonShutdown)
	case <-over:
	}
}
