package streamable

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// sockets is a listener whose connections are counted, and bound how long a write may make no progress.
type sockets struct {
	net.Listener
	server *server
}

// Accept implements net.Listener.
func (l *sockets) Accept() (net.Conn, error) {
	o := &l.server.options
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		open := l.server.open.Add(1)
		if open > int64(o.Sockets+spareSockets) {
			l.server.open.Add(-1)
			l.server.refused(transport.ReasonOverloaded)
			c.Close()
			continue
		}
		if tcp, ok := c.(*net.TCPConn); ok && o.Listener != nil {
			_ = tcp.SetKeepAlive(false) // it may come with TCP keep-alive; heartbeats do it
		}
		s := newSocket(c, o.Limits.WriteTimeout)
		s.surplus = open > int64(o.Sockets)
		return s, nil
	}
}

// spareSockets is how many connections over the limit get an answer at a time.
const spareSockets = 256

// socket is a connection whose Write sets a deadline only when the kernel does not take the bytes at
// once. net/http's WriteTimeout is no substitute: it bounds the whole answer, however well it flows. Reads
// are left alone: setting their deadlines lazily, too, gained nothing that could be measured.
type socket struct {
	net.Conn
	timeout time.Duration
	raw     syscall.RawConn       // nil if the connection has no descriptor
	attempt func(fd uintptr) bool // one write(2) of pending, made once per connection
	pending []byte                // the writer's, as are the next two
	n       int                   //
	err     error                 //
	cut     atomic.Bool           // no further write is to wait
	surplus bool                  // over the limit of connections
}

func newSocket(c net.Conn, timeout time.Duration) *socket {
	s := &socket{Conn: c, timeout: timeout}
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw = raw
			s.attempt = s.try
		}
	}
	return s
}

// Write sends all of p. Callers do not call it concurrently.
func (s *socket) Write(p []byte) (int, error) {
	n := 0
	if s.raw != nil {
		var err error
		if n, err = s.writeNow(p); err != nil || n == len(p) {
			return n, err
		}
	}
	m, err := s.writeSlowly(p[n:])
	return n + m, err
}

// writeNow sends what the kernel takes without waiting.
func (s *socket) writeNow(p []byte) (int, error) {
	s.pending, s.n, s.err = p, 0, nil
	err := s.raw.Write(s.attempt)
	s.pending = nil
	if err == nil {
		err = s.err
	}
	return s.n, err
}

func (s *socket) try(fd uintptr) bool {
	s.n, s.err = writeFD(fd, s.pending)
	return true
}

// writeSlowly sends p in pieces, each of which has the whole time-out.
func (s *socket) writeSlowly(p []byte) (int, error) {
	const piece = 64 << 10
	defer s.Conn.SetWriteDeadline(time.Time{})
	done := 0
	for done < len(p) {
		deadline := time.Now().Add(s.timeout)
		if err := s.Conn.SetWriteDeadline(deadline); err != nil {
			return done, err
		}
		if s.cut.Load() {
			return done, net.ErrClosed
		}
		n, err := s.Conn.Write(p[done:min(done+piece, len(p))])
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// abort makes a write that waits fail, and every later one that would.
func (s *socket) abort() {
	s.cut.Store(true)
	s.Conn.SetWriteDeadline(longAgo)
}

// CloseWrite is called by net/http before it closes a connection on which it has answered without
// reading the whole request. Input is read for a moment, so that the answer is not lost to the reset that
// a close with unread input causes.
func (s *socket) CloseWrite() error {
	const most, wait = 8 << 20, 500 * time.Millisecond
	err := s.finish()
	s.Conn.SetReadDeadline(time.Now().Add(wait))
	_, _ = io.CopyN(io.Discard, s.Conn, most) // what comes is not wanted, so neither is the error
	return err
}

// finish tells the peer that nothing follows.
func (s *socket) finish() error {
	if c, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return s.Conn.Close()
}

type socketKey struct{}

// withSocket lets handlers find the connection; net/http calls it once per connection.
func withSocket(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, socketKey{}, c)
}

// socketOf finds the connection of a request; nil for TLS.
func socketOf(ctx context.Context) *socket {
	s, _ := ctx.Value(socketKey{}).(*socket)
	return s
}
