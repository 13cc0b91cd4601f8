package interop

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// node is a running node, as the tests of its life see it.
type node struct {
	*erlmcp.Node
	features *features
	stop     context.CancelFunc
	done     chan struct{} // closed when Run has returned
	err      error         // what it returned; set before done is closed
}

// startNode runs a node over HTTP until the test ends, and checks that it then ends without an error.
func startNode(t *testing.T, o erlmcp.Options) *node {
	t.Helper()
	if o.HTTP.Addr == "" && o.HTTP.Listener == nil {
		o.HTTP.Addr = "127.0.0.1:0"
	}
	if o.Drain.Spread == 0 {
		o.Drain.Spread = -1
	}
	f := newFeatures()
	made, err := erlmcp.New(f.server, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{Node: made, features: f, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(n.done)
		n.err = made.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		within(t, n.done, "Run to return")
		if n.err != nil {
			t.Errorf("Run: got %v, want nil", n.err)
		}
	})
	select {
	case <-made.Ready():
	case <-n.done:
		t.Fatalf("Run: %v", n.err)
	case <-time.After(patience):
		t.Fatal("the node is not ready")
	}
	return n
}

// within waits for ch.
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

// eventually waits for a condition outside the test's control.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	testutil.Eventually(t, patience, ok)
}

// patiently is a context for one step of a test.
func patiently(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// medium is one way to reach a node.
type medium struct {
	name   string
	shared bool // several clients reach the same node
	// open starts a node and returns what makes transports to it, each noting in a wire what it receives.
	open func(t *testing.T) func(*wire) sdk.Transport
}

var media = []medium{
	{"http", true, func(t *testing.T) func(*wire) sdk.Transport {
		return overHTTP(t, "http://"+startNode(t, erlmcp.Options{}).Addr()+"/mcp")
	}},
	{"ws", true, func(t *testing.T) func(*wire) sdk.Transport {
		url := "ws://" + startNode(t, erlmcp.Options{}).Addr() + "/mcp"
		return func(w *wire) sdk.Transport { return &socketTransport{url: url, wire: w} }
	}},
	{"stdio", false, func(*testing.T) func(*wire) sdk.Transport { return overStdio }},
}

// overHTTP makes transports that share a pool of connections, which is emptied when the test ends.
func overHTTP(t *testing.T, url string) func(*wire) sdk.Transport {
	pool := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(pool.CloseIdleConnections)
	return func(w *wire) sdk.Transport {
		return &sdk.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: &recorder{next: pool, wire: w}}}
	}
}

// overStdio makes a transport to a node of its own, which is this binary in another process.
func overStdio(w *wire) sdk.Transport {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(program)
	command.Env = append(os.Environ(), childVariable+"=1", "GORACE=atexit_sleep_ms=0")
	command.Stderr = os.Stderr
	return &sdk.LoggingTransport{Transport: &sdk.CommandTransport{Command: command}, Writer: w}
}

// peer is a connected client of the SDK with what the node has told it.
type peer struct {
	*sdk.ClientSession
	t      *testing.T
	client *sdk.Client
	wire   *wire
	dying  bool // the node goes first: the client's own end fails

	lists    chan string // "tools", "prompts" or "resources" for each list_changed
	updated  chan string // URI of each resources/updated
	logs     chan *sdk.LoggingMessageParams
	progress chan *sdk.ProgressNotificationParams
}

// dial connects a client that speaks revision, or the newest one if it is empty.
func dial(t *testing.T, through func(*wire) sdk.Transport, revision string, o *sdk.ClientOptions) *peer {
	t.Helper()
	p := &peer{
		t: t, wire: &wire{}, lists: make(chan string, 64), updated: make(chan string, 64),
		logs: make(chan *sdk.LoggingMessageParams, 64), progress: make(chan *sdk.ProgressNotificationParams, 1024),
	}
	if o == nil {
		o = &sdk.ClientOptions{}
	}
	o.Logger = slog.New(slog.DiscardHandler)
	o.ToolListChangedHandler = func(context.Context, *sdk.ToolListChangedRequest) { p.lists <- "tools" }
	o.PromptListChangedHandler = func(context.Context, *sdk.PromptListChangedRequest) { p.lists <- "prompts" }
	o.ResourceListChangedHandler = func(context.Context, *sdk.ResourceListChangedRequest) { p.lists <- "resources" }
	o.ResourceUpdatedHandler = func(_ context.Context, r *sdk.ResourceUpdatedNotificationRequest) { p.updated <- r.Params.URI }
	o.LoggingMessageHandler = func(_ context.Context, r *sdk.LoggingMessageRequest) { p.logs <- r.Params }
	o.ProgressNotificationHandler = func(_ context.Context, r *sdk.ProgressNotificationClientRequest) { p.progress <- r.Params }
	p.client = sdk.NewClient(&sdk.Implementation{Name: "client of " + t.Name(), Version: "0.1"}, o)
	session, err := p.client.Connect(patiently(t), through(p.wire), &sdk.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	p.ClientSession = session
	t.Cleanup(func() {
		if err := session.Close(); err != nil && !p.dying {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

// call calls a tool that has to succeed and returns its text.
func (p *peer) call(tool string, arguments any) string {
	p.t.Helper()
	result, err := p.CallTool(patiently(p.t), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		p.t.Fatalf("call of %s: %v", tool, err)
	}
	if result.IsError {
		p.t.Fatalf("call of %s: got the error %q", tool, textOf(result))
	}
	return textOf(result)
}

// answer is what became of a call in the background.
type answer struct {
	text string
	err  error
}

// begin calls a tool in the background.
func (p *peer) begin(ctx context.Context, tool string, arguments any) <-chan answer {
	ch := make(chan answer, 1)
	go func() {
		result, err := p.CallTool(ctx, &sdk.CallToolParams{Name: tool, Arguments: arguments})
		ch <- answer{textOf(result), err}
	}()
	return ch
}

// textOf is the text of a result that consists of it.
func textOf(result *sdk.CallToolResult) string {
	if result == nil || len(result.Content) != 1 {
		return ""
	}
	c, ok := result.Content[0].(*sdk.TextContent)
	if !ok {
		return ""
	}
	return c.Text
}

// args are arguments of a tool.
type args map[string]any
