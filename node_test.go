package erlmcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

func newServer() *mcp.Server {
	return mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
}

// run runs a node until the test ends.
func run(t *testing.T, o erlmcp.Options) *erlmcp.Node {
	t.Helper()
	o.Drain.Spread = -1
	n, err := erlmcp.New(newServer(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	select {
	case <-n.Ready():
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

// get fetches a page over a connection of its own.
func get(t *testing.T, url string) string {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unused returns a loopback address that nobody listens on, over TCP and UDP. Its port is below those that the
// system gives to outgoing connections and to listeners on port 0, so that nothing takes it meanwhile.
func unused(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		stream, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		packets, err := net.ListenPacket("udp", addr)
		stream.Close()
		if err == nil {
			packets.Close()
			return addr
		}
	}
	tb.Fatal("no unused port found")
	return ""
}

func TestOptionsThatNeedAuthenticationAreRefused(t *testing.T) {
	open, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	for name, o := range map[string]erlmcp.Options{
		"address":       {HTTP: erlmcp.HTTP{Addr: "0.0.0.0:0"}},
		"listener":      {HTTP: erlmcp.HTTP{Listener: open}},
		"admin address": {HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{Listen: "0.0.0.0:0"}},
	} {
		if _, err := erlmcp.New(newServer(), o); err == nil {
			t.Errorf("%s: got a node, want an error", name)
		}
	}
	if _, err := erlmcp.New(newServer(), erlmcp.Options{HTTP: erlmcp.HTTP{Listener: open, AllowUnauthenticated: true}}); err != nil {
		t.Errorf("allowed: got %v", err)
	}
}

func TestAdminListensWithoutASocket(t *testing.T) {
	addr := unused(t)
	run(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{Listen: addr}})
	if got := get(t, "http://"+addr+"/ping"); got != "pong\n" {
		t.Errorf("got %q", got)
	}
}

func TestDeadLettersAreCounted(t *testing.T) {
	n := run(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}})
	if got := get(t, "http://"+n.Addr()+"/metrics"); !strings.Contains(got, "\nerlmcp_deadletters_total ") {
		t.Error("the scrape lacks erlmcp_deadletters_total")
	}
}

func TestNodeThatDoesNotStartLeavesNothingOpen(t *testing.T) {
	addr, taken := unused(t), unused(t)
	ln, err := net.Listen("tcp", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	n, err := erlmcp.New(newServer(), erlmcp.Options{HTTP: erlmcp.HTTP{Addr: addr}, Admin: erlmcp.Admin{Listen: taken}})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(context.Background()); !errors.Is(err, erlmcp.ErrRestartLimit) {
		t.Errorf("got %v, want the restart limit", err)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	again.Close()
}
