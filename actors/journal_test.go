package actors

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// counted is a client that may come back: it counts what it receives.
type counted struct {
	f  *fixture
	c  *transport.PipeClient
	id string
	n  uint64
}

// counted starts a session that outlives its connection.
func (f *fixture) counted() *counted {
	f.t.Helper()
	p := &counted{f: f, c: f.open(transport.Info{LastEventID: "0"})}
	p.id = p.c.Info().Session
	if p.id == "" {
		f.t.Fatal("the connection has no session")
	}
	p.ask(initialize, `"serverInfo"`)
	f.send(p.c, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return p
}

func (p *counted) recv() string {
	p.f.t.Helper()
	text := p.f.recv(p.c)
	p.n++
	return text
}

// ask sends a request and demands that the next message contains want.
func (p *counted) ask(request, want string) {
	p.f.t.Helper()
	p.f.send(p.c, request)
	p.want(want)
}

func (p *counted) want(want string) {
	p.f.t.Helper()
	if got := p.recv(); !strings.Contains(got, want) {
		p.f.t.Fatalf("got %s, want %s", got, want)
	}
}

// again comes back to f, which may be another gateway.
func (p *counted) again(f *fixture) {
	p.f.t.Helper()
	p.f, p.c = f, f.open(transport.Info{Session: p.id, LastEventID: fmt.Sprint(p.n)})
}

// lose loses the connection and waits until the gateway knows.
func (p *counted) lose() {
	p.f.t.Helper()
	go p.c.Close() // it waits for calls
	testutil.Eventually(p.f.t, 5*time.Second, func() bool { return p.f.gateway.Connections() == 0 })
}

func echo(id int, message string) string {
	return toolCall(fmt.Sprint(id), "echo", fmt.Sprintf(`{"message":%q}`, message))
}

// What is said while the client is away, and the outcomes of what was open, are there when it is back, in order
// and once; and the client learns what of its own has come.
func TestSessionOutlivesItsConnection(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	f.send(p.c, toolCall("1", "wait", `{}`))
	<-f.begun
	p.lose()
	f.server.RemoveTools("panic")
	f.gateway.tell()
	f.release <- struct{}{}
	a := f.gateway.table.get(p.id)
	testutil.Eventually(t, 5*time.Second, func() bool { return a.ledger.len() == 0 })
	p.again(f)
	if got := p.c.Received(); got != 3 {
		t.Errorf("received: got %d messages, want initialize, initialized and the call", got)
	}
	p.want("list_changed")
	p.want("waited")
	p.ask(echo(2, "here"), "here")
	if f.gateway.Count() != 1 {
		t.Errorf("sessions: got %d, want the one", f.gateway.Count())
	}
}

// A message that the connection took and the client did not get is sent again.
func TestUnreadMessagesAreSentAgain(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	for i := 1; i <= 5; i++ {
		f.send(p.c, echo(i, fmt.Sprint("m", i)))
		f.recv(p.c)
		if i <= 2 { // the others count as lost on the way
			p.n++
		}
	}
	p.lose()
	p.again(f)
	for i := 3; i <= 5; i++ {
		p.want(fmt.Sprint("m", i))
	}
	p.ask(`nonsense`, `-32700`)
	p.lose()
	p.again(f)
	p.ask(echo(6, "last"), "last")
}

func TestNewerConnectionReplacesOlder(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	old := p.c
	p.again(f)
	old.Wait()
	if reason, _ := old.Reason(); reason != transport.ReasonReplaced {
		t.Errorf("the older: got %v, want replaced", reason)
	}
	p.ask(echo(1, "newer"), "newer")
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Connections() == 1 })
}

// What the older connection still brings is not taken: the client has been told that it has not come.
func TestOlderConnectionBringsNothing(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	a := f.gateway.table.get(p.id)
	l := a.stream()
	p.again(f)
	l.Receive([]byte(echo(1, "late")))
	p.ask(echo(2, "in time"), "in time")
	if a.journal.received != 3 {
		t.Errorf("received: got %d, want 3", a.journal.received)
	}
}

