package clustering

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// returner is a client over WebSocket that comes back to its session. It keeps what was sent, and everything that
// was received.
type returner struct {
	t    *testing.T
	c    *nodes
	conn *websocket.Conn
	id   string
	sent []string
	got  []string
}

// newReturner starts a session at a node.
func newReturner(t *testing.T, c *nodes, at int) *returner {
	t.Helper()
	p := &returner{t: t, c: c}
	if status := p.dial(at); status != http.StatusSwitchingProtocols {
		t.Fatalf("new session: got status %d", status)
	}
	p.send(string(initialize(0)))
	p.until(`"serverInfo"`)
	p.send(initialized)
	return p
}

// dial connects, sends again what the session has not received, and returns the status.
func (p *returner) dial(at int) int {
	p.t.Helper()
	header := http.Header{"Last-Event-Id": {strconv.Itoa(len(p.got))}}
	if p.id != "" {
		header.Set("Mcp-Session-Id", p.id)
	}
	d := websocket.Dialer{HandshakeTimeout: patience}
	conn, response, err := d.Dial("ws://"+p.c.nodes[at].addr+"/mcp", header) //nolint:bodyclose // the dialer closes it
	if err != nil {
		if response == nil {
			return 0
		}
		return response.StatusCode
	}
	p.t.Cleanup(func() { _ = conn.Close() })                  // it may have ended
	_ = conn.SetReadDeadline(time.Now().Add(2 * outcomeTime)) // a socket takes deadlines
	received, err := strconv.Atoi(response.Header.Get("Last-Event-ID"))
	id := response.Header.Get("Mcp-Session-Id")
	if err != nil || received > len(p.sent) || id == "" || p.id != "" && id != p.id {
		p.t.Fatalf("got %v, want the session %s and at most %d messages", response.Header, p.id, len(p.sent))
	}
	p.conn, p.id = conn, id
	for _, text := range p.sent[received:] {
		p.write(text)
	}
	return response.StatusCode
}

// back comes back at a node, trying again while that says that it cannot serve the session yet.
func (p *returner) back(at int) time.Duration {
	p.t.Helper()
	return eventually(p.t, "back", func() bool {
		status := p.dial(at)
		if status != http.StatusSwitchingProtocols && status != http.StatusServiceUnavailable {
			p.t.Fatalf("back at n%d: got status %d", at, status)
		}
		return status == http.StatusSwitchingProtocols
	})
}

func (p *returner) send(text string) {
	p.t.Helper()
	p.sent = append(p.sent, text)
	p.write(text)
}

func (p *returner) write(text string) {
	_ = p.conn.WriteMessage(websocket.TextMessage, []byte(text)) // a lost one is sent again
}

func (p *returner) call(id int, tool, arguments string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{"progressToken":%d}}}`, id, tool, arguments, id))
}

// until receives up to a message that contains want.
func (p *returner) until(want string) string {
	p.t.Helper()
	for {
		text, err := p.receive()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v after %q", want, err, p.got)
		}
		if strings.Contains(text, want) {
			return text
		}
	}
}

func (p *returner) receive() (string, error) {
	_, text, err := p.conn.ReadMessage()
	if err != nil {
		return "", err
	}
	p.got = append(p.got, string(text))
	return string(text), nil
}

// broken receives until the connection ends.
func (p *returner) broken() error {
	for {
		if _, err := p.receive(); err != nil {
			return err
		}
	}
}

// outcomes counts the answers to each request.
func (p *returner) outcomes() map[int]int {
	n := map[int]int{}
	for _, text := range p.got {
		var a struct {
			ID     *int
			Method string
		}
		if err := json.Unmarshal([]byte(text), &a); err == nil && a.ID != nil && a.Method == "" {
			n[*a.ID]++
		}
	}
	return n
}

// once demands that each request up to last has one outcome.
func (p *returner) once(last int) {
	p.t.Helper()
	n := p.outcomes()
	for id := range last + 1 {
		if n[id] != 1 {
			p.t.Errorf("request %d: got %d outcomes, want one, in %q", id, n[id], p.got)
		}
	}
}

// reported demands that each report of a call came once, in order.
func (p *returner) reported(reports int) {
	p.t.Helper()
	next := 1
	for _, text := range p.got {
		if strings.Contains(text, "notifications/progress") {
			if !strings.Contains(text, fmt.Sprintf(`"report %d of`, next)) {
				p.t.Errorf("got %s, want report %d", text, next)
			}
			next++
		}
	}
	if next != reports+1 {
		p.t.Errorf("got %d reports, want %d", next-1, reports)
	}
}

// A client loses its connection again and again while a call reports, and comes back each time at another node:
// each report and each answer comes once, in order.
func TestReturnElsewhere(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	p := newReturner(t, c, 1)
	const reports = 40
	p.call(1, "report", fmt.Sprintf(`{"reports":%d,"every_ms":50}`, reports))
	last := 1
	for i := range 12 {
		if _, err := p.receive(); err != nil {
			t.Fatal(err)
		}
		_ = p.conn.NetConn().Close() // without a word
		last++
		p.call(last, "pid", `{}`) // nobody gets it before the client is back
		p.back(i%4 + 1)
	}
	p.until(`"text":"done by`)
	last++
	p.call(last, "pid", `{}`)
	p.until(fmt.Sprintf(`"id":%d`, last))
	p.once(last)
	p.reported(reports)

	older := p.conn
	p.back(3)
	if _, _, err := older.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("the older connection: got %v, want that it was replaced", err)
	}
	p.checkTold(4)
}

