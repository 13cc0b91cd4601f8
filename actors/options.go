package actors

import (
	"log/slog"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
)

// Limits bounds what sessions and clients may cost. The zero value of a field means its default; a
// negative one switches the limit off where that makes sense (time-outs).
type Limits struct {
	Connections   int // open duplex connections and event streams; default 25,000
	Sessions      int // default 100,000
	InFlight      int // calls of one session that run; default 64. 16 times as many of its messages may wait for their turn
	Subscriptions int // resource subscriptions of one session; default 1,024
	Batch         int // messages in a JSON-RPC batch; default 32
	EventLogBytes int // kept events of one session, for resumption; default 64 KiB

	CallTimeout       time.Duration // a call without progress for so long; default 30 s
	CallTime          time.Duration // a call, whatever progress it makes; default 10 min
	InitializeTimeout time.Duration // a connection without initialize; default 10 s
	UnusedTimeout     time.Duration // a session without a connection that never made a request after initialize; default 5 min
	IdleTimeout       time.Duration // a session without a connection and without requests; default 30 min
	MaxAge            time.Duration // any session; default 24 h

	JSON jsonrpc.Limits // of one message
}

// WithDefaults returns l with each zero field set to its default.
func (l Limits) WithDefaults() Limits {
	setDefault(&l.Connections, 25_000)
	setDefault(&l.Sessions, 100_000)
	setDefault(&l.InFlight, 64)
	setDefault(&l.Subscriptions, 1024)
	setDefault(&l.Batch, 32)
	setDefault(&l.EventLogBytes, 64<<10)
	setDefault(&l.CallTimeout, 30*time.Second)
	setDefault(&l.CallTime, 10*time.Minute)
	setDefault(&l.InitializeTimeout, 10*time.Second)
	setDefault(&l.UnusedTimeout, 5*time.Minute)
	setDefault(&l.IdleTimeout, 30*time.Minute)
	setDefault(&l.MaxAge, 24*time.Hour)
	return l
}

// waiting is how many messages of a session may wait for their turn: several for each call that it may
// have in flight, since others than calls are answered in their turn.
func (l *Limits) waiting() int32 { return int32(16 * l.InFlight) }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Options configures a Gateway. The zero value works.
type Options struct {
	Limits Limits
	// Intensity and Period are the restart limit of each partition of the session supervisor; default 100
	// in 10 s: one session in a crash loop uses it up, a rare bug in many sessions does not.
	Intensity int
	Period    time.Duration
	// Partitions of the session supervisor; default 16.
	Partitions int
	Logger     *slog.Logger // nil discards
	Observer   Observer     // nil discards
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.WithDefaults()
	setDefault(&o.Intensity, 100)
	setDefault(&o.Period, 10*time.Second)
	setDefault(&o.Partitions, 16)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observer == nil {
		o.Observer = nopObserver{}
	}
	return o
}

// sessionOptions is what the core of a session is told.
func (o Options) sessionOptions(id string, incarnation int) mcp.SessionOptions {
	return mcp.SessionOptions{
		ID:               id,
		Incarnation:      incarnation,
		MaxInFlight:      o.Limits.InFlight,
		MaxSubscriptions: o.Limits.Subscriptions,
	}
}
