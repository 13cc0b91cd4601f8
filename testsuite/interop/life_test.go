package interop

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// end ends a session behind the back of its client.
func end(t *testing.T, n *node, session string) {
	t.Helper()
	r, err := http.NewRequestWithContext(patiently(t), http.MethodDelete, "http://"+n.Addr()+"/mcp", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Mcp-Session-Id", session)
	pool := &http.Transport{}
	defer pool.CloseIdleConnections()
	response, err := pool.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatalf("DELETE: got %s, %v", response.Status, err)
	}
}

// onNode are the media of a node in this process.
func onNode(t *testing.T, n *node) map[string]func(*wire) sdk.Transport {
	return map[string]func(*wire) sdk.Transport{
		"http": overHTTP(t, "http://"+n.Addr()+"/mcp"),
		"ws":   func(w *wire) sdk.Transport { return &socketTransport{url: "ws://" + n.Addr() + "/mcp/ws", wire: w} },
	}
}

// When the context of Run ends, calls in flight finish and their clients get the answers, while further
// calls are refused. Then Run returns nil.
func TestRunDrains(t *testing.T) {
	for _, name := range []string{"http", "ws"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, erlmcp.Options{})
			p := dial(t, onNode(t, n)[name], "2025-11-25", nil)
			p.dying = true
			call := p.begin(patiently(t), "wait", args{"name": name})
			within(t, n.features.gate(name).begun, "the call")
			n.stop()
			eventually(t, func() bool {
				_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "echo", Arguments: args{"message": "late"}})
				return err != nil
			})
			select {
			case got := <-call:
				t.Errorf("the call in flight ended early: %+v", got)
			case <-n.done:
				t.Errorf("the node ended before its call")
			default:
			}
			close(n.features.gate(name).released)
			if got := within(t, call, "the answer"); got.err != nil || got.text != "released "+name {
				t.Errorf("got %+v, want the answer", got)
			}
			within(t, n.done, "Run to return")
			if n.Sessions() != 0 || n.Connections() != 0 {
				t.Errorf("got %d sessions and %d connections at the end", n.Sessions(), n.Connections())
			}
		})
	}
}

// A call that does not finish in the time for draining is cut short: its context ends and its client gets an
// error.
func TestDrainCutsWhatDoesNotFinish(t *testing.T) {
	for _, name := range []string{"http", "ws"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, erlmcp.Options{Drain: erlmcp.Drain{Timeout: 50 * time.Millisecond}})
			p := dial(t, onNode(t, n)[name], "2025-11-25", nil)
			p.dying = true
			call := p.begin(patiently(t), "wait", args{"name": name})
			within(t, n.features.gate(name).begun, "the call")
			n.stop()
			if got := within(t, call, "the end of the call"); got.err == nil {
				t.Errorf("got %+v, want an error", got)
			}
			if err := within(t, n.features.gate(name).ended, "the end of its context"); !errors.Is(err, context.Canceled) {
				t.Errorf("the handler's context: got %v", err)
			}
			within(t, n.done, "Run to return")
		})
	}
}

// A port that is taken is an error that says so, at once.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	n, err := erlmcp.New(newServer(), erlmcp.Options{HTTP: erlmcp.HTTP{Addr: l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	err = n.Run(patiently(t))
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), l.Addr().String()) || errors.Is(err, erlmcp.ErrRestartLimit) {
		t.Errorf("got %v, want an error that names %s", err, l.Addr())
	}
}

// failing is a listener that ends with an error, some times in a row.
type failing struct {
	times  int64 // negative: always
	starts atomic.Int64
	served chan struct{} // closed when it serves
}

// Serve implements transport.Listener.
func (f *failing) Serve(ctx context.Context, _ transport.Acceptor) error {
	if n := f.starts.Add(1); f.times < 0 || n <= f.times {
		return errors.New("the cable is unplugged")
	}
	close(f.served)
	<-ctx.Done()
	return nil
}

