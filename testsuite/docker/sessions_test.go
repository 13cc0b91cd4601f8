package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// session is an MCP session over HTTP that one node made.
type session struct {
	id, madeAt string
	calls      int
}

// sessions are clients that live through faults. What they are promised: a session goes on through every node that
// has a majority, whatever became of the node that made it; only a call under way may fail.
type sessions struct {
	client http.Client
	all    []*session
}

const sessionsPerNode = 3

// openSessions makes some sessions at every node.
func openSessions(t *testing.T, sh *shell) *sessions {
	t.Helper()
	s := &sessions{client: http.Client{Timeout: 10 * time.Second}}
	t.Cleanup(s.client.CloseIdleConnections)
	for _, n := range nodes {
		for range sessionsPerNode {
			got := &session{madeAt: n}
			const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"docker","version":"1"}}}`
			status, header, text := s.post(t, sh, n, got, hello)
			if got.id = header.Get("Mcp-Session-Id"); status != http.StatusOK || got.id == "" {
				t.Fatalf("initialize at %s: %d %s", n, status, text)
			}
			if status, _, text = s.post(t, sh, n, got, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); status != http.StatusAccepted {
				t.Fatalf("initialized at %s: %d %s", n, status, text)
			}
			s.all = append(s.all, got)
		}
	}
	s.goOn(t, sh, nodes...)
	return s
}

// post sends a message to a node; status 0 is a connection that failed.
func (s *sessions) post(t *testing.T, sh *shell, node string, of *session, body string) (int, http.Header, string) {
	t.Helper()
	address := strings.TrimSpace(sh.run(t, "docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "+node).stdout)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+":8080/mcp", strings.NewReader(body))
	if err != nil {
		return 0, nil, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if of.id != "" {
		req.Header.Set("Mcp-Session-Id", of.id)
		req.Header.Set("Mcp-Protocol-Version", "2025-11-25")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, nil, err.Error()
	}
	return resp.StatusCode, resp.Header, string(text)
}

// goOn wants every session to answer rightly through each of these nodes. While a cluster notices a fault it may
// refuse calls; a session that is gone is a failure at once, and so is a wrong answer.
func (s *sessions) goOn(t *testing.T, sh *shell, through ...string) {
	t.Helper()
	refused := 0
	took := time.Duration(0)
	for _, one := range s.all {
		for _, n := range through {
			took = max(took, eventually(t, "session of "+one.madeAt+" through "+n, settle, func() (string, bool) {
				one.calls++
				want := fmt.Sprintf("call %d of %s", one.calls, one.id)
				status, _, text := s.post(t, sh, n, one, fmt.Sprintf(
					`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"message":%q}}}`, one.calls+1, want))
				if status == http.StatusNotFound {
					t.Fatalf("the session that %s made is gone at %s: %s", one.madeAt, n, text)
				}
				if got, ok := echoed(text); ok {
					if got != want {
						t.Fatalf("session of %s through %s: got %q, want %q", one.madeAt, n, got, want)
					}
					return "", true
				}
				refused++
				return fmt.Sprintf("%d %s", status, text), false
			}))
		}
	}
	t.Logf("%d sessions go on through %s; %d calls were refused before, the longest wait was %.1f s",
		len(s.all), strings.Join(through, ", "), refused, took.Seconds())
}

// echoed is the text of a result of echo, from plain JSON or an event stream.
func echoed(text string) (string, bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "data: ")
		var m struct {
			Result struct{ Content []struct{ Text string } }
		}
		if json.Unmarshal([]byte(line), &m) == nil && len(m.Result.Content) == 1 {
			return m.Result.Content[0].Text, true
		}
	}
	return "", false
}

func TestEchoedReadsBothForms(t *testing.T) {
	const answer = `{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"x"}]}}`
	for _, text := range []string{answer, "event: message\ndata: " + answer + "\n\n"} {
		if got, ok := echoed(text); !ok || got != "x" {
			t.Errorf("%q: got %q, %v", text, got, ok)
		}
	}
	if got, ok := echoed(`{"jsonrpc":"2.0","id":2,"error":{"code":1004,"message":"x"}}`); ok {
		t.Errorf("an error: got %q", got)
	}
}
