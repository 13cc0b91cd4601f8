package interop

import (
	"io"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
)

// The client asks for each revision it knows. One that the node does not speak is answered with the newest
// one that has a handshake.
func TestRevisions(t *testing.T) {
	revisions := []struct{ asked, want string }{
		{"2024-11-05", "2025-11-25"},
		{"2025-03-26", "2025-03-26"},
		{"2025-06-18", "2025-06-18"},
		{"2025-11-25", "2025-11-25"},
		{"2026-07-28", "2025-11-25"}, // server/discover first, then initialize
		{"", "2025-11-25"},
	}
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range revisions {
				t.Run("asked for "+r.asked, func(t *testing.T) {
					p := dial(t, m.open(t), r.asked, nil)
					checkHandshake(t, p, r.want)
				})
			}
		})
	}
}

func checkHandshake(t *testing.T, p *peer, revision string) {
	t.Helper()
	got := p.InitializeResult()
	if got.ProtocolVersion != revision {
		t.Errorf("got revision %q, want %q", got.ProtocolVersion, revision)
	}
	if got.ServerInfo.Name != "interop" || got.ServerInfo.Version != "1.2.3" || got.Instructions != "call echo" {
		t.Errorf("got %+v with instructions %q", got.ServerInfo, got.Instructions)
	}
	c := got.Capabilities
	switch {
	case c.Tools == nil || !c.Tools.ListChanged:
		t.Errorf("tools: got %+v", c.Tools)
	case c.Resources == nil || !c.Resources.ListChanged || !c.Resources.Subscribe:
		t.Errorf("resources: got %+v", c.Resources)
	case c.Prompts == nil || !c.Prompts.ListChanged:
		t.Errorf("prompts: got %+v", c.Prompts)
	case c.Completions == nil || c.Logging == nil:
		t.Errorf("got capabilities %+v", c)
	}
	if got := p.call("echo", args{"message": revision}); got != revision {
		t.Errorf("echo: got %q", got)
	}
	if got := p.call("whoami", nil); !strings.Contains(got, " "+revision+" ") {
		t.Errorf("whoami: got %q, want revision %s", got, revision)
	}
	if _, err := p.ReadResource(patiently(t), &sdk.ReadResourceParams{URI: "mem:///a"}); err != nil {
		t.Error(err)
	}
}

// A client of the stateless revision asks what there is before it falls back to the handshake. That costs
// the node no session. Any error makes the client of the Go SDK fall back; others insist on this one.
func TestDiscoveryStartsNoSession(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	const discover = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{` +
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	for _, version := range []string{"", "2026-07-28"} {
		status, body := post(t, n, version, discover)
		if status != http.StatusBadRequest || !strings.Contains(body, `"code":-32601`) || !strings.Contains(body, `"id":1`) {
			t.Errorf("with version %q: got %d %s, want 400 and error -32601 for the request", version, status, body)
		}
	}
	if got := n.Sessions(); got != 0 {
		t.Errorf("got %d sessions, want none", got)
	}
	p := dial(t, overHTTP(t, "http://"+n.Addr()+"/mcp"), "2026-07-28", nil)
	checkHandshake(t, p, "2025-11-25")
	if got := p.wire.all()[:3]; got[0] != "POST 400" || got[1] != "POST 200" {
		t.Errorf("got exchanges %q, want a refused discovery and then initialize", got)
	}
	if got := n.Sessions(); got != 1 {
		t.Errorf("got %d sessions, want 1", got)
	}
}

// post makes one exchange with the node, without a session.
func post(t *testing.T, n *node, version, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(patiently(t), http.MethodPost, "http://"+n.Addr()+"/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if version != "" {
		r.Header.Set("MCP-Protocol-Version", version)
	}
	pool := &http.Transport{}
	defer pool.CloseIdleConnections()
	response, err := pool.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}
