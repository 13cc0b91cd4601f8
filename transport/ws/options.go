package ws

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// Options configures a Server. The zero value works.
type Options struct {
	// Limits bounds each connection. MessageBytes, FramesPerMessage, OutgoingBytes, OutgoingFrames,
	// WriteTimeout, PingInterval, PongTimeout and ReadBodyTimeout count here; the latter is the time in which
	// a message has to be complete. The zero value of a field means its default.
	Limits transport.Limits
	// AllowOrigin decides about the Origin of an upgrade; false is answered with 403. nil allows all: the
	// HTTP layer that calls the Server owns that rule.
	AllowOrigin func(*http.Request) bool
	// Shards is the number of event loops; zero means one for each processor.
	Shards int
	// Grace is how long open connections are left to their owner after Serve's context has ended; then they
	// are closed for ReasonShutdown. Zero means 30 s, negative none.
	Grace time.Duration
	// Logger gets faults of this package; nil discards them.
	Logger *slog.Logger
}

const (
	defaultGrace = 30 * time.Second
	// closeWait is how long a peer may take to answer a close frame. Timers round up by one tick of at most
	// a second, so a connection is gone after 2 s.
	closeWait = time.Second
)

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.WithDefaults()
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// tick is the resolution of timers: fine enough for the shortest limit, at most closeWait.
func tick(l transport.Limits, closeWait time.Duration) time.Duration {
	shortest := min(l.WriteTimeout, l.PingInterval, l.PongTimeout, l.ReadBodyTimeout)
	return min(max(shortest/4, 5*time.Millisecond), closeWait)
}
