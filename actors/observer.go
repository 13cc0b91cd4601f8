package actors

import (
	"time"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// Observer is told what happens to connections, sessions and requests. Methods are called on hot paths,
// concurrently; they must neither block nor allocate. Every argument comes from a closed set or is a
// number.
type Observer interface {
	// ConnectionOpened and ConnectionClosed frame a WebSocket, stdio or event-stream connection. HTTP
	// exchanges are requests, not connections.
	ConnectionOpened(transport string)
	ConnectionClosed(transport string, reason transport.Reason)
	SessionStarted()
	SessionEnded(reason transport.Reason, life time.Duration)
	SessionRestarted()
	RequestStarted(m mcp.Method)
	RequestDone(m mcp.Method, failed bool, took time.Duration)
	// Rejected counts what admission refused.
	Rejected(reason transport.Reason)
	// LimitHit counts a limit that took effect, by its configuration key.
	LimitHit(limit Limit)
	HandlerPanic()
	Bytes(received, sent int)
}

// Limit is a configured bound that took effect: the label of a metric, so a closed set.
type Limit uint8

const (
	LimitConnections Limit = iota
	LimitSessions
	LimitMessageBytes
	LimitOutgoing
	LimitInFlight
	LimitBatch
	LimitEventLog
	LimitIdle
	LimitUnused
	LimitHandshake
	LimitAge
	LimitCallTime
	LimitSubscriptions
	LimitDepth
	LimitLogMessages
	limitCount
)

var limitNames = [limitCount]string{
	LimitConnections:  "max_connections",
	LimitSessions:     "max_sessions",
	LimitMessageBytes: "max_message_bytes",
	LimitOutgoing:     "max_outgoing",
	LimitInFlight:     "max_in_flight",
	LimitBatch:        "max_batch",
	LimitEventLog:     "event_log_bytes",
	LimitIdle:         "idle_timeout",
	LimitUnused:       "unused_timeout",
	LimitHandshake:    "initialize_timeout",
	LimitAge:          "max_age",
	LimitCallTime:     "call_timeout",

	LimitSubscriptions: "max_subscriptions",
	LimitDepth:         "max_depth",
	LimitLogMessages:   "log_messages",
}

// String is the metric label.
func (l Limit) String() string { return limitNames[l] }

// limitOf maps the limits of a session's core.
var limitOf = [...]Limit{mcp.LimitInFlight: LimitInFlight, mcp.LimitSubscriptions: LimitSubscriptions}

// AllLimits lists the closed set.
func AllLimits() []Limit {
	all := make([]Limit, limitCount)
	for i := range all {
		all[i] = Limit(i)
	}
	return all
}

type nopObserver struct{}

func (nopObserver) ConnectionOpened(string)                      {}
func (nopObserver) ConnectionClosed(string, transport.Reason)    {}
func (nopObserver) SessionStarted()                              {}
func (nopObserver) SessionEnded(transport.Reason, time.Duration) {}
func (nopObserver) SessionRestarted()                            {}
func (nopObserver) RequestStarted(mcp.Method)                    {}
func (nopObserver) RequestDone(mcp.Method, bool, time.Duration)  {}
func (nopObserver) Rejected(transport.Reason)                    {}
func (nopObserver) LimitHit(Limit)                               {}
func (nopObserver) HandlerPanic()                                {}
func (nopObserver) Bytes(int, int)                               {}
