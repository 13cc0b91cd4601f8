package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/transport/internal/turn"
)

// Pipe connects to a inside the process, without a socket, and returns the client's side. It is for tests
// of owners and for embedding. info says what kind of connection it is; an empty Transport becomes
// "memory". A connection that Admit or Accept refuses is that error, usually a *Refusal.
//
// Each mode ends as the media it stands for do: an Exchange and a Stream after the frame with Last.
func Pipe(a Acceptor, info Info, l Limits) (*PipeClient, error) {
	if info.Transport == "" {
		info.Transport = "memory"
	}
	if err := a.Admit(info); err != nil {
		return nil, err
	}
	c := &memoryConn{limits: l.WithDefaults(), info: info, changed: make(chan struct{}), done: make(chan struct{})}
	r, err := a.Accept(c)
	if err != nil {
		c.Close(ReasonInternal) // nobody is told: there is no receiver
		return nil, err
	}
	c.begin(r)
	return &PipeClient{c: c}, nil
}

// PipeClient is the client's side of a Pipe. Send calls must not overlap; all else is safe for concurrent
// use.
type PipeClient struct{ c *memoryConn }

// Send passes text to the receiver and returns when that has taken it. The receiver owns text. Errors:
// ErrClosed, also for a text over the limit, which ends the connection.
func (p *PipeClient) Send(text []byte) error { return p.c.receive(text) }

// Recv returns the next frame. After the last one it returns ErrClosed; if ctx ends first, its cause.
func (p *PipeClient) Recv(ctx context.Context) (Frame, error) { return p.c.next(ctx) }

// Close ends the connection like a client that goes away, and waits until the receiver knows and functions
// given to Conn.Go have returned.
func (p *PipeClient) Close() {
	p.c.Close(ReasonClientClosed)
	p.Wait()
}

// Wait returns when the connection has ended, its receiver knows, and functions given to Conn.Go have
// returned.
func (p *PipeClient) Wait() {
	<-p.c.done
	p.c.gate.Wait()
}

// Reason is why the connection ended; ok is false while it lives.
func (p *PipeClient) Reason() (r Reason, ok bool) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.c.reason, p.c.closed
}

// Received is how many messages of the client its session had received when the connection began.
func (p *PipeClient) Received() uint64 {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.c.received
}

// Info describes the connection, as far as bound by its owner.
func (p *PipeClient) Info() Info { return p.c.Info() }

// memoryConn is the server's side. It has no goroutine: texts are received on the sender's, and the end is
// reported on one that lives for that call only.
type memoryConn struct {
	limits Limits
	gate   turn.Gate
	done   chan struct{} // closed when the receiver knows of the end, or will never exist

	mu        sync.Mutex
	info      Info
	receiver  Receiver // nil until accepted
	receiving bool
	frames    []Frame
	bytes     int           // of frames
	changed   chan struct{} // closed and replaced when frames or closed changes
	closed    bool
	reason    Reason
	received  uint64 // of Resume
}

var _ Resumable = (*memoryConn)(nil)

func (c *memoryConn) Write(f Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	// A frame larger than the limit may go alone: what is bounded is waiting.
	if len(c.frames) > 0 && (c.bytes+len(f.Text) > c.limits.OutgoingBytes || len(c.frames) >= c.limits.OutgoingFrames) {
		c.closeLocked(ReasonSlow)
		return ErrSlow
	}
	c.frames = append(c.frames, f)
	c.bytes += len(f.Text)
	c.changeLocked()
	if f.Last && c.info.Mode != Duplex {
		c.closeLocked(ReasonDone)
	}
	return nil
}

func (c *memoryConn) Close(r Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(r)
}

func (c *memoryConn) Bind(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info.Session = session
}

func (c *memoryConn) Resume(session string, received uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info.Session, c.received = session, received
}

func (c *memoryConn) Go(fn func()) { c.gate.Go(fn) }

func (c *memoryConn) Info() Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}

// begin hands the connection to its receiver.
func (c *memoryConn) begin(r Receiver) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receiver = r
	if c.closed {
		c.reportLocked()
	}
}

