package actors

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

// addTalker adds a tool that logs, which makes its exchange an event stream, and then waits.
func (f *fixture) addTalker() {
	mcp.AddTool(f.server, &mcp.Tool{Name: "talk"}, func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		err := r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "error", Data: "working"})
		f.begun <- struct{}{}
		select {
		case <-f.release:
		case <-ctx.Done():
		}
		return text("talked"), nil, err
	})
}

// talk begins a call of talk and returns its exchange and the first event.
func (f *fixture) talk(session, id string) (*transport.PipeClient, transport.Frame) {
	f.t.Helper()
	c := f.open(transport.Info{Mode: transport.Exchange, Session: session})
	go func() { _ = c.Send([]byte(toolCall(id, "talk", `{}`))) }()
	prime := f.frame(c)
	<-f.begun
	return c, prime
}

func TestResumptionReplacesTheOlderStream(t *testing.T) {
	f := newFixture(t, Options{})
	f.addTalker()
	id := f.session()
	old, prime := f.talk(id, "1")
	again := f.open(transport.Info{Mode: transport.Stream, Session: id, LastEventID: prime.Event})
	f.frame(again) // the log message
	close(f.release)
	old.Wait()
	if reason, _ := old.Reason(); reason != transport.ReasonReplaced {
		t.Errorf("the older stream closed for %v, want replaced", reason)
	}
	if frames := f.frames(again); len(frames) != 1 || !strings.Contains(string(frames[0].Text), "talked") {
		t.Errorf("got %+v", frames)
	}
}

func TestResumedStreamEndsWithItsRequest(t *testing.T) {
	f := newFixture(t, Options{})
	f.addTalker()
	id := f.session()
	_, prime := f.talk(id, "1")
	info := transport.Info{Mode: transport.Stream, Session: id, LastEventID: prime.Event}
	again := f.open(info)
	f.frame(again) // the log message
	f.post(id, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	if frames := f.frames(again); len(frames) != 0 {
		t.Errorf("after the cancellation: got %+v", frames)
	}
	late := f.open(info)
	if frames := f.frames(late); len(frames) != 1 {
		t.Errorf("resumed after the cancellation: got %+v, want the log message and the end", frames)
	}
}

func TestSessionsThatTheirSupervisorStopsSayWhy(t *testing.T) {
	server := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	begun := make(chan struct{})
	mcp.AddTool(server, &mcp.Tool{Name: "wait"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		close(begun)
		<-ctx.Done()
		return text("waited"), nil, nil
	})
	system := supervisors.NewSystem(supervisors.Options{})
	f := &fixture{t: t, server: server, gateway: NewGateway(server, system, Options{})}
	root, err := system.Start(supervisors.Spec{Children: []supervisors.ChildSpec{f.gateway.Sessions()}})
	if err != nil {
		t.Fatal(err)
	}
	id := f.session()
	c := f.open(transport.Info{Mode: transport.Exchange, Session: id})
	go func() { _ = c.Send([]byte(toolCall("1", "wait", `{}`))) }()
	<-begun
	if err := root.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	frames := f.frames(c)
	if len(frames) != 1 || frames[0].Status != 500 || code(t, string(frames[0].Text)) != mcp.CodeInternal {
		t.Errorf("got %+v, want an internal error with status 500", frames)
	}
}

func TestDrainConcernsSessionsWithoutInitialize(t *testing.T) {
	f := newFixture(t, Options{})
	busy, fresh := f.dial(), f.open(transport.Info{})
	f.send(busy, toolCall("1", "wait", `{}`))
	<-f.begun
	var done sync.WaitGroup
	done.Go(func() { f.gateway.Drain(context.Background(), 0) })
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Admit(transport.Info{}) != nil })
	testutil.Eventually(t, 5*time.Second, func() bool {
		f.send(busy, toolCall(`"late"`, "echo", `{"message":"x"}`))
		return code(t, f.recv(busy)) == mcp.CodeDraining
	})
	f.send(fresh, initialize)
	if got := f.recv(fresh); code(t, got) != mcp.CodeDraining {
		t.Errorf("got %s", got)
	}
	close(f.release)
	done.Wait()
}

func TestNextIncarnationDrainsToo(t *testing.T) {
	f := newFixture(t, Options{})
	busy, c := f.dial(), f.dial()
	f.send(busy, toolCall("1", "wait", `{}`))
	<-f.begun
	var done sync.WaitGroup
	done.Go(func() { f.gateway.Drain(context.Background(), 0) })
	testutil.Eventually(t, 5*time.Second, func() bool {
		f.send(c, toolCall("2", "echo", `{"message":"x"}`))
		return code(t, f.recv(c)) == mcp.CodeDraining
	})
	for _, a := range f.anchors() {
		if a.ledger.len() == 0 {
			a.crash()
		}
	}
	testutil.Eventually(t, 5*time.Second, func() bool {
		f.send(c, `{"jsonrpc":"2.0","id":3,"method":"ping"}`)
		return code(t, f.recv(c)) == 0
	})
	f.send(c, toolCall("4", "echo", `{"message":"x"}`))
	if got := f.recv(c); code(t, got) != mcp.CodeDraining {
		t.Errorf("got %s", got)
	}
	close(f.release)
	done.Wait()
}

