package clustering

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// wire notes what a client of the SDK receives, below the SDK.
type wire struct {
	next http.RoundTripper
	mu   sync.Mutex
	text bytes.Buffer
	gets int // event streams
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	fmt.Fprintf(&w.text, "\n[%s %s last %s: %d]\n", r.Method, r.Header.Get("Mcp-Session-Id"), r.Header.Get("Last-Event-Id"), response.StatusCode)
	if r.Method == http.MethodGet && response.StatusCode == http.StatusOK {
		w.gets++
	}
	w.mu.Unlock()
	response.Body = &noted{response.Body, w}
	return response, nil
}

type noted struct {
	io.ReadCloser
	wire *wire
}

// Read implements io.Reader.
func (n *noted) Read(p []byte) (int, error) {
	got, err := n.ReadCloser.Read(p)
	n.wire.mu.Lock()
	defer n.wire.mu.Unlock()
	n.wire.text.Write(p[:got])
	return got, err
}

func (w *wire) count(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Count(w.text.Bytes(), []byte(text))
}

func (w *wire) streams() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gets
}

// peer is a client of the official SDK.
type peer struct {
	*sdk.ClientSession
	t        *testing.T
	wire     *wire
	lists    chan struct{}
	updated  chan string
	progress chan *sdk.ProgressNotificationParams
}

// subscription is to the resource that the tool touch changes.
var subscription = &sdk.SubscribeParams{URI: "test://changing"}

// dialSDK connects a client of the SDK to url.
func dialSDK(t *testing.T, url string) *peer {
	t.Helper()
	pool := &http.Transport{MaxIdleConnsPerHost: 100}
	p := &peer{
		t: t, wire: &wire{next: pool}, lists: make(chan struct{}, 64), updated: make(chan string, 64),
		progress: make(chan *sdk.ProgressNotificationParams, 1024),
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "peer", Version: "1"}, &sdk.ClientOptions{
		Logger:                      slog.New(slog.DiscardHandler),
		ToolListChangedHandler:      func(context.Context, *sdk.ToolListChangedRequest) { p.lists <- struct{}{} },
		ResourceUpdatedHandler:      func(_ context.Context, r *sdk.ResourceUpdatedNotificationRequest) { p.updated <- r.Params.URI },
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) { p.progress <- r.Params },
	})
	session, err := client.Connect(patiently(t), &sdk.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: p.wire}, MaxRetries: 20,
	}, &sdk.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	p.ClientSession = session
	t.Cleanup(func() {
		_ = session.Close() // the node may be gone
		pool.CloseIdleConnections()
	})
	return p
}

// call calls a tool that has to succeed, again while the cluster says that it cannot serve the session just now.
func (p *peer) call(tool string, arguments any) string {
	p.t.Helper()
	var err error
	for range 20 {
		var r *sdk.CallToolResult
		if r, err = p.CallTool(patiently(p.t), &sdk.CallToolParams{Name: tool, Arguments: arguments}); err == nil {
			return textOf(r)
		}
		wait(500 * time.Millisecond)
	}
	p.t.Fatalf("call of %s: %v", tool, err)
	return ""
}

func textOf(r *sdk.CallToolResult) string {
	if r == nil || len(r.Content) != 1 {
		return ""
	}
	c, _ := r.Content[0].(*sdk.TextContent) // nil has no text
	if c == nil {
		return ""
	}
	return c.Text
}

func within[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("timed out waiting for %s", what)
		panic("unreachable")
	}
}

type answered struct {
	text string
	err  error
}

// A node is told to stop while a call reports on an event stream: the call finishes, each report and the
// answer come once, and the session goes on elsewhere.
func TestResumeAfterStop(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	c.ready(c.all()...)
	through := c.startProxy()
	through.prefer(1)
	p := dialSDK(t, through.url())
	id := p.ID()
	owner := p.call("pid", nil)
	const reports = 30
	params := &sdk.CallToolParams{Name: "report", Arguments: map[string]any{"reports": reports, "every_ms": 100}}
	params.SetProgressToken("t")
	done := make(chan answered, 1)
	go func() {
		r, err := p.CallTool(patiently(t), params)
		done <- answered{textOf(r), err}
	}()
	within(t, p.progress, "a report")
	c.signal(1, syscall.SIGTERM)
	got := within(t, done, "the answer")
	if got.err != nil || got.text != "done by "+owner {
		t.Errorf("got %+v, want the answer of process %s", got, owner)
	}
	if err := c.exit(1); err != nil {
		t.Errorf("the node ended with %v", err)
	}
	for i := 1; i <= reports; i++ {
		if n := p.wire.count(fmt.Sprintf("report %d of %s", i, owner)); n != 1 {
			t.Errorf("report %d came %d times, want once", i, n)
		}
	}
	after := p.call("pid", nil)
	if after == owner {
		t.Errorf("the session is still served by the process that has ended")
	}
	if p.ID() != id {
		t.Errorf("the session is %s, want %s", p.ID(), id)
	}
	c.checkTold(t, p, 2)
}

// A node is killed that serves a session's own event stream. The client comes back elsewhere with the id of the
// last event, and gets each change once: those before, those while it had no stream, and those after.
func TestResumeAfterKill(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	c.ready(c.all()...)
	through := c.startProxy()
	through.prefer(1)
	p := dialSDK(t, through.url())
	id := p.ID()
	owner := p.call("pid", nil)
	if err := p.Subscribe(patiently(t), subscription); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a stream", func() bool { return p.wire.streams() > 0 })
	c.checkTold(t, p, 2)
	wait(time.Second) // the snapshot with the last event is on its way
	streams := p.wire.streams()
	c.kill(1)
	eventually(t, "resumed", func() bool { return p.wire.streams() > streams })
	if after := p.call("pid", nil); after == owner {
		t.Errorf("the session is still served by the process that was killed")
	}
	if p.ID() != id {
		t.Errorf("the session is %s, want %s", p.ID(), id)
	}
	c.checkTold(t, p, 3)
}

// checkTold changes the tools and the resource at a node, and demands that the client is told of each once.
func (c *nodes) checkTold(t *testing.T, p *peer, at int) {
	t.Helper()
	p.drain()
	tools, resources := p.wire.count("tools/list_changed"), p.wire.count("resources/updated")
	other := dialSDK(t, "http://"+c.nodes[at].addr+"/mcp")
	subscribed := p.wire.count("test://changing") > 0
	other.call("register", map[string]any{"name": fmt.Sprint("tool-", time.Now().UnixNano())})
	within(t, p.lists, "list_changed")
	if subscribed {
		other.call("touch", nil)
		within(t, p.updated, "resources/updated")
	}
	wait(500 * time.Millisecond) // for a second one that must not come
	if n := p.wire.count("tools/list_changed") - tools; n != 1 {
		t.Errorf("list_changed came %d times, want once", n)
	}
	if n := p.wire.count("resources/updated") - resources; subscribed && n != 1 {
		t.Errorf("resources/updated came %d times, want once", n)
	}
}

// drain forgets what the client was told so far.
func (p *peer) drain() {
	for {
		select {
		case <-p.lists:
		case <-p.updated:
		default:
			return
		}
	}
}