// closeLocked ends the connection. Frames that wait stay readable.
func (c *memoryConn) closeLocked(r Reason) {
	if c.closed {
		return
	}
	c.closed, c.reason = true, r
	c.changeLocked()
	if c.receiver != nil && !c.receiving {
		c.reportLocked()
	}
}

// reportLocked tells the receiver of the end. It comes after the last Receive, and not on the goroutine
// that called Close, which may hold locks of the owner.
func (c *memoryConn) reportLocked() {
	r, reason := c.receiver, c.reason
	go func() {
		defer close(c.done)
		r.Closed(reason)
	}()
}

func (c *memoryConn) changeLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// receive passes text on.
func (c *memoryConn) receive(text []byte) error {
	c.mu.Lock()
	if len(text) > c.limits.MessageBytes {
		c.closeLocked(ReasonTooLarge)
	}
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	c.receiving = true
	c.mu.Unlock()

	c.gate.Receive(func() { c.receiver.Receive(text) })

	c.mu.Lock()
	defer c.mu.Unlock()
	c.receiving = false
	if c.closed {
		c.reportLocked()
	}
	return nil
}

// next takes the next frame off the queue.
func (c *memoryConn) next(ctx context.Context) (Frame, error) {
	for {
		c.mu.Lock()
		if len(c.frames) > 0 {
			f := c.frames[0]
			c.frames = c.frames[1:]
			c.bytes -= len(f.Text)
			c.mu.Unlock()
			return f, nil
		}
		closed, changed := c.closed, c.changed
		c.mu.Unlock()
		if closed {
			return Frame{}, ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Frame{}, context.Cause(ctx)
		}
	}
}

// Memory is a Listener inside the process. Dial connects to it while it serves.
type Memory struct {
	limits Limits
	grace  time.Duration

	mu      sync.Mutex
	accept  Acceptor // nil while not serving
	ready   chan struct{}
	clients map[*PipeClient]struct{}
	late    bool // the grace period is over
	open    sync.WaitGroup
}

var _ Listener = (*Memory)(nil)

// NewMemory returns a listener whose connections have at most grace to end once Serve's context has.
func NewMemory(l Limits, grace time.Duration) *Memory {
	return &Memory{limits: l, grace: grace, ready: make(chan struct{}), clients: map[*PipeClient]struct{}{}}
}

// errServed is returned by a second Serve.
var errServed = errors.New("transport: memory listener serves only once")

// Serve implements Listener. It may be called once.
func (m *Memory) Serve(ctx context.Context, a Acceptor) error {
	m.mu.Lock()
	select {
	case <-m.ready:
		m.mu.Unlock()
		return errServed
	default:
	}
	m.accept = a
	close(m.ready)
	m.mu.Unlock()

	<-ctx.Done()
	m.mu.Lock()
	m.accept = nil
	m.mu.Unlock()
	late := time.AfterFunc(m.grace, m.closeAll)
	defer late.Stop()
	m.open.Wait()
	return nil
}

func (m *Memory) closeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.late = true
	for p := range m.clients {
		p.c.Close(ReasonShutdown)
	}
}

// Dial connects as Pipe does, waiting for Serve to begin. Errors: those of Pipe; ErrClosed once Serve is
// ending; the cause of ctx.
func (m *Memory) Dial(ctx context.Context, info Info) (*PipeClient, error) {
	select {
	case <-m.ready:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	a := m.accept
	if a == nil {
		m.mu.Unlock()
		return nil, ErrClosed
	}
	m.open.Add(1)
	m.mu.Unlock()

	p, err := Pipe(a, info, m.limits)
	if err != nil {
		m.open.Done()
		return nil, err
	}
	m.mu.Lock()
	m.clients[p] = struct{}{}
	if m.late {
		p.c.Close(ReasonShutdown)
	}
	m.mu.Unlock()
	go func() {
		defer m.open.Done()
		p.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.clients, p)
	}()
	return p, nil
}
