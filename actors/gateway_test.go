package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// fixture is a gateway with its tree, and a server whose tools a test can steer.
type fixture struct {
	t       *testing.T
	server  *mcp.Server
	gateway *Gateway
	release chan struct{} // lets a call of the tool wait end
	begun   chan struct{} // a call of the tool wait has begun
}

type echoIn struct {
	Message string `json:"message"`
}

type none struct{}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}

func newFixture(t *testing.T, o Options) *fixture {
	t.Helper()
	f := &fixture{t: t, release: make(chan struct{}), begun: make(chan struct{}, 100)}
	f.server = mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	mcp.AddTool(f.server, &mcp.Tool{Name: "echo"}, func(_ context.Context, _ *mcp.CallToolRequest, in echoIn) (*mcp.CallToolResult, any, error) {
		return text(in.Message), nil, nil
	})
	mcp.AddTool(f.server, &mcp.Tool{Name: "panic"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
		panic("boom")
	})
	mcp.AddTool(f.server, &mcp.Tool{Name: "wait"}, func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		f.begun <- struct{}{}
		select {
		case <-f.release:
		case <-ctx.Done():
		}
		return text("waited"), nil, nil
	})
	mcp.AddTool(f.server, &mcp.Tool{Name: "progress"}, func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		err := r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "error", Data: "working"})
		return text("done"), nil, err
	})
	system := supervisors.NewSystem(supervisors.Options{})
	f.gateway = NewGateway(f.server, system, o)
	root, err := system.Start(supervisors.Spec{Name: "root", Children: []supervisors.ChildSpec{
		f.gateway.Sessions(),
		{ID: "features", Start: supervisors.Service(f.gateway.Serve)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return f
}

// dial opens a duplex connection and initializes it.
func (f *fixture) dial() *transport.PipeClient {
	f.t.Helper()
	c := f.open(transport.Info{})
	f.send(c, initialize)
	if got := f.recv(c); !strings.Contains(got, `"serverInfo"`) {
		f.t.Fatalf("initialize: got %s", got)
	}
	f.send(c, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return c
}

const initialize = `{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

func (f *fixture) open(info transport.Info) *transport.PipeClient {
	f.t.Helper()
	c, err := transport.Pipe(f.gateway, info, transport.Limits{})
	if err != nil {
		f.t.Fatalf("open: %v", err)
	}
	f.t.Cleanup(c.Close)
	return c
}

func (f *fixture) send(c *transport.PipeClient, text string) {
	f.t.Helper()
	if err := c.Send([]byte(text)); err != nil {
		f.t.Fatalf("send %s: %v", text, err)
	}
}

func (f *fixture) frame(c *transport.PipeClient) transport.Frame {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	frame, err := c.Recv(ctx)
	if err != nil {
		f.t.Fatalf("receive: %v", err)
	}
	return frame
}

func (f *fixture) recv(c *transport.PipeClient) string {
	f.t.Helper()
	return string(f.frame(c).Text)
}

// post is one HTTP exchange: it returns the frames of the answer.
func (f *fixture) post(session, text string) ([]transport.Frame, *transport.PipeClient) {
	f.t.Helper()
	c := f.open(transport.Info{Mode: transport.Exchange, Session: session})
	f.send(c, text)
	return f.frames(c), c
}

func (f *fixture) frames(c *transport.PipeClient) []transport.Frame {
	f.t.Helper()
	var all []transport.Frame
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		frame, err := c.Recv(ctx)
		if errors.Is(err, transport.ErrClosed) {
			return all
		}
		if err != nil {
			f.t.Fatalf("receive: %v, after %d frames", err, len(all))
		}
		all = append(all, frame)
	}
}

// session makes an HTTP session and returns its id.
func (f *fixture) session() string {
	f.t.Helper()
	frames, c := f.post("", initialize)
	id := c.Info().Session
	if len(frames) != 1 || id == "" {
		f.t.Fatalf("initialize: got %d frames, session %q", len(frames), id)
	}
	if frames, _ := f.post(id, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); len(frames) != 0 {
		f.t.Fatalf("initialized: got %s", frames[0].Text)
	}
	return id
}

func toolCall(id, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s","arguments":%s}}`, id, tool, arguments)
}

// code is the error code in a response, 0 for a result.
func code(t *testing.T, text string) int {
	t.Helper()
	var m struct{ Error struct{ Code int } }
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m.Error.Code
}

// crash makes the session's actor panic in its next turn.
func (a *anchor) crash() { a.post((*changed)(nil)) }

func (f *fixture) anchors() []*anchor {
	var all []*anchor
	for shard := range tableShards {
		all = append(all, f.gateway.table.list(shard)...)
	}
	return all
}

func TestEachConnectionHasItsSession(t *testing.T) {
	f := newFixture(t, Options{})
	a, b := f.dial(), f.dial()
	for _, c := range []*transport.PipeClient{a, b} {
		f.send(c, toolCall("1", "echo", `{"message":"hi"}`))
		if got := f.recv(c); !strings.Contains(got, `"text":"hi"`) {
			t.Errorf("got %s", got)
		}
	}
	if got := f.gateway.Count(); got != 2 {
		t.Errorf("sessions: got %d, want 2", got)
	}
	a.Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 1 && f.gateway.Connections() == 1 })
}

