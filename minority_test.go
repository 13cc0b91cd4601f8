package erlmcp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// TestPauseMinoritySendsClientsAway runs one of two nodes alone, then with the other, then alone again.
func TestPauseMinoritySendsClientsAway(t *testing.T) {
	oneProcess(t)
	dist, gossip := []string{unused(t), unused(t)}, []string{unused(t), unused(t)}
	options := func(i int) erlmcp.Options {
		return erlmcp.Options{
			Name: []string{"a@127.0.0.1", "b@127.0.0.1"}[i], HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"},
			Cluster: &erlmcp.Cluster{
				Cookie: []byte(strings.Repeat("c", 32)), Gossip: gossip[i], Dist: dist[i], Seeds: gossip, Expected: 2, PauseMinority: true,
			},
		}
	}
	url := "http://" + run(t, options(0)).Addr()
	ready := func() bool { return get(t, url+"/readyz") == "ok\n" }
	if ready() {
		t.Error("alone: the node is ready")
	}
	if status, body, _ := begin(t, url); status != http.StatusServiceUnavailable || !strings.Contains(body, `"code":1007`) {
		t.Errorf("alone: got %d %s, want 503 with 1007", status, body)
	}

	o := options(1)
	o.Drain.Spread = -1
	other, err := erlmcp.New(newServer(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(ctx) }()
	testutil.Eventually(t, 20*time.Second, ready)
	status, body, session := begin(t, url)
	if status != http.StatusOK {
		t.Fatalf("together: got %d %s", status, body)
	}
	stream := open(t, url, session)
	defer stream.Close()

	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // it ends
		t.Error(err)
	}
	testutil.Eventually(t, 20*time.Second, func() bool { return !ready() })
	if status, body, _ := begin(t, url); status != http.StatusServiceUnavailable || !strings.Contains(body, `"code":1007`) {
		t.Errorf("alone again: got %d %s, want 503 with 1007", status, body)
	}
}

// TestReadyWaitsForTheCluster: a node whose death would cost its sessions is not ready, and says why.
func TestReadyWaitsForTheCluster(t *testing.T) {
	oneProcess(t)
	url := "http://" + run(t, erlmcp.Options{
		Name: "a@127.0.0.1", HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"},
		Cluster: &erlmcp.Cluster{
			Cookie: []byte(strings.Repeat("c", 32)), Gossip: unused(t), Dist: unused(t), Seeds: []string{unused(t)}, Expected: 3,
		},
	}).Addr()
	begun := time.Now()
	testutil.Eventually(t, 20*time.Second, func() bool { // it stays so
		if got, want := get(t, url+"/readyz"), "sees 1 of 3 members, and needs 2"; !strings.Contains(got, want) {
			t.Errorf("alone: got %q, want %q", got, want)
		}
		return time.Since(begun) > 1500*time.Millisecond
	})
	if status, body, _ := begin(t, url); status != http.StatusOK {
		t.Errorf("alone: a session got %d %s, want 200", status, body)
	}
}

// begin begins a session over a connection of its own.
func begin(t *testing.T, url string) (status int, body, session string) {
	t.Helper()
	resp := ask(t, http.MethodPost, url, "", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header.Get("Mcp-Session-Id")
}

// open opens the event stream of a session.
func open(t *testing.T, url, session string) io.ReadCloser {
	t.Helper()
	resp := ask(t, http.MethodPost, url, session, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	resp.Body.Close()
	resp = ask(t, http.MethodGet, url, session, "")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("event stream: got %s", resp.Status)
	}
	return resp.Body
}

func ask(t *testing.T, method, url, session, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+"/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if method == http.MethodPost {
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
