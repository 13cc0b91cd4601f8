//go:build linux

package crew

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/load"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// goroutineWorker is a worker that runs in this process.
type goroutineWorker struct {
	io.Reader
	io.WriteCloser
	done chan struct{}
}

func (w *goroutineWorker) CPU() time.Duration { return time.Millisecond }

func (w *goroutineWorker) Close() error {
	err := w.WriteCloser.Close()
	<-w.done
	return err
}

func launchGoroutine(_ context.Context, _ int) (Worker, error) {
	orders, toWorker := io.Pipe()
	fromWorker, sayings := io.Pipe()
	w := &goroutineWorker{fromWorker, toWorker, make(chan struct{})}
	go func() {
		defer close(w.done)
		_ = load.Serve(context.Background(), orders, sayings)
		_ = sayings.Close()
	}()
	return w, nil
}

// node is a server that echoes over WebSocket and tells about itself; while it is hurt it drops what comes.
type node struct {
	*httptest.Server
	hurt atomic.Bool
}

func serveNode(t *testing.T, metrics string) *node {
	t.Helper()
	n := &node{}
	up := websocket.Upgrader{}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			_, _ = io.WriteString(w, metrics)
			return
		case "/readyz":
			return
		}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			_, text, err := conn.ReadMessage()
			if err != nil || n.hurt.Load() {
				return
			}
			if out := echo(string(text)); out != "" {
				_ = conn.WriteMessage(websocket.TextMessage, []byte(out))
			}
		}
	}))
	t.Cleanup(n.Close)
	return n
}

func echo(text string) string {
	_, rest, ok := strings.Cut(text, `"id":`)
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, ",")
	if strings.Contains(text, `"initialize"`) {
		return `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}`
	}
	_, rest, _ = strings.Cut(text, `"message":"`)
	message, _, _ := strings.Cut(rest, `"`)
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"content":[{"text":"%s"}]}}`, id, message)
}

func (n *node) target() load.Target {
	return load.Target{Name: "n", Addr: netip.MustParseAddrPort(strings.TrimPrefix(n.URL, "http://"))}
}

func testRun(n *node, p Profile, workers int) *Run {
	ask := Ask{Sessions: p.Most(), Workers: workers, Options: load.Options{Targets: []load.Target{n.target()}, Transport: load.WebSocket, Grace: 2 * time.Second}}
	limits := Limits{OpenFiles: 1000, PortLow: 30000, PortHigh: 60000}
	return &Run{
		Ask: ask, Limits: limits, Plan: NewPlan(ask, limits), Profile: p, Mix: "echo", Launch: launchGoroutine,
		Nodes: []Node{{"n", n.URL + "/metrics", n.URL + "/readyz"}},
	}
}

const told = "process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes 1e+07\nerlmcp_limit{resource=\"connections\"} 100\n"

// TestWorkersDoTheWholeProfile: three workers share sessions and calls, and a phase that the node's limit does
// not allow is told, not shrunk.
func TestWorkersDoTheWholeProfile(t *testing.T) {
	n := serveNode(t, told)
	r := testRun(n, Profile{"test", []Phase{
		{Name: "a", Sessions: 10, Rate: 200, Duration: 300 * time.Millisecond},
		{Name: "too many", Sessions: 101, Rate: 1, Duration: time.Hour},
		{Name: "b", Sessions: 20, Rate: 100, Duration: 300 * time.Millisecond},
	}}, 3)
	ended := 0
	r.Tell = func(p Progress) {
		if p.PhaseEnded != nil {
			ended++
		}
	}
	got, err := r.Do(context.Background())
	if err != nil || len(got.Phases) != 3 || ended != 3 {
		t.Fatalf("got %d phases, %v", len(got.Phases), err)
	}
	a, refused, b := got.Phases[0], got.Phases[1], got.Phases[2]
	if a.Load.Counts.Scheduled != 60 || a.Load.Counts.Right != 60 || a.Connect.Ready != 10 || a.Load.Latency.Count() != 60 {
		t.Errorf("a: got %+v, %+v", a.Load.Counts, a.Connect)
	}
	if refused.Ran() || len(got.NotRun) != 1 {
		t.Errorf("too many: got %q, %q", refused.NotRun, got.NotRun)
	}
	if b.Load.Counts.Right != 30 || b.Connect.Ready != 20 {
		t.Errorf("b: got %+v, %+v", b.Load.Counts, b.Connect)
	}
	if len(a.Nodes) != 1 || !a.Nodes[0].Told || a.Nodes[0].Memory != 10_000_000 {
		t.Errorf("nodes: got %+v", a.Nodes)
	}
}

func TestRunStopsAtALimit(t *testing.T) {
	r := testRun(serveNode(t, told), Profile{"test", []Phase{{Name: "x", Sessions: 101}, {Name: "y", Sessions: 1}}}, 1)
	r.OverLimit = OverStop
	got, err := r.Do(context.Background())
	if err != nil || len(got.Phases) != 1 {
		t.Errorf("got %d phases, %v; want 1", len(got.Phases), err)
	}
}

type hurting struct{ n *node }

func (h hurting) Inject(context.Context) (string, error) {
	h.n.hurt.Store(true)
	return "hurt", nil
}

func (h hurting) Heal(context.Context) (string, error) {
	h.n.hurt.Store(false)
	return "healed", nil
}

func TestFaultAndRecovery(t *testing.T) {
	n := serveNode(t, told)
	phase := Phase{Name: "fault", Sessions: 6, Rate: 50, Duration: 2400 * time.Millisecond, Reconnect: true, Fault: true, Strained: true}
	r := testRun(n, Profile{"test", []Phase{phase}}, 2)
	r.Faults = hurting{n}
	got, err := r.Do(context.Background())
	if err != nil || len(got.Phases) != 1 {
		t.Fatalf("got %v", err)
	}
	p := got.Phases[0]
	if p.Load.SessionsLost == 0 || p.Load.Reconnected == 0 || p.Load.Ready != 6 || p.FaultText != "hurt; healed" || !p.Load.Counts.Balanced() {
		t.Errorf("got %+v, %q", p.Load, p.FaultText)
	}
}

func TestWorkerThatEndsBreaksTheRun(t *testing.T) {
	r := testRun(serveNode(t, told), Profile{"test", []Phase{{Name: "x", Sessions: 1}}}, 1)
	r.Launch = func(context.Context, int) (Worker, error) {
		in, out := io.Pipe()
		_ = out.Close()
		done := make(chan struct{})
		close(done)
		return &goroutineWorker{in, nopCloser{io.Discard}, done}, nil
	}
	if _, err := r.Do(context.Background()); err == nil {
		t.Error("got no error")
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// TestSampleOfARealNode reads what a node tells.
func TestSampleOfARealNode(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "metrics.txt"))
	if err != nil {
		t.Fatal(err)
	}
	s := Sample{At: time.Unix(1_795_580_100, 0)}
	s.read(strings.NewReader(string(text)))
	want := Sample{
		At: s.At, CPU: 2500 * time.Millisecond, Memory: 27258880, MemoryLimit: 0, Uptime: 100 * time.Second, Connections: 12, MaxConns: 19488,
		MaxSessions: 100000, Sessions: 12, Messages: 70, Members: 4,
	}
	if s != want {
		t.Errorf("got %+v\nwant %+v", s, want)
	}
}
