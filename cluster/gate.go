package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// gate watches over the peers of one port that have not authenticated yet: at most maxUnauthenticated at
// a time, each for at most handshakeTimeout. Past that the oldest is closed, so that a crowd of silent
// peers cannot keep a real one out.
type gate struct {
	port   Port
	log    *slog.Logger
	events func(Event)

	mu      sync.Mutex
	waiting []net.Conn // in order of arrival
	logged  limiter
}

var errCrowd = errors.New("cluster: too many unauthenticated peers")

// admit lets conn start its handshake; the returned function ends that state.
func (g *gate) admit(conn net.Conn) (done func()) {
	g.mu.Lock()
	var oldest net.Conn
	if len(g.waiting) >= maxUnauthenticated {
		oldest, g.waiting = g.waiting[0], g.waiting[1:]
	}
	g.waiting = append(g.waiting, conn)
	g.mu.Unlock()
	if oldest != nil {
		oldest.Close()
		g.refused(RefusedCrowd, oldest, errCrowd)
	}
	return func() { g.leave(conn) }
}

func (g *gate) leave(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, c := range g.waiting {
		if c == conn {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
}

// handshake runs the server side of TLS on conn. On an error conn is closed and the refusal reported.
func (g *gate) handshake(ctx context.Context, conn net.Conn, config *tls.Config) (*tls.Conn, error) {
	done := g.admit(conn)
	defer done()
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	secure := tls.Server(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		if !errors.Is(err, net.ErrClosed) { // closed by the gate, which has reported it
			g.refused(RefusedHandshake, conn, err)
		}
		return nil, err
	}
	return secure, nil
}

// refused reports a refused peer: one event, and one log line unless there are many.
func (g *gate) refused(reason Refusal, conn net.Conn, err error) {
	g.report(reason, conn.RemoteAddr().String(), err)
}

func (g *gate) report(reason Refusal, peer string, err error) {
	g.events(PeerRefused{Port: g.port, Reason: reason})
	if suppressed, ok := g.logged.allow(time.Now()); ok {
		g.log.Warn("cluster peer refused", "port", string(g.port), "peer", peer,
			"reason", string(reason), "err", err, "suppressed", suppressed)
	}
}

// limiter allows a burst of log lines and then one each second.
type limiter struct {
	mu         sync.Mutex
	tokens     float64
	last       time.Time
	suppressed int
}

const limiterBurst = 10

// allow reports whether a line may be written, and how many were not since the last one.
func (l *limiter) allow(now time.Time) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.IsZero() {
		l.tokens = limiterBurst
	} else {
		l.tokens = min(limiterBurst, l.tokens+now.Sub(l.last).Seconds())
	}
	l.last = now
	if l.tokens < 1 {
		l.suppressed++
		return 0, false
	}
	l.tokens--
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed, true
}