func TestPanicInHandlerCostsOneCall(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "panic", `{}`))
	if got := f.recv(c); code(t, got) != mcp.CodeInternal || strings.Contains(got, "boom") {
		t.Errorf("got %s", got)
	}
	f.send(c, toolCall("2", "echo", `{"message":"alive"}`))
	if got := f.recv(c); !strings.Contains(got, "alive") {
		t.Errorf("got %s", got)
	}
	if got := f.anchors()[0].incarnation.Load(); got != 1 {
		t.Errorf("incarnation: got %d, want 1", got)
	}
}

func TestCrashOfSessionAnswersWhatIsOwedAndGoesOn(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	f.anchors()[0].crash()
	if got := f.recv(c); code(t, got) != mcp.CodeInternal || !strings.Contains(got, `"id":1`) {
		t.Errorf("got %s", got)
	}
	f.send(c, toolCall("2", "echo", `{"message":"back"}`))
	if got := f.recv(c); !strings.Contains(got, "back") {
		t.Errorf("after the restart: got %s", got)
	}
	if got := f.anchors()[0].incarnation.Load(); got != 2 {
		t.Errorf("incarnation: got %d, want 2", got)
	}
}

func TestCrashOfHTTPSessionAnswersOpenExchange(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	open := f.open(transport.Info{Mode: transport.Exchange, Session: id})
	go func() { _ = open.Send([]byte(toolCall("1", "wait", `{}`))) }()
	<-f.begun
	f.anchors()[0].crash()
	frames := f.frames(open)
	if len(frames) != 1 || code(t, string(frames[0].Text)) != mcp.CodeInternal {
		t.Fatalf("got %v", frames)
	}
	if frames, _ := f.post(id, toolCall("2", "echo", `{"message":"same id"}`)); len(frames) != 1 || !strings.Contains(string(frames[0].Text), "same id") {
		t.Errorf("after the restart: got %v", frames)
	}
}

func TestCrashLoopEndsTheSessionWithAnswers(t *testing.T) {
	f := newFixture(t, Options{Intensity: 2, Partitions: 1})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	a := f.anchors()[0]
	for n := uint32(1); n <= 3; n++ {
		testutil.Eventually(t, 5*time.Second, func() bool { return a.incarnation.Load() == n })
		a.crash()
	}
	if got := f.recv(c); code(t, got) != mcp.CodeInternal {
		t.Errorf("got %s", got)
	}
	c.Wait()
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 0 })
}

func TestCancelledCallIsNotAnswered(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	f.send(c, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	f.send(c, `{"jsonrpc":"2.0","id":2,"method":"ping"}`)
	if got := f.recv(c); !strings.Contains(got, `"id":2`) {
		t.Errorf("got %s", got)
	}
}

func TestCallTimeoutAnswers(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{CallTimeout: 20 * time.Millisecond}})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	if got := f.recv(c); code(t, got) != mcp.CodeDeadline {
		t.Errorf("got %s", got)
	}
}

func TestInFlightLimit(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{InFlight: 2}})
	c := f.dial()
	for i := range 3 {
		f.send(c, toolCall(fmt.Sprint(i), "wait", `{}`))
	}
	if got := f.recv(c); code(t, got) != mcp.CodeOverloaded || !strings.Contains(got, "retryAfterMs") {
		t.Errorf("got %s", got)
	}
	close(f.release)
	f.recv(c)
	f.recv(c)
}

