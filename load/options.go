package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Transport is how a fleet talks to the server.
type Transport string

// The transports.
const (
	WebSocket Transport = "ws"
	HTTP      Transport = "http"
)

// Target is a server. Sessions are spread evenly over all targets.
type Target struct {
	Name string         `json:"name"` // for people
	Addr netip.AddrPort `json:"addr"` // IPv4
	Host string         `json:"host"` // of the Host header; default Addr
	Path string         `json:"path"` // default /mcp
}

// Options says what a fleet is and where it connects.
type Options struct {
	Targets   []Target  `json:"targets"`           // at least one
	Transport Transport `json:"transport"`         // default WebSocket
	Streams   bool      `json:"streams,omitempty"` // each HTTP session holds an open GET event stream
	// Conns is the number of keep-alive connections a target that the posts of HTTP sessions share;
	// default 256. A post waits while all are busy. Each WebSocket session has its own connection.
	Conns    int           `json:"conns,omitempty"`
	Revision string        `json:"revision,omitempty"` // default 2025-11-25
	Sources  []netip.Addr  `json:"sources,omitempty"`  // local addresses to connect from, in turn; default the system's choice
	Dialing  int           `json:"dialing,omitempty"`  // connections that are being set up at a time; default 512
	Payload  int           `json:"payload,omitempty"`  // bytes of the echoed text; default 64
	Tool     string        `json:"tool,omitempty"`     // default echo, with the one argument message
	Grace    time.Duration `json:"grace,omitempty"`    // how long an answer or a set-up may take until it counts as lost; default 10s
}

// DefaultGrace is how long an answer is waited for.
const DefaultGrace = 10 * time.Second

func (o Options) withDefaults() (Options, error) {
	if len(o.Targets) == 0 {
		return o, errors.New("load: no target")
	}
	targets := make([]Target, len(o.Targets))
	for i, t := range o.Targets {
		if !t.Addr.Addr().Is4() {
			return o, fmt.Errorf("load: target %s: the address %s is not IPv4", t.Name, t.Addr)
		}
		setDefault(&t.Host, t.Addr.String())
		setDefault(&t.Path, "/mcp")
		targets[i] = t
	}
	o.Targets = targets
	setDefault(&o.Transport, WebSocket)
	setDefault(&o.Conns, 256)
	setDefault(&o.Revision, "2025-11-25")
	setDefault(&o.Dialing, 512)
	setDefault(&o.Payload, 64)
	setDefault(&o.Tool, "echo")
	setDefault(&o.Grace, DefaultGrace)
	if o.Transport != WebSocket && o.Transport != HTTP {
		return o, fmt.Errorf("load: transport %q is neither %s nor %s", o.Transport, WebSocket, HTTP)
	}
	if o.Streams && o.Transport != HTTP {
		return o, errors.New("load: event streams are of HTTP sessions")
	}
	return o, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Share says which part of a schedule is a worker's own: event k is that of worker k modulo Parts.
type Share struct {
	Part  int   `json:"part"`
	Parts int   `json:"parts"` // 0 counts as 1
	Start int64 `json:"start"` // nanoseconds since 1970 of event 0; 0 means at once
}

// Connect is a ramp: sessions are set up, or closed, until there are as many as asked for.
type Connect struct {
	Share
	Sessions int           `json:"sessions"` // of this worker
	Rate     float64       `json:"rate"`     // intended set-ups a second of all workers; 0 is as fast as it goes
	Limit    time.Duration `json:"limit"`    // how long it may take; 0 means until each set-up has ended
}

// Load is a run of calls over the sessions that are there.
type Load struct {
	Share
	Rate      float64       `json:"rate"`     // intended calls a second of all workers; 0 holds the sessions idle
	Closed    bool          `json:"closed"`   // instead of Rate: one call under way on each session, as fast as answers come
	Warmup    time.Duration `json:"warmup"`   // checked, not measured
	Duration  time.Duration `json:"duration"` // of the part that is measured
	Mix       string        `json:"mix"`      // see ParseMix; default echo
	Churn     float64       `json:"churn"`    // sessions a second of all workers that are closed and set up again
	Reconnect bool          `json:"reconnect"`
}