// A listener that keeps failing uses up the restart limit of its supervisor and then that of the node, which
// ends with the cause. Clients of other listeners do not hold it up.
func TestRestartLimit(t *testing.T) {
	broken := &failing{times: -1}
	fails := make(chan struct{})
	made, err := erlmcp.New(newServer(), erlmcp.Options{
		HTTP:      erlmcp.HTTP{Addr: "127.0.0.1:0"},
		Listeners: []transport.Listener{&delayed{failing: broken, until: fails}},
		Intensity: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- made.Run(context.Background()) }()
	within(t, made.Ready(), "the node to be ready")
	for _, through := range onNode(t, &node{Node: made}) {
		p := dial(t, through, "2025-11-25", nil)
		p.dying = true
		p.call("echo", args{"message": "x"})
	}
	close(fails)
	err = within(t, ended, "Run to return")
	if !errors.Is(err, erlmcp.ErrRestartLimit) || !strings.Contains(err.Error(), "the cable is unplugged") || !strings.Contains(err.Error(), "listener-1") {
		t.Errorf("got %v, want %v with the cause", err, erlmcp.ErrRestartLimit)
	}
	if got, want := broken.starts.Load(), int64(9); got != want {
		t.Errorf("the listener was started %d times, want 3 times in each of 3 starts of the listeners, %d", got, want)
	}
	if c, err := net.Dial("tcp", made.Addr()); err == nil {
		t.Errorf("the node still listens on %s", made.Addr())
		_ = c.Close()
	}
}

// A listener that fails more often than its supervisor allows has all listeners started again. The sessions
// live through that, and so does the node: it does not drain.
func TestListenersStartAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	broken := &failing{times: 0, served: make(chan struct{})}
	fails := make(chan struct{})
	n := startNode(t, erlmcp.Options{
		HTTP:      erlmcp.HTTP{Addr: addr},
		Listeners: []transport.Listener{&delayed{failing: broken, until: fails}},
		Intensity: 2,
	})
	p := dial(t, onNode(t, n)["http"], "2025-11-25", nil)
	socket := dial(t, onNode(t, n)["ws"], "2025-11-25", nil)
	socket.dying = true
	before := p.call("whoami", nil)
	broken.times = 3
	close(fails)
	within(t, broken.served, "the listener to serve")
	if err := socket.Wait(); err != nil {
		t.Errorf("the WebSocket ended with %v, want a proper end", err)
	}
	eventually(t, func() bool {
		result, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "whoami"})
		return err == nil && textOf(result) == before
	})
	p.call("register", args{"name": "fresh"})
	if got := dial(t, onNode(t, n)["ws"], "", nil).call("fresh", nil); got != "this is fresh" {
		t.Errorf("got %q", got)
	}
}

// delayed is a failing listener that serves until a moment, at which it fails for the first time.
type delayed struct {
	*failing
	until chan struct{}
}

// Serve implements transport.Listener.
func (d *delayed) Serve(ctx context.Context, a transport.Acceptor) error {
	select {
	case <-d.until:
		return d.failing.Serve(ctx, a)
	case <-ctx.Done():
		return nil
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *mcp.Server
		o      erlmcp.Options
		want   string
	}{
		{"no server", nil, erlmcp.Options{}, "server"},
		{"open to the network", newServer(), erlmcp.Options{HTTP: erlmcp.HTTP{Addr: ":8080"}}, "HTTP.Addr"},
		{"open to an interface", newServer(), erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "192.0.2.1:8080"}}, "HTTP.Addr"},
	} {
		if _, err := erlmcp.New(c.server, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %s", c.name, err, c.want)
		}
	}
}

// Two nodes live in one process, each with its own sessions, and each runs once.
func TestTwoNodes(t *testing.T) {
	one, two := startNode(t, erlmcp.Options{Name: "one@localhost"}), startNode(t, erlmcp.Options{Name: "two@localhost"})
	p := dial(t, onNode(t, one)["ws"], "2025-11-25", nil)
	q := dial(t, onNode(t, two)["http"], "2025-11-25", nil)
	if a, b := p.call("whoami", nil), q.call("whoami", nil); a == b {
		t.Errorf("both are %q", a)
	}
	if one.Sessions() != 1 || two.Sessions() != 1 {
		t.Errorf("got %d and %d sessions, want one each", one.Sessions(), two.Sessions())
	}
	if err := one.Run(patiently(t)); err == nil {
		t.Error("the node ran twice")
	}
}
