package interop

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// A limit that takes effect costs the one request, and the client gets to know which error it is.
func TestLimits(t *testing.T) {
	n := startNode(t, erlmcp.Options{
		Sessions:    actors.Limits{InFlight: 2, CallTimeout: 50 * time.Millisecond, Subscriptions: 1},
		Connections: transport.Limits{MessageBytes: 64 << 10},
	})
	for name, through := range onNode(t, n) {
		t.Run(name, func(t *testing.T) {
			ctx := patiently(t)
			p := dial(t, through, "2025-11-25", nil)

			call := p.begin(ctx, "wait", args{"name": name})
			if got := within(t, call, "the call that takes too long"); failure(got.err).Code != mcp.CodeDeadline {
				t.Errorf("call time: got %+v, want %d", got, mcp.CodeDeadline)
			}
			if err := within(t, n.features.gate(name).ended, "the end of its context"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("call time: the handler's context ended with %v", err)
			}

			if err := p.Subscribe(ctx, &sdk.SubscribeParams{URI: "mem:///a"}); err != nil {
				t.Error(err)
			}
			if err := p.Subscribe(ctx, &sdk.SubscribeParams{URI: "mem:///b"}); failure(err).Code != mcp.CodeQuota {
				t.Errorf("subscriptions: got %v, want %d", err, mcp.CodeQuota)
			}
			if got := p.call("echo", args{"message": "afterwards"}); got != "afterwards" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// More calls at a time than a session may have are refused with an error that says when to try again.
func TestTooManyCalls(t *testing.T) {
	for _, name := range []string{"http", "ws"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, erlmcp.Options{Sessions: actors.Limits{InFlight: 2}})
			p := dial(t, onNode(t, n)[name], "2025-11-25", nil)
			first, second := p.begin(patiently(t), "wait", args{"name": name}), p.begin(patiently(t), "wait", args{"name": name})
			within(t, n.features.gate(name).begun, "the first call")
			within(t, n.features.gate(name).begun, "the second call")
			_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "echo", Arguments: args{"message": "x"}})
			if e := failure(err); e.Code != mcp.CodeOverloaded || !strings.Contains(string(e.Data), "retryAfterMs") {
				t.Errorf("got %v with data %s, want %d", err, e.Data, mcp.CodeOverloaded)
			}
			if err := p.Ping(patiently(t), nil); err != nil {
				t.Errorf("ping: got %v", err)
			}
			close(n.features.gate(name).released)
			for _, call := range []<-chan answer{first, second} {
				if got := within(t, call, "an answer"); got.err != nil {
					t.Errorf("got %+v", got)
				}
			}
			p.call("echo", args{"message": "x"})
		})
	}
}

// A message over the limit is refused; the client of another connection does not notice.
func TestTooLargeAMessage(t *testing.T) {
	n := startNode(t, erlmcp.Options{Connections: transport.Limits{MessageBytes: 64 << 10}})
	for name, through := range onNode(t, n) {
		t.Run(name, func(t *testing.T) {
			p, other := dial(t, through, "2025-11-25", nil), dial(t, through, "2025-11-25", nil)
			p.dying = true
			_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "echo", Arguments: args{"message": strings.Repeat("x", 100<<10)}})
			if err == nil {
				t.Error("got no error")
			}
			if e := failure(err); name == "http" && e.Code == jsonrpc.CodeInternalError {
				t.Errorf("got %v", err)
			}
			if got := other.call("echo", args{"message": "x"}); got != "x" {
				t.Errorf("the other client: got %q", got)
			}
		})
	}
}

// A node that is full refuses further sessions and serves those it has.
func TestTooManySessions(t *testing.T) {
	for _, name := range []string{"http", "ws"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, erlmcp.Options{Sessions: actors.Limits{Sessions: 1}})
			through := onNode(t, n)[name]
			p := dial(t, through, "2025-11-25", nil)
			c := sdk.NewClient(&sdk.Implementation{Name: "second", Version: "1"}, nil)
			if _, err := c.Connect(patiently(t), through(&wire{}), nil); err == nil {
				t.Error("a second client was served")
			}
			p.call("echo", args{"message": "x"})
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			gone(t, n)
			dial(t, through, "2025-11-25", nil).call("echo", args{"message": "x"})
		})
	}
}

// The SDK's keep-alive pings keep a session that is otherwise idle.
func TestKeepAlive(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	for name, through := range onNode(t, n) {
		t.Run(name, func(t *testing.T) {
			p := dial(t, through, "2025-11-25", &sdk.ClientOptions{KeepAlive: 5 * time.Millisecond})
			call := p.begin(patiently(t), "wait", args{"name": name})
			within(t, n.features.gate(name).begun, "the call")
			before := p.wire.count(`"result":{}`)
			eventually(t, func() bool { return p.wire.count(`"result":{}`) >= before+5 })
			close(n.features.gate(name).released)
			if got := within(t, call, "the answer"); got.err != nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}
