package streamable

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/erlmcp/erlmcp/transport"
)

// Listener serves HTTP on one address. Its methods may be called concurrently.
type Listener struct {
	options Options
	ready   chan struct{} // closed when addr is set for the first time

	mu   sync.Mutex
	addr net.Addr
}

var _ transport.Listener = (*Listener)(nil)

// NewListener returns a listener that opens its socket in Serve.
func NewListener(o Options) *Listener {
	return &Listener{options: o.withDefaults(), ready: make(chan struct{})}
}

// Ready is closed once the socket is open and Addr is known.
func (l *Listener) Ready() <-chan struct{} { return l.ready }

// Addr is the address that Serve listens on; nil before Ready.
func (l *Listener) Addr() net.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addr
}

func (l *Listener) publish(addr net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.addr == nil {
		close(l.ready)
	}
	l.addr = addr
}

// Serve listens until ctx ends or the socket fails, then gives what is in progress Options.Grace to end.
// It returns nil after ctx has ended, and may be called again after an error, unless Options.Listener
// was given.
func (l *Listener) Serve(ctx context.Context, a transport.Acceptor) error {
	ln := l.options.Listener
	if ln == nil {
		var err error
		if ln, err = l.options.Listen(ctx, "tcp", l.options.Addr); err != nil {
			return fmt.Errorf("streamable: %w", err)
		}
	}
	s, err := newServer(l.options, ln.Addr(), a)
	if err != nil {
		ln.Close()
		return fmt.Errorf("streamable: %w", err)
	}
	l.publish(ln.Addr())
	return s.serve(ctx, ln)
}
