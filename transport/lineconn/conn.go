package lineconn

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/turn"
)

// Options describes a connection.
type Options struct {
	// Info describes the connection to its owner. Its mode is always Duplex.
	Info transport.Info
	// Limits: MessageBytes, OutgoingBytes, OutgoingFrames and WriteTimeout apply.
	Limits transport.Limits
	// ReadBuffer is the size of the buffer for reading, in bytes; 0 means 4 KiB. Longer lines cost more
	// while they arrive.
	ReadBuffer int
	// SkipTooLong has a line over MessageBytes answered with an error and skipped. Otherwise it ends the
	// connection with ReasonTooLarge.
	SkipTooLong bool
	// EOFGrace is how long requests may take for their answers after the peer has closed its side; 0 means
	// that they get no answer. It costs a look at each text, in and out.
	EOFGrace time.Duration
	// Linger is how long a connection that we closed goes on reading where the stream can be closed in one
	// direction, so that the peer gets what was written: closing a TCP socket with unread data throws that
	// away. 0 means 1 s.
	Linger time.Duration
	// Logger gets panics of the owner; nil discards.
	Logger *slog.Logger
}

// Conn is one connection on a stream of bytes. New makes it, Serve runs it.
type Conn struct {
	stream io.ReadWriteCloser
	o      Options
	gate   turn.Gate
	open   *openCalls    // nil without EOFGrace
	ended  chan struct{} // closed with closed
	sent   chan struct{} // closed when the connection is closed and its queue done with

	mu      sync.Mutex
	info    transport.Info
	queue   [][]byte
	bytes   int  // of queue and of what the writer holds
	writing bool // a writer runs
	closed  bool
	broken  bool // the stream is closed: nothing more can be written
	reason  transport.Reason
}

var _ transport.Conn = (*Conn)(nil)

// New makes a connection on stream, which belongs to it from then on. Close of stream has to end a Read or
// Write that is under way.
func New(stream io.ReadWriteCloser, o Options) *Conn {
	o.Limits = o.Limits.WithDefaults()
	o.Info.Mode = transport.Duplex
	if o.ReadBuffer <= 0 {
		o.ReadBuffer = 4 << 10
	}
	if o.Linger <= 0 {
		o.Linger = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Conn{stream: stream, o: o, info: o.Info, ended: make(chan struct{}), sent: make(chan struct{})}
	if o.EOFGrace > 0 {
		c.open = newOpenCalls()
	}
	return c
}

// Serve offers the connection to a and passes texts to its receiver until the connection ends. It returns
// when the stream is closed, the receiver knows, and functions given to Go have returned. The error is why
// a refused the connection, nil otherwise. Serve may be called once.
func (c *Conn) Serve(a transport.Acceptor) error {
	r, err := c.accept(a)
	if err != nil {
		c.refuse(err)
		c.awaitSent()
		c.gate.Wait()
		return err
	}
	c.receive(r)
	c.awaitSent()
	r.Closed(c.reason)
	c.gate.Wait()
	return nil
}

// awaitSent waits until the queue of a closed connection is done with and closes the stream.
func (c *Conn) awaitSent() {
	<-c.sent
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breakLocked()
}

func (c *Conn) accept(a transport.Acceptor) (transport.Receiver, error) {
	if err := a.Admit(c.Info()); err != nil {
		return nil, err
	}
	return a.Accept(c)
}

// refuse tells the peer why it is not served and ends the connection.
func (c *Conn) refuse(err error) {
	reason := transport.ReasonInternal
	if refusal, ok := errors.AsType[*transport.Refusal](err); ok {
		reason = refusal.Reason
		if len(refusal.Text) > 0 {
			_ = c.Write(transport.Frame{Text: refusal.Text})
		}
	}
	c.Close(reason)
}

// receive passes texts on until the connection ends, and leaves it closed.
func (c *Conn) receive(r transport.Receiver) {
	defer func() {
		if p := recover(); p != nil {
			c.o.Logger.Error("receiver panicked", "transport", c.o.Info.Transport, "err", p)
			c.abort(transport.ReasonInternal)
		}
	}()
	in := lines{r: bufio.NewReaderSize(c.stream, c.o.ReadBuffer), most: c.o.Limits.MessageBytes}
	for {
		text, err := in.next()
		switch {
		case c.isClosed():
			drain(in.r)
			return
		case err == nil:
			if c.open != nil {
				c.open.came(text)
			}
			c.gate.Receive(func() { r.Receive(text) })
		case errors.Is(err, errTooLong) && c.o.SkipTooLong:
			_ = c.Write(transport.Frame{Text: c.tooLong()})
			_ = in.skip() // an error comes again
		case errors.Is(err, errTooLong):
			c.Close(transport.ReasonTooLarge)
			drain(in.r)
			return
		case errors.Is(err, io.EOF):
			c.awaitAnswers()
			c.Close(transport.ReasonClientClosed)
			return
		default:
			c.abort(transport.ReasonClientClosed)
			return
		}
	}
}

// tooLong is the answer to a line over the limit.
func (c *Conn) tooLong() []byte {
	return jsonrpc.AppendError(nil, "", &jsonrpc.Error{
		Code:    jsonrpc.CodeInvalidRequest,
		Message: "message is larger than " + strconv.Itoa(c.o.Limits.MessageBytes) + " bytes",
	})
}

// awaitAnswers waits, after the end of the stream, until open requests have their answers.
func (c *Conn) awaitAnswers() {
	if c.open == nil {
		return
	}
	late := time.NewTimer(c.o.EOFGrace)
	defer late.Stop()
	select {
	case <-c.open.idle():
	case <-late.C:
	case <-c.ended:
	}
}

// drain reads on, after the connection was closed by us, until the stream ends.
func drain(r io.Reader) {
	_, _ = io.Copy(io.Discard, r)
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Close implements transport.Conn.
func (c *Conn) Close(r transport.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(r)
	if !c.writing {
		c.finishLocked()
	}
}

// abort ends the connection at once, with what is queued unsent.
func (c *Conn) abort(r transport.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(r)
	c.breakLocked()
	if !c.writing {
		c.finishLocked()
	}
}

func (c *Conn) closeLocked(r transport.Reason) {
	if !c.closed {
		c.closed, c.reason = true, r
		close(c.ended)
	}
}

// breakLocked closes the stream, which ends a Read or Write under way.
func (c *Conn) breakLocked() {
	if !c.broken {
		c.broken, c.queue, c.bytes = true, nil, 0
		_ = c.stream.Close()
	}
}

// Bind implements transport.Conn.
func (c *Conn) Bind(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info.Session = session
}

// Go implements transport.Conn.
func (c *Conn) Go(fn func()) { c.gate.Go(fn) }

// Info implements transport.Conn.
func (c *Conn) Info() transport.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}