// checkTold changes the tools at a node, and demands that the client is told once.
func (p *returner) checkTold(at int) {
	p.t.Helper()
	count := func() int { return strings.Count(strings.Join(p.got, "\n"), "tools/list_changed") }
	before := count()
	dialSDK(p.t, "http://"+p.c.nodes[at].addr+"/mcp").call("register", map[string]any{"name": fmt.Sprint("tool-", time.Now().UnixNano())})
	p.until("tools/list_changed")
	_ = p.conn.SetReadDeadline(time.Now().Add(time.Second)) // for a second one, which must not come
	if err := p.broken(); websocket.IsUnexpectedCloseError(err) || count() != before+1 {
		p.t.Errorf("list_changed came %d times, then %v; want once", count()-before, err)
	}
}

// The node of a session is killed: the client comes back elsewhere, with what the session had said, one outcome
// for what was open, and changes to its state still there.
func TestReturnAfterKill(t *testing.T) {
	needs(t, brief)
	for name, via := range map[string]int{"connected to it": 1, "connected to another": 2} {
		t.Run(name, func(t *testing.T) {
			c := newFixtures(t, 4)
			c.startAll()
			c.ready(c.all()...)
			p := newReturner(t, c, 1)
			if via != 1 {
				p.back(via)
			}
			p.call(1, "pid", `{}`)
			owner := p.until(`"id":1`)
			p.call(2, "report", `{"reports":1000,"every_ms":20}`)
			p.until("report 10 of")
			c.kill(1)
			if err := p.broken(); via != 1 && !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("the carried connection: got %v, want close code 1013", err)
			}
			t.Logf("back after %v", p.back(3).Round(10*time.Millisecond))
			if text := p.until(`"id":2`); !strings.Contains(text, "1004") {
				t.Errorf("what was open: got %s, want error 1004", text)
			}
			p.call(3, "pid", `{}`)
			if text := p.until(`"id":3`); strings.Replace(text, `"id":3`, `"id":1`, 1) == owner {
				t.Errorf("the session is still served by the process that was killed")
			}
			p.once(3)
			seen := 0
			for _, text := range p.got {
				if strings.Contains(text, "notifications/progress") {
					seen++
				}
			}
			p2 := *p
			p2.reported(seen)
			p.checkTold(4)
		})
	}
}

// The node of a session is stopped: what is open finishes first, the client is told to go, and the session goes on
// elsewhere, also where the client is told by the node that carries it.
func TestReturnAfterStop(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	c.ready(c.all()...)
	p, carried := newReturner(t, c, 1), newReturner(t, c, 2)
	carried.back(1)
	for _, x := range []*returner{p, carried} {
		x.call(1, "report", `{"reports":20,"every_ms":50}`)
		x.until("report 5 of")
	}
	c.signal(1, syscall.SIGTERM)
	for name, x := range map[string]*returner{"of the node": p, "carried": carried} {
		err := x.broken()
		if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			t.Errorf("%s: got %v, want close code 1012", name, err)
		}
		t.Logf("%s: back after %v", name, x.back(3).Round(10*time.Millisecond))
		if x.outcomes()[1] == 0 { // a carried connection is closed before what runs elsewhere is done
			x.until("done by")
		}
		x.call(2, "pid", `{}`)
		x.until(`"id":2`)
		x.once(2)
		x.reported(20)
	}
	if err := c.exit(1); err != nil {
		t.Errorf("the node ended with %v", err)
	}
	p.checkTold(4)
}

// What is no session to come back to is told so with the handshake, at each node.
func TestReturnRefused(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	p := newReturner(t, c, 1)
	overHTTP := dialSDK(t, "http://"+c.nodes[1].addr+"/mcp").ID()
	ended := newReturner(t, c, 1)
	if err := ended.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")); err != nil {
		t.Fatal(err)
	}
	if err := ended.broken(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Fatalf("close: got %v", err)
	}
	forged := p.id[:len(p.id)-1] + string(rune('A'+(p.id[len(p.id)-1]-'A'+1)%26))
	for at := 1; at <= 4; at++ {
		for name, x := range map[string]struct {
			id     string
			status int
		}{"unknown": {"nobody", 404}, "forged": {forged, 404}, "of HTTP": {overHTTP, 400}, "ended": {ended.id, 404}} {
			q := &returner{t: t, c: c, id: x.id}
			eventually(t, "settled", func() bool { return q.dial(at) != http.StatusServiceUnavailable })
			if got := q.dial(at); got != x.status {
				t.Errorf("%s at n%d: got status %d, want %d", name, at, got, x.status)
			}
		}
		swapped := post(t, c.nodes[at].addr, p.id, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		if swapped != http.StatusBadRequest {
			t.Errorf("posted at n%d: got status %d, want 400", at, swapped)
		}
	}
	p.call(1, "pid", `{}`)
	p.until(`"id":1`)
}

// post makes one HTTP request of a session and returns its status.
func post(t *testing.T, addr, session, text string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(patiently(t), http.MethodPost, "http://"+addr+"/mcp", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"Mcp-Session-Id": {session}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(errors.Unwrap(err))
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = response.Body.Close() }() // nothing of it is read
	return response.StatusCode
}
