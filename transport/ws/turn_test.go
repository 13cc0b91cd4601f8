package ws

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// detached is a connection whose input comes from the test. What it sends stays in its port's queue,
// since nobody reads the other end.
func detached(t *testing.T, f *fixture) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	r := &run{start: time.Now(), rules: testRules, limits: transport.Limits{}.WithDefaults(), closeWait: closeWait}
	c := &conn{run: r}
	c.port = newPort(c, ours, r.limits)
	c.recv = &owner{f: f, conn: c, texts: make(chan string, 100)}
	t.Cleanup(func() {
		theirs.Close()
		c.port.Abort(nil)
		c.port.timer.Stop()
		<-r.tasks.close()
	})
	c.port.SetTimer(time.Hour)
	return c
}

func (p *port) queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

func TestAnswersOfOneTurnLeaveTogether(t *testing.T) {
	c := detached(t, &fixture{answer: "answer"})
	c.take(new(turn), []byte(strings.Repeat(text("request"), 20)))
	if got := c.port.queued(); got != 1 {
		t.Errorf("got %d writes for 20 answers, want 1", got)
	}
}

func TestTimeLimitIsThatOfOneMessage(t *testing.T) {
	c := detached(t, &fixture{})
	m := text("message")
	turn := new(turn)
	c.take(turn, []byte(m+m[:5]))
	first := c.since
	if first == 0 {
		t.Fatal("an incomplete message has no beginning")
	}
	c.take(turn, []byte(m[5:9]))
	if c.since != first {
		t.Error("a part of a message counts as its beginning")
	}
	c.take(turn, []byte(m[9:]+m[:5]))
	if c.since <= first {
		t.Error("a message counts from the beginning of the one before")
	}
	c.take(turn, []byte(m[5:]))
	if c.since != 0 || c.in != nil {
		t.Errorf("after the last message: got since %d, decoder %v, want none", c.since, c.in)
	}
}

func TestGoWaitsForReceive(t *testing.T) {
	f := &fixture{}
	c := detached(t, f)
	var inside bool
	ran := make(chan bool, 1)
	f.on = func([]byte) {
		inside = true
		c.Go(func() { ran <- inside })
		inside = false
	}
	c.take(new(turn), []byte(text("x")))
	if await(t, ran, "task") {
		t.Error("the task runs before Receive has returned")
	}
}
