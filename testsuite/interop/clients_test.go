package interop

import (
	"fmt"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
)

// A second client is as good as the first, and neither sees what is the other's.
func TestTwoClients(t *testing.T) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			open := m.open(t)
			first := dial(t, open, "2025-11-25", able())
			second := dial(t, open, "2025-03-26", able())
			if a, b := first.call("whoami", nil), second.call("whoami", nil); a == b {
				t.Errorf("both are %q", a)
			}
			ctx := patiently(t)
			if err := first.Subscribe(ctx, &sdk.SubscribeParams{URI: "mem:///a"}); err != nil {
				t.Fatal(err)
			}
			if err := second.Subscribe(ctx, &sdk.SubscribeParams{URI: "mem:///b"}); err != nil {
				t.Fatal(err)
			}
			for uri, watches := range map[string]*peer{"mem:///a": first, "mem:///b": second} {
				by := watches
				if m.shared { // the one client's call, the other's notification
					by = map[*peer]*peer{first: second, second: first}[watches]
				}
				by.call("touch", args{"message": uri})
				if got := within(t, watches.updated, "resources/updated"); got != uri {
					t.Errorf("got %q, want %q", got, uri)
				}
			}
			if err := second.Close(); err != nil {
				t.Fatal(err)
			}
			if got := first.call("sample", args{"message": "alone"}); got != "model-1: I heard alone (endTurn)" {
				t.Errorf("after the end of the second: got %q", got)
			}
			if first.wire.count("mem:///b") != 0 || second.wire.count("mem:///a") != 0 {
				t.Error("a client was told of what only the other watches")
			}
		})
	}
}

// A change of the lists reaches every client of the node.
func TestListChangeReachesEveryClient(t *testing.T) {
	for _, m := range media {
		if !m.shared {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			open := m.open(t)
			peers := []*peer{dial(t, open, "2025-11-25", nil), dial(t, open, "2025-06-18", nil), dial(t, open, "2025-03-26", nil)}
			peers[0].call("register", args{"name": "fresh"})
			for i, p := range peers {
				for range 3 {
					within(t, p.lists, "list_changed")
				}
				if got := p.call("fresh", nil); got != "this is fresh" {
					t.Errorf("client %d: got %q", i, got)
				}
			}
		})
	}
}

// Many clients at a time, each with texts of its own: no answer is lost, doubled or given to another.
func TestManyClients(t *testing.T) {
	const calls = 10
	for _, m := range media {
		clients := 100
		if !m.shared {
			clients = 4 // each is a process
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			open := m.open(t)
			var all sync.WaitGroup
			var mu sync.Mutex
			wires := make(map[string]*wire, clients)
			for c := range clients {
				all.Go(func() {
					name := fmt.Sprintf("<%s-%d-", m.name, c)
					w := client(t, open, name, calls)
					mu.Lock()
					defer mu.Unlock()
					wires[name] = w
				})
			}
			all.Wait()
			if len(wires) != clients {
				t.Fatalf("%d of %d clients have ended", len(wires), clients)
			}
			for name, w := range wires {
				for i := range calls {
					if n := w.count(payload(name, i)); n != 1 {
						t.Errorf("got %s %d times on the wire, want once", payload(name, i), n)
					}
				}
				if n := w.count("<" + m.name + "-"); n != calls {
					t.Errorf("client %s got %d texts, want its own %d", name, n, calls)
				}
			}
		})
	}
}

// payload is the text of call i of a client. JSON leaves it as it is, so that it is found on the wire.
func payload(name string, i int) string { return fmt.Sprintf("%s%d>", name, i) }

// client is the life of one client: connect, all calls at a time, close.
func client(t *testing.T, open func(*wire) sdk.Transport, name string, calls int) *wire {
	w := &wire{}
	c := sdk.NewClient(&sdk.Implementation{Name: name, Version: "1"}, nil)
	session, err := c.Connect(patiently(t), open(w), &sdk.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		t.Errorf("client %s: connect: %v", name, err)
		return w
	}
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			want := payload(name, i)
			result, err := session.CallTool(patiently(t), &sdk.CallToolParams{Name: "echo", Arguments: args{"message": want}})
			if err != nil || textOf(result) != want {
				t.Errorf("client %s, call %d: got %q, %v", name, i, textOf(result), err)
			}
		})
	}
	all.Wait()
	if err := session.Close(); err != nil {
		t.Errorf("client %s: close: %v", name, err)
	}
	return w
}

// A client that closes ends its session: by DELETE over HTTP, by the close of the socket otherwise.
func TestCloseEndsTheSession(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	for name, through := range onNode(t, n) {
		t.Run(name, func(t *testing.T) {
			p := dial(t, through, "2025-11-25", nil)
			p.call("echo", args{"message": "x"})
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if name == "http" && p.wire.exchanges("DELETE 204") != 1 {
				t.Errorf("got exchanges %q, want one DELETE", p.wire.all())
			}
			gone(t, n)
		})
	}
}

// The end of a session cancels its calls; those of another go on.
func TestEndOfASessionCancelsItsCalls(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	for name, through := range onNode(t, n) {
		t.Run(name, func(t *testing.T) {
			p := dial(t, through, "2025-11-25", nil)
			p.dying = true
			other := dial(t, through, "2025-11-25", nil)
			call := p.begin(patiently(t), "wait", args{"name": name})
			theirs := other.begin(patiently(t), "wait", args{"name": name + "-other"})
			other.call("begun", args{"name": name})
			other.call("begun", args{"name": name + "-other"})
			if name == "http" {
				end(t, n, p.ID())
			} else {
				p.wire.cut()
			}
			if got := within(t, call, "the call of an ended session"); got.err == nil {
				t.Errorf("got %+v", got)
			}
			if got := other.call("ended", args{"name": name}); got != "context canceled" {
				t.Errorf("the handler's context: got %q", got)
			}
			other.call("release", args{"name": name + "-other"})
			if got := within(t, theirs, "the other's call"); got.err != nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}
