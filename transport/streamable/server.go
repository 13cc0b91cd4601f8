package streamable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

// server is one run of Listener.Serve.
type server struct {
	options  Options
	upgrades string // path that is for WebSocket only
	guard    guard
	acceptor transport.Acceptor
	http     *http.Server
	loop     *poll.Loop // nil where there is none
	watch    watch
	work     tally        // handlers, functions given to Conn.Go, parked streams
	conns    tally        // goroutines of net/http
	open     atomic.Int64 // their number
	leaving  atomic.Bool  // each answer is the last on its socket
}

func newServer(o Options, addr net.Addr, a transport.Acceptor) (*server, error) {
	s := &server{
		options:  o,
		upgrades: strings.TrimSuffix(o.Path, "/") + "/ws",
		guard:    newGuard(addr, o.AllowedOrigins, o.AllowedHosts),
		acceptor: a,
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: o.Limits.ReadHeaderTimeout,
		IdleTimeout:       o.Limits.IdleTimeout,
		MaxHeaderBytes:    o.Limits.HeaderBytes,
		ConnState:         s.connState,
		ConnContext:       withSocket,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	var err error
	s.loop, err = poll.New(poll.Options{
		Shards:         o.Shards,
		Tick:           tick(o.Limits),
		OutgoingBytes:  o.Limits.OutgoingBytes,
		OutgoingFrames: o.Limits.OutgoingFrames,
		WriteTimeout:   o.Limits.WriteTimeout,
	})
	if err != nil && !errors.Is(err, poll.ErrUnsupported) {
		return nil, err
	}
	return s, nil
}

// tick is the resolution of heartbeats and write time-outs of parked streams.
func tick(l transport.Limits) time.Duration {
	shortest := min(time.Second, l.WriteTimeout/2)
	if l.PingInterval > 0 {
		shortest = min(shortest, l.PingInterval/2)
	}
	return max(shortest, 5*time.Millisecond)
}

func (s *server) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.add()
	case http.StateClosed, http.StateHijacked:
		s.conns.done()
		s.open.Add(-1)
	default: // still ours
	}
}

// serve runs until ctx ends or ln fails, and waits for everything that it started.
func (s *server) serve(ctx context.Context, ln net.Listener) error {
	background, stop := context.WithCancel(context.Background())
	var running tally
	if s.loop != nil {
		running.run(func() { s.loop.Serve(background) })
	}
	running.run(func() { s.watch.run(background) })
	failed := make(chan error, 1)
	running.run(func() { failed <- s.http.Serve(&sockets{ln, s}) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("streamable: %w", err)
	}
	ln.Close()
	s.drain(stop)
	<-s.work.idle()
	<-s.conns.idle()
	<-running.idle()
	return err
}

// drain waits for the work in progress, at most for the grace period, then ends what is left and stops
// the background. Sockets without work get some time as well: a request may be on its way on them, and its
// client learns from the answer that it is the last one here. Closing them would leave the client to guess
// whether the request was served.
func (s *server) drain(stop context.CancelFunc) {
	s.leaving.Store(true)
	linger := time.NewTimer(lingerTime)
	defer linger.Stop()
	if !s.idleWithin(s.options.Grace) {
		s.watch.close(transport.ReasonShutdown)
	}
	select {
	case <-s.conns.idle():
	case <-linger.C:
	}
	stop()
	s.idleWithin(goodbye)
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	_ = s.http.Shutdown(ctx) // waits for answers that handlers have left to net/http; Close ends the rest
	s.http.Close()
}

// lingerTime is how long sockets stay open for requests that are on their way when the listener ends.
const lingerTime = 300 * time.Millisecond

// flushTime is what net/http has to write answers whose handlers have returned.
const flushTime = 100 * time.Millisecond

// goodbye is how long answers that end the work in progress may take.
const goodbye = time.Second

func (s *server) idleWithin(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.work.idle():
		return true
	case <-t.C:
		return false
	}
}