func TestSessionLimitIsExact(t *testing.T) {
	const limit = 10
	f := newFixture(t, Options{Limits: Limits{Sessions: limit}})
	var mu sync.Mutex
	refused := 0
	var done sync.WaitGroup
	for range 5 * limit {
		done.Go(func() {
			c, err := transport.Pipe(f.gateway, transport.Info{}, transport.Limits{})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused++
			} else {
				t.Cleanup(c.Close)
			}
		})
	}
	done.Wait()
	if got := f.gateway.Count(); got != limit || refused != 4*limit {
		t.Errorf("got %d sessions, %d refused; want %d, %d", got, refused, limit, 4*limit)
	}
}

func TestLimitsAreCounted(t *testing.T) {
	hits := &hitCounter{}
	f := newFixture(t, Options{Limits: Limits{InFlight: 1, Subscriptions: 1, Batch: 2}, Observer: hits})
	f.server.AddResource(&mcp.Resource{URI: "a:1", Name: "1"}, unread)
	f.server.AddResource(&mcp.Resource{URI: "a:2", Name: "2"}, unread)
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	for _, m := range []string{
		toolCall("2", "echo", `{"message":"x"}`),
		`{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"a:1"}}`,
		`{"jsonrpc":"2.0","id":4,"method":"resources/subscribe","params":{"uri":"a:2"}}`,
		`{"jsonrpc":"2.0","id":5,"method":"ping","params":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200) + `}`,
		`[1,2,3]`,
	} {
		f.send(c, m)
		f.recv(c)
	}
	close(f.release)
	f.recv(c)
	if err := c.Send(make([]byte, 5<<20)); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("5 MiB: got %v", err)
	}
	c.Wait()
	for _, l := range []Limit{LimitInFlight, LimitSubscriptions, LimitDepth, LimitBatch, LimitMessageBytes} {
		if got := hits.of(l); got != 1 {
			t.Errorf("%v: got %d hits, want 1", l, got)
		}
	}
}

// unread is the handler of resources that nobody reads.
func unread(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	return nil, nil
}

func TestCallAllowance(t *testing.T) {
	now := time.Now()
	asked := map[uint64]chan mcp.Answer{1: nil}
	for _, tt := range []struct {
		name string
		call *call
		want time.Duration
	}{
		{"without progress", &call{timeout: time.Second, limit: now.Add(time.Minute)}, time.Second},
		{"near the limit", &call{timeout: time.Minute, limit: now.Add(time.Second)}, time.Second},
		{"past the limit", &call{timeout: time.Minute, limit: now.Add(-time.Second)}, 0},
		{"waits for the client", &call{timeout: time.Second, limit: now.Add(time.Minute), asks: asked}, time.Minute},
		{"no time-out", &call{timeout: -1, limit: now.Add(time.Minute)}, time.Minute},
		{"no limit", &call{timeout: time.Second}, time.Second},
		{"no limit, waits", &call{timeout: time.Second, asks: asked}, forever},
		{"neither", &call{timeout: -1}, forever},
	} {
		if got := tt.call.allowance(now); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDrainLetsCallsFinish(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	var cut int
	var done sync.WaitGroup
	done.Go(func() { cut = f.gateway.Drain(context.Background(), 0) })
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Admit(transport.Info{}) != nil })
	testutil.Eventually(t, 5*time.Second, func() bool {
		f.send(c, toolCall(`"late"`, "echo", `{"message":"x"}`))
		return code(t, f.recv(c)) == mcp.CodeDraining
	})
	close(f.release)
	if got := f.recv(c); !strings.Contains(got, "waited") {
		t.Errorf("got %s", got)
	}
	done.Wait()
	c.Wait()
	if reason, _ := c.Reason(); cut != 0 || reason != transport.ReasonShutdown {
		t.Errorf("got %d cut, reason %v; want 0, shutdown", cut, reason)
	}
}

func TestDrainCutsWhatDoesNotFinish(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if cut := f.gateway.Drain(ctx, 0); cut != 1 {
		t.Errorf("got %d cut, want 1", cut)
	}
	if got := f.recv(c); code(t, got) != mcp.CodeDraining {
		t.Errorf("got %s", got)
	}
}
