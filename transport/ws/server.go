package ws

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// ErrServing is returned by Serve while another Serve of the same Server runs.
var ErrServing = errors.New("ws: server is in use")

// Server serves WebSocket connections that an HTTP server brings in through ServeHTTP. All methods may be
// called concurrently.
type Server struct {
	opts      Options
	closeWait time.Duration
	current   atomic.Pointer[run] // nil unless Serve runs
	ready     chan struct{}
	begun     sync.Once // closes ready
}

var _ transport.Listener = (*Server)(nil)

// NewServer makes a Server. It costs nothing until Serve runs.
func NewServer(o Options) *Server {
	return &Server{opts: o.withDefaults(), closeWait: closeWait, ready: make(chan struct{})}
}

// Ready is closed once Serve takes upgrades for the first time.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Serve runs the connections, and blocks. When ctx ends, further upgrades are answered with 503, and open
// connections are left to their owner for Options.Grace, then closed for ReasonShutdown. It returns nil when
// every connection is closed and every goroutine of the Server has ended, those of Conn.Go included. It may
// be called again afterwards. Errors: ErrServing, or what the system says when a loop cannot be opened.
func (s *Server) Serve(ctx context.Context, a transport.Acceptor) error {
	if s.current.Load() != nil {
		return ErrServing
	}
	r, err := newRun(&s.opts, s.closeWait, a)
	if err != nil {
		return err
	}
	if !s.current.CompareAndSwap(nil, r) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		r.serve(ended)
		return ErrServing
	}
	defer s.current.Store(nil)
	s.begun.Do(func() { close(s.ready) })
	r.serve(ctx)
	return nil
}