func TestResumeRefusals(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	f.dial()
	http := f.session()
	for _, c := range []struct {
		name string
		info transport.Info
		want transport.Reason
		text string
	}{
		{"unknown", transport.Info{Session: "nobody", LastEventID: "0"}, transport.ReasonNoSession, "unknown session"},
		{"no count", transport.Info{Session: p.id}, transport.ReasonBadRequest, "Last-Event-ID header is required"},
		{"no number", transport.Info{Session: p.id, LastEventID: "0-1"}, transport.ReasonBadRequest, "Last-Event-ID header is required"},
		{"beyond", transport.Info{Session: p.id, LastEventID: "2"}, transport.ReasonBadRequest, "beyond"},
		{"far beyond", transport.Info{Session: p.id, LastEventID: "18446744073709551615"}, transport.ReasonBadRequest, "required"},
		{"new, but counted", transport.Info{LastEventID: "1"}, transport.ReasonBadRequest, "is 0"},
		{"new, no number", transport.Info{LastEventID: "x"}, transport.ReasonBadRequest, "is 0"},
		{"of HTTP", transport.Info{Session: http, LastEventID: "0"}, transport.ReasonBadRequest, "over HTTP"},
		{"of a plain connection", transport.Info{Session: f.plain(p.id, http), LastEventID: "0"}, transport.ReasonNoSession, "unknown session"},
		{"stream of it", transport.Info{Mode: transport.Stream, Session: p.id}, transport.ReasonBadRequest, "over WebSocket"},
	} {
		_, err := transport.Pipe(f.gateway, c.info, transport.Limits{})
		r, _ := err.(*transport.Refusal)
		if r == nil || r.Reason != c.want || !strings.Contains(string(r.Text), c.text) {
			t.Errorf("%s: got %v %s, want %v, %q", c.name, err, r.Text, c.want, c.text)
		}
	}
	if frames, _ := f.post(p.id, echo(1, "x")); frames[0].Status != 400 || !strings.Contains(string(frames[0].Text), "over WebSocket") {
		t.Errorf("posted: got %+v, want status 400", frames)
	}
	p.ask(echo(2, "unharmed"), "unharmed")
	if got := f.gateway.Connections(); got != 2 {
		t.Errorf("connections: got %d, want 2", got)
	}
}

// plain is the id of the session that is neither of others.
func (f *fixture) plain(others ...string) string {
	for _, a := range f.anchors() {
		if a.id != others[0] && a.id != others[1] {
			return a.id
		}
	}
	f.t.Fatal("no plain session")
	return ""
}

// Too much said while nobody listened: the client starts anew, and is not left with a gap.
func TestGapEndsTheSession(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{EventLogBytes: 1000}})
	p := f.counted()
	for i := range 20 {
		f.send(p.c, echo(i, strings.Repeat("x", 100)))
		f.recv(p.c)
	}
	p.lose()
	_, err := transport.Pipe(f.gateway, transport.Info{Session: p.id, LastEventID: fmt.Sprint(p.n)}, transport.Limits{})
	r, _ := err.(*transport.Refusal)
	if r == nil || r.Reason != transport.ReasonNoSession || !strings.Contains(string(r.Text), "no longer kept") {
		t.Fatalf("got %v, want that messages are gone", err)
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 0 && f.gateway.Connections() == 0 })
}

func TestResumableSessionEnds(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{IdleTimeout: time.Second, UnusedTimeout: time.Second}})
	idle := f.counted()
	idle.lose()
	testutil.Eventually(t, 20*time.Second, func() bool { return f.gateway.Count() == 0 })

	deleted := f.counted()
	if err := f.gateway.End(transport.Info{Session: deleted.id}); err != nil {
		t.Fatal(err)
	}
	deleted.c.Wait()
	if reason, _ := deleted.c.Reason(); reason != transport.ReasonSessionEnded {
		t.Errorf("deleted: got %v, want session ended", reason)
	}

	done := f.counted()
	f.gateway.table.get(done.id).stream().Closed(transport.ReasonSessionEnded)
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 0 })
}

// A crash of the session's actor costs what was open and nothing else, whether the client is there or not.
func TestCrashIsInTheJournal(t *testing.T) {
	f := newFixture(t, Options{})
	p := f.counted()
	f.send(p.c, toolCall("1", "wait", `{}`))
	<-f.begun
	p.lose()
	a := f.gateway.table.get(p.id)
	a.crash()
	testutil.Eventually(t, 5*time.Second, func() bool { return a.incarnation.Load() == 2 })
	p.again(f)
	p.want(`-32603`)
	p.ask(echo(2, "again"), "again")
	close(f.release)
}

// The session goes on on another node: with the number of messages, what was said last, and one outcome for
// what was open; also where the client has got more than the snapshot knows.
func TestJournalGoesOnElsewhere(t *testing.T) {
	for _, ahead := range []uint64{0, 2} {
		f := newFixture(t, Options{})
		p := f.counted()
		f.send(p.c, toolCall("7", "wait", `{}`))
		<-f.begun
		p.ask(echo(8, "said"), "said")
		text := f.gateway.table.get(p.id).snapshot()
		p.n -= 1 // the answer is to be sent again
		if ahead > 0 {
			p.n += 1 + ahead
		}
		other := newFixture(t, Options{})
		if err := other.gateway.revive(p.id, text); err != nil {
			t.Fatal(err)
		}
		again := other.gateway.table.get(p.id).snapshot()
		if !strings.Contains(string(again), `"open":[{"r":0,"i":7}]`) {
			t.Errorf("a second snapshot: got %s, want the open request", again)
		}
		p.again(other)
		if got := p.c.Received(); got != 4 {
			t.Errorf("received: got %d, want 4", got)
		}
		if ahead == 0 {
			p.want("said")
		}
		if got := p.recv(); code(t, got) != mcp.CodeNodeLost || !strings.Contains(got, `"id":7`) {
			t.Errorf("outcome: got %s", got)
		}
		p.ask(echo(9, "here"), "here")
		p.lose()
		p.again(other)
		p.ask(echo(10, "still"), "still")
		close(f.release)
	}
}
