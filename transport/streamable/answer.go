package streamable

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/internal/eventstream"
	"github.com/erlmcp/erlmcp/transport"
)

// answer writes the response of an exchange: plain JSON when the first frame is the last, an event stream
// otherwise. It is used by one goroutine at a time.
type answer struct {
	w         http.ResponseWriter
	reconnect time.Duration
	timeout   time.Duration // for each write, where the socket does not see to it; 0: it does
	chunked   bool          // an event stream comes in chunks (from HTTP/1.1 on)
	started   bool          // the head is written
	streaming bool          // it says text/event-stream
}

// counted is from where on net/http does not find out the length of an answer by itself.
const counted = 2000

// write sends frames, or a comment if there are none. early asks for the bytes to leave at once, since the
// handler does not return soon.
func (a *answer) write(frames []transport.Frame, session string, early bool) error {
	a.extend()
	if !a.started && len(frames) == 1 && frames[0].Last {
		return a.json(&frames[0], session, early)
	}
	if !a.started {
		if err := a.head(session); err != nil {
			return err
		}
	}
	buf := buffers.Get().(*[]byte)
	defer release(buf)
	*buf = (*buf)[:0]
	for i := range frames {
		*buf = appendFrame(*buf, &frames[i], a.reconnect)
	}
	if len(frames) == 0 {
		*buf = append(*buf, heartbeat...)
	}
	if _, err := a.w.Write(*buf); err != nil {
		return err
	}
	return a.flush()
}

func (a *answer) json(f *transport.Frame, session string, early bool) error {
	a.started = true
	h := a.w.Header()
	h["Content-Type"] = jsonType
	if session != "" {
		h["Mcp-Session-Id"] = []string{session}
	}
	if early || len(f.Text) > counted {
		h["Content-Length"] = []string{strconv.Itoa(len(f.Text))}
	}
	if early {
		h["Connection"] = closeConn // the next request would wait for the call
	}
	if f.Status == http.StatusServiceUnavailable || f.Status == http.StatusTooManyRequests {
		h["Retry-After"] = retryAfter
	}
	if f.Status != 0 && f.Status != http.StatusOK {
		a.w.WriteHeader(f.Status)
	}
	if _, err := a.w.Write(f.Text); err != nil || !early {
		return err
	}
	return a.flush()
}

// open starts an event stream before there is anything to send.
func (a *answer) open(session string) error {
	a.extend()
	if err := a.head(session); err != nil {
		return err
	}
	return a.flush()
}

func (a *answer) head(session string) error {
	a.started, a.streaming = true, true
	h := a.w.Header()
	h["Content-Type"] = eventType
	h["Cache-Control"] = noTransform
	h["X-Accel-Buffering"] = no
	if session != "" {
		h["Mcp-Session-Id"] = []string{session}
	}
	a.w.WriteHeader(http.StatusOK)
	return nil
}

// end completes the answer for reason. Errors do not matter: it is the last thing sent.
func (a *answer) end(reason transport.Reason, session string, early bool) {
	a.extend()
	switch {
	case reason == transport.ReasonReconnect || (a.started && a.streaming && reason.Retry()):
		if !a.started {
			_ = a.head(session)
		}
		_, _ = a.w.Write(eventstream.Append(nil, eventstream.Event{Retry: a.reconnect}))
	case !a.started:
		h := a.w.Header()
		if session != "" {
			h["Mcp-Session-Id"] = []string{session}
		}
		if early {
			h["Connection"] = closeConn
		}
		a.started = true
		writeReason(a.w, reason, nil)
	}
	if early {
		_ = a.flush()
	}
}

// hangUp ends the response on the socket itself, while the handler is busy with a call. c is nil where
// there is more than HTTP/1.1 on the socket; the response then ends with the call.
func (a *answer) hangUp(c *socket) {
	if c == nil {
		return
	}
	if a.streaming && a.chunked {
		_, _ = c.Write([]byte("0\r\n\r\n")) // the last chunk; what net/http sends later finds a closed socket
	}
	_ = c.finish()
}

// abort makes a write that waits fail. Unlike the other methods it may be called while one is under way.
func (a *answer) abort(c *socket) {
	if c != nil {
		c.abort()
		return
	}
	_ = http.NewResponseController(a.w).SetWriteDeadline(longAgo)
}

// drop breaks the answer off: the client must not take the cut for a proper end.
func (a *answer) drop(c *socket) {
	a.abort(c)
	if c != nil {
		c.Close()
	}
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

func (a *answer) flush() error {
	if f, ok := a.w.(interface{ FlushError() error }); ok {
		return f.FlushError()
	}
	return http.NewResponseController(a.w).Flush()
}

// extend gives the next write its time where the socket does not.
func (a *answer) extend() {
	if a.timeout > 0 {
		_ = http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(a.timeout))
	}
}

// heartbeat is a comment, which clients ignore.
var heartbeat = eventstream.AppendComment(nil, "")

// appendFrame appends f as an event. A frame without text primes the stream: it gives the client an id to
// resume from and the time after which to do so.
func appendFrame(dst []byte, f *transport.Frame, reconnect time.Duration) []byte {
	if len(f.Text) == 0 {
		return eventstream.Append(dst, eventstream.Event{ID: f.Event, Retry: reconnect})
	}
	return eventstream.AppendMessage(dst, f.Event, f.Text)
}

// buffers holds *[]byte in which events are put together.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

func release(b *[]byte) {
	const most = 64 << 10 // a rare large event must not be kept for small ones
	if cap(*b) <= most {
		buffers.Put(b)
	}
}