func TestExchangeRules(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	for _, tt := range []struct {
		name, session, protocol, text string
		status, code                  int
		id                            string
	}{
		{"no session", "", "", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, 400, mcp.CodeInvalidRequest, `1`},
		{"no session, discovery", "", "", `{"jsonrpc":"2.0","id":1,"method":"server/discover"}`, 400, mcp.CodeMethodNotFound, `1`},
		{"no session, discovery by a newer client", "", "2026-07-28", `{"jsonrpc":"2.0","id":"d","method":"server/discover"}`, 400, mcp.CodeMethodNotFound, `"d"`},
		{"no session, unknown revision", "", "2026-07-28", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, 400, mcp.CodeInvalidRequest, `1`},
		{"initialize under an unknown revision", "", "1999-01-01", initialize, 400, mcp.CodeInvalidRequest, `"init"`},
		{"unknown session", "nope", "", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, 404, mcp.CodeInvalidRequest, `null`},
		{"unknown revision", id, "1999-01-01", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, 400, mcp.CodeInvalidRequest, `1`},
		{"not JSON", id, "", `{`, 400, mcp.CodeParse, `null`},
		{"batch under 2025-11-25", id, "", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, 400, mcp.CodeInvalidRequest, `null`},
		{"fine", id, "2025-11-25", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, 0, 0, `1`},
	} {
		c := f.open(transport.Info{Mode: transport.Exchange, Session: tt.session, Protocol: tt.protocol})
		f.send(c, tt.text)
		frames := f.frames(c)
		if len(frames) != 1 || frames[0].Status != tt.status || !frames[0].Last {
			t.Errorf("%s: got %+v, want one last frame with status %d", tt.name, frames, tt.status)
			continue
		}
		text := string(frames[0].Text)
		if !strings.Contains(text, `"id":`+tt.id) || (tt.code != 0 && code(t, text) != tt.code) {
			t.Errorf("%s: got %s, want code %d for id %s", tt.name, text, tt.code, tt.id)
		}
	}
	for _, mode := range []transport.Mode{transport.Stream, transport.Exchange} {
		info := transport.Info{Mode: mode, Session: id, Protocol: "1999-01-01"}
		err := f.gateway.End(info)
		if mode == transport.Stream {
			_, err = transport.Pipe(f.gateway, info, transport.Limits{})
		}
		var r *transport.Refusal
		if !errors.As(err, &r) || r.Reason != transport.ReasonBadRequest {
			t.Errorf("mode %d under an unknown revision: got %v, want a bad request", mode, err)
		}
	}
	if f.gateway.Count() != 1 {
		t.Errorf("got %d sessions, want the one", f.gateway.Count())
	}
}

func TestFailedInitializeLeavesNothing(t *testing.T) {
	f := newFixture(t, Options{})
	frames, c := f.post("", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`)
	if len(frames) != 1 || code(t, string(frames[0].Text)) != mcp.CodeInvalidParams || c.Info().Session != "" {
		t.Errorf("got %v, session %q", frames, c.Info().Session)
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 0 })
}

func TestDeleteMakesTheSessionUnknown(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	if err := f.gateway.End(transport.Info{Session: id}); err != nil {
		t.Fatal(err)
	}
	if frames, _ := f.post(id, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); frames[0].Status != 404 {
		t.Errorf("got status %d, want 404", frames[0].Status)
	}
	var refusal *transport.Refusal
	if err := f.gateway.End(transport.Info{Session: id}); !errors.As(err, &refusal) || refusal.Reason != transport.ReasonNoSession {
		t.Errorf("second DELETE: got %v", err)
	}
}

func TestBatchIsAnsweredAsOneArray(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.open(transport.Info{})
	f.send(c, strings.Replace(initialize, "2025-11-25", "2025-03-26", 1))
	f.recv(c)
	f.send(c, `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},7,`+toolCall("2", "echo", `{"message":"b"}`)+`]`)
	var answers []map[string]any
	if err := json.Unmarshal([]byte(f.recv(c)), &answers); err != nil || len(answers) != 3 {
		t.Fatalf("got %v, %v; want 3 answers", answers, err)
	}
	f.send(c, `[{"jsonrpc":"2.0","method":"notifications/initialized"}]`)
	f.send(c, `{"jsonrpc":"2.0","id":3,"method":"ping"}`)
	if got := f.recv(c); !strings.Contains(got, `"id":3`) {
		t.Errorf("after a batch of notifications: got %s", got)
	}
}

func TestAdmission(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{Connections: 1, Sessions: 2}})
	f.dial()
	var refusal *transport.Refusal
	if _, err := transport.Pipe(f.gateway, transport.Info{}, transport.Limits{}); !errors.As(err, &refusal) || refusal.Reason != transport.ReasonOverloaded {
		t.Errorf("second connection: got %v", err)
	}
	f.session()
	frames, _ := f.post("", initialize)
	if len(frames) != 1 || frames[0].Status != 503 || code(t, string(frames[0].Text)) != mcp.CodeOverloaded {
		t.Errorf("third session: got %+v", frames)
	}
}

func TestOverdueSessionsEnd(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{InitializeTimeout: time.Second, UnusedTimeout: time.Minute, IdleTimeout: time.Hour, MaxAge: 24 * time.Hour}})
	g := f.gateway
	id := f.session()
	a := g.table.get(id)
	now := time.Now()
	for _, tt := range []struct {
		name  string
		after time.Duration
		used  bool
		want  bool
		limit Limit
	}{
		{"fresh", 0, false, false, 0},
		{"unused", 2 * time.Minute, false, true, LimitUnused},
		{"used", 2 * time.Minute, true, false, 0},
		{"idle", 2 * time.Hour, true, true, LimitIdle},
		{"old", 25 * time.Hour, true, true, LimitAge},
	} {
		a.used.Store(tt.used)
		limit, _, over := g.overdue(a, now.Add(tt.after))
		if over != tt.want || over && limit != tt.limit {
			t.Errorf("%s: got %v, %v; want %v, %v", tt.name, over, limit, tt.want, tt.limit)
		}
	}
	c := f.open(transport.Info{})
	c.Wait() // no initialize within a second
	if reason, _ := c.Reason(); reason != transport.ReasonHandshake {
		t.Errorf("closed for %v, want handshake", reason)
	}
}
