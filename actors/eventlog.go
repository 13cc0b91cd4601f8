package actors

import (
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/mcp"
)

// eventLog keeps the last events of a session's event streams, so that a client can resume one after its
// connection broke (MCP 2025-11-25, basic/transports, resumability). It belongs to the session's turns.
//
// An event id is "<stream>-<number>": the stream is the route, the number runs through all streams of the
// session. Ids mean something within their session only, so they need no seal of their own.
type eventLog struct {
	next   uint64
	bytes  int
	events []event // oldest first
}

type event struct {
	route  mcp.Route
	seq    uint64
	text   []byte // empty: primes the stream
	last   bool
	missed bool // of the session's own stream, while the client had none open
}

// eventOverhead is what an entry costs beside its text, in bytes.
const eventOverhead = 64

// add appends an event and returns its id. The oldest events go when the log exceeds limit bytes; dropped
// says how many.
func (l *eventLog) add(route mcp.Route, text []byte, last bool, limit int) (id string, dropped int) {
	l.next++
	e := event{route: route, seq: l.next, text: text, last: last}
	l.put(e)
	for l.bytes > limit && dropped < len(l.events)-1 {
		l.bytes -= len(l.events[dropped].text) + eventOverhead
		l.events[dropped] = event{}
		dropped++
	}
	if dropped > 0 {
		l.events = append(l.events[:0], l.events[dropped:]...)
	}
	return e.id(), dropped
}

// put appends an event that has its number.
func (l *eventLog) put(e event) {
	l.events = append(l.events, e)
	l.bytes += len(e.text) + eventOverhead
}

// tail returns the latest events, of at most limit bytes together.
func (l *eventLog) tail(limit int) []event {
	at := len(l.events)
	for at > 0 && limit >= len(l.events[at-1].text)+eventOverhead {
		at--
		limit -= len(l.events[at].text) + eventOverhead
	}
	return l.events[at:]
}

// after returns the events of route with a number above seq, oldest first.
func (l *eventLog) after(route mcp.Route, seq uint64) []event {
	var out []event
	for _, e := range l.events {
		if e.route == route && e.seq > seq {
			out = append(out, e)
		}
	}
	return out
}

// missed returns what the session's own stream has missed while the client had none open, oldest first.
// From then on it counts as sent.
func (l *eventLog) missed() []event {
	var out []event
	for i := range l.events {
		if l.events[i].missed {
			l.events[i].missed = false
			out = append(out, l.events[i])
		}
	}
	return out
}

// miss notes that nobody was there for the newest event.
func (l *eventLog) miss() { l.events[len(l.events)-1].missed = true }

// knows reports whether number seq has been given out.
func (l *eventLog) knows(seq uint64) bool { return seq > 0 && seq <= l.next }

func (e event) id() string {
	return strconv.FormatUint(uint64(e.route), 10) + "-" + strconv.FormatUint(e.seq, 10)
}

// parseEventID splits an event id.
func parseEventID(id string) (route mcp.Route, seq uint64, ok bool) {
	stream, number, found := strings.Cut(id, "-")
	if !found {
		return 0, 0, false
	}
	r, err := strconv.ParseUint(stream, 10, 32)
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseUint(number, 10, 64)
	return mcp.Route(r), seq, err == nil
}
