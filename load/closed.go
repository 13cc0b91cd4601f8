//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// filler is n bytes of text.
func filler(n int) string {
	const words = "the quick brown fox jumps over the lazy dog "
	return strings.Repeat(words, n/len(words)+1)[:n]
}

// initialize starts the handshake of the next session of c.
func (f *Fleet) initialize(c *client) {
	if f.opts.Bare {
		for len(c.sessions) < c.want {
			c.sessions = append(c.sessions, "")
		}
		f.ready(c)
		return
	}
	c.stage = stageInitialize
	c.turn = len(c.sessions)
	f.request(c, []byte(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"`+f.opts.Revision+
		`","capabilities":{},"clientInfo":{"name":"erlmcp-load","version":"1"}}}`))
}

func (f *Fleet) ready(c *client) {
	c.stage = stageReady
	c.turn = 0
	f.waiting--
}

// setUp takes the answers of the handshake.
func (f *Fleet) setUp(c *client, a answer) {
	switch c.stage {
	case stageGreeting:
		if a.status != 101 {
			f.fail(fmt.Errorf("handshake: status %d", a.status))
			return
		}
		f.initialize(c)
	case stageInitialize:
		if a.status > 16 && a.status != 200 || !bytes.Contains(a.text, []byte(`"result"`)) {
			f.fail(fmt.Errorf("initialize: status %d, %.200q", a.status, a.text))
			return
		}
		c.sessions = append(c.sessions, a.session)
		f.request(c, []byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
		if f.opts.Transport == HTTP {
			c.stage = stageInitialized
			return
		}
		f.ready(c)
	case stageInitialized:
		if a.status != 202 && a.status != 200 && a.status != 204 {
			f.fail(fmt.Errorf("initialized: status %d", a.status))
			return
		}
		if len(c.sessions) < c.want {
			f.initialize(c)
			return
		}
		f.ready(c)
	default:
		f.heartbeat(c, a)
	}
}

// Report is what a run measured.
type Report struct {
	Calls   int // answered rightly
	Wrong   int // answered with another id, another payload or an error
	Lost    int // not answered when the run ended, after the grace time
	Elapsed time.Duration
	Latency *hdrhistogram.Histogram // microseconds, from send to answer
}

// Rate is calls per second.
func (r Report) Rate() float64 { return float64(r.Calls) / r.Elapsed.Seconds() }

const grace = 10 * time.Second

// Closed keeps one echo call under way on each connection for d and reports what came back.
func (f *Fleet) Closed(ctx context.Context, d time.Duration) (Report, error) {
	r := Report{Latency: hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)}
	open := 0
	begun := time.Now()
	end := begun.Add(d)
	now := begun
	f.handle = func(c *client, a answer) {
		if f.opts.Transport == WebSocket && a.status != 0 {
			f.heartbeat(c, a)
			return
		}
		now = time.Now()
		if f.rightly(c, a) {
			r.Calls++
		} else {
			r.Wrong++
		}
		_ = r.Latency.RecordValue(max(now.Sub(c.sent).Microseconds(), 1))
		if now.After(end) {
			open--
			return
		}
		f.callNext(c, now)
	}
	for _, c := range f.clients {
		if c.stage == stageReady {
			f.callNext(c, now)
			open++
		}
	}
	for open > 0 && now.Before(end.Add(grace)) {
		if err := f.poll(ctx, 100*time.Millisecond); err != nil {
			return r, err
		}
		now = time.Now()
	}
	r.Lost = open
	r.Elapsed = time.Since(begun)
	return r, nil
}

// callNext sends the next echo call of c, for its next session.
func (f *Fleet) callNext(c *client, now time.Time) {
	c.turn = (c.turn + 1) % len(c.sessions)
	c.id++
	c.sent = now
	var b [512]byte
	text := append(b[:0], `{"jsonrpc":"2.0","id":`...)
	text = strconv.AppendUint(text, c.id, 10)
	text = append(text, `,"method":"tools/call","params":{"name":"`...)
	text = append(text, f.opts.Tool...)
	text = append(text, `","arguments":{"message":"`...)
	text = strconv.AppendUint(text, c.id, 10)
	text = append(text, ' ')
	text = append(text, f.payload...)
	text = append(text, `"}}}`...)
	f.request(c, text)
}

// rightly reports whether a answers the request under way on c: its id and its payload.
func (f *Fleet) rightly(c *client, a answer) bool {
	if f.opts.Transport == HTTP && a.status != 200 {
		return false
	}
	id := strconv.AppendUint([]byte(`"id":`), c.id, 10)
	at := bytes.Index(a.text, id)
	if at < 0 || at+len(id) < len(a.text) && a.text[at+len(id)] >= '0' && a.text[at+len(id)] <= '9' {
		return false
	}
	payload := append(strconv.AppendUint([]byte(`"`), c.id, 10), ' ')
	payload = append(payload, f.payload...)
	return bytes.Contains(a.text, payload)
}
