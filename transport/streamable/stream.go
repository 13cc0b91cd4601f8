package streamable

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/internal/eventstream"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/internal/poll"
)

// stream is the Conn of a GET whose socket was taken out of net/http and parked in the event loop: it has
// no goroutine and no buffer. The body ends with the connection, so nothing frames the events.
type stream struct {
	poll.Desc
	server   *server
	receiver transport.Receiver // set before the socket is attached

	mu   sync.Mutex // for info
	info transport.Info
}

var (
	_ transport.Metered = (*streamConn)(nil)
	_ poll.Handler      = (*stream)(nil)
)

// streamConn is a stream as its owner sees it. It is a type of its own because poll.Desc has methods of
// the same names.
type streamConn stream

// parkable returns the connection of a request whose socket can leave net/http, or nil.
func (s *server) parkable(r *http.Request) *socket {
	if s.loop == nil || r.ProtoMajor != 1 {
		return nil
	}
	c := socketOf(r.Context())
	if c == nil || c.raw == nil {
		return nil
	}
	return c
}

// park makes a stream of a request and hands its socket to the loop.
func (s *server) park(w http.ResponseWriter, c *socket, info transport.Info) {
	// Header values may share memory with the whole request.
	info.Session = strings.Clone(info.Session)
	info.Protocol = strings.Clone(info.Protocol)
	info.LastEventID = strings.Clone(info.LastEventID)
	st := &stream{server: s, info: info}
	s.loop.Prepare(&st.Desc, st)
	receiver, err := s.acceptor.Accept((*streamConn)(st))
	if err != nil {
		s.refuseFor(w, err)
		return
	}
	st.receiver = receiver
	s.work.add()
	st.SetTimer(st.nextBeat())
	head := streamHead(w.Header())
	if _, _, err := http.NewResponseController(w).Hijack(); err != nil {
		writeReason(w, transport.ReasonInternal, nil)
		st.Closed(&st.Desc, ending(transport.ReasonInternal))
		return
	}
	if err := st.Attach(c.Conn, head); err != nil {
		st.Closed(&st.Desc, err)
	}
}

// streamHead is the head of the response. extra may hold CORS headers.
func streamHead(extra http.Header) []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n" +
		"X-Accel-Buffering: no\r\nConnection: close\r\nDate: ")
	b.WriteString(time.Now().UTC().Format(http.TimeFormat))
	b.WriteString("\r\n")
	_ = extra.Write(&b) // to memory
	b.WriteString("\r\n")
	return []byte(b.String())
}

// Write implements transport.Conn.
func (c *streamConn) Write(f transport.Frame) error {
	buf := buffers.Get().(*[]byte)
	defer release(buf)
	*buf = appendFrame((*buf)[:0], &f, c.server.options.Reconnect)
	switch err := c.Desc.Write(*buf); {
	case errors.Is(err, poll.ErrFull):
		c.Abort(ending(transport.ReasonSlow))
		return transport.ErrSlow
	case err != nil:
		return transport.ErrClosed
	}
	if f.Last {
		c.Desc.Close(ending(transport.ReasonDone))
	}
	return nil
}

// Close implements transport.Conn.
func (c *streamConn) Close(r transport.Reason) {
	if r.Retry() {
		// If it does not fit, the client reads too slowly to miss it.
		_ = c.Desc.Write(eventstream.Append(nil, eventstream.Event{Retry: c.server.options.Reconnect}))
	}
	c.Desc.Close(ending(r))
}

// Bind implements transport.Conn.
func (c *streamConn) Bind(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info.Session = session
}

// Info implements transport.Conn.
func (c *streamConn) Info() transport.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}

// Go implements transport.Conn.
func (c *streamConn) Go(fn func()) { c.server.work.run(fn) }

// Readable implements poll.Handler. Nothing is to come but the end; anything else is not our protocol.
func (st *stream) Readable(d *poll.Desc) error {
	var ignored [256]byte
	switch n, err := d.Read(ignored[:]); {
	case errors.Is(err, poll.ErrAgain):
		return nil
	case err != nil:
		return err
	case n > 0:
		return ending(transport.ReasonMalformed)
	}
	return nil
}

// Due implements poll.Handler: it sends a heartbeat. A peer that has died does not acknowledge it, and
// the kernel then ends the connection.
func (st *stream) Due(d *poll.Desc) time.Duration {
	if d.Waiting() == 0 {
		_ = d.Write(heartbeat) // an error is reported to Closed
	}
	return st.nextBeat()
}

// nextBeat spreads heartbeats over a fifth of their interval.
func (st *stream) nextBeat() time.Duration {
	interval := st.server.options.Limits.PingInterval
	if interval <= 0 {
		return 0
	}
	return interval - rand.N(interval/5+1)
}

// Closed implements poll.Handler.
func (st *stream) Closed(_ *poll.Desc, err error) {
	r := transport.ReasonClientClosed
	var e ending
	switch {
	case errors.As(err, &e):
		r = transport.Reason(e)
	case errors.Is(err, poll.ErrStalled):
		r = transport.ReasonSlow
	case errors.Is(err, poll.ErrStopped):
		r = transport.ReasonShutdown
	}
	st.receiver.Closed(r)
	st.server.work.done()
}

// ending carries a reason through the loop.
type ending transport.Reason

func (e ending) Error() string { return transport.Reason(e).String() }
