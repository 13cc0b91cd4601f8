package badinput

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// fake is a server whose answer to a case's request is scripted; set-up and pings are answered well
// unless it is dead.
type fake struct {
	status int
	kind   string // content type, JSON if empty
	answer string
	dead   bool // answers no ping and no new session after the case's request
	struck bool
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var m struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	_ = json.Unmarshal(text, &m) // hostile text stays without a method
	w.Header().Set("Mcp-Session-Id", "s-1")
	switch {
	case f.dead && f.struck:
		w.WriteHeader(http.StatusInternalServerError)
	case m.Method == "initialize" || (m.Method == "ping" && string(m.ID) == `"liveness"`):
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{}}`, m.ID)
	case m.Method == "notifications/initialized":
		w.WriteHeader(http.StatusAccepted)
	default:
		f.struck = true
		kind := f.kind
		if kind == "" {
			kind = "application/json"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, f.answer)
	}
}

// oneCase makes a case with one message over HTTP.
func oneCase(t *testing.T, message, outcomes string, never ...string) *Case {
	t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	c := &Case{
		ID: "test/case", Level: "must", Era: "any", Transports: []string{"http"}, Setup: "session",
		Send: []json.RawMessage{json.RawMessage(`{"kind":"message","body":{"text":` + string(text) + `}}`)},
	}
	if err := json.Unmarshal([]byte(outcomes), &c.Expect.Any); err != nil {
		t.Fatal(err)
	}
	c.Expect.Never = never
	c.Expect.WithinMS = 300
	c.After.Liveness = "same-connection"
	c.decode()
	if c.unknown != "" {
		t.Fatalf("the case is not understood: %s", c.unknown)
	}
	return c
}

func play1(t *testing.T, h http.Handler, c *Case) Result {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	r := &Runner{Shared: &Server{Host: strings.TrimPrefix(srv.URL, "http://"), Path: "/mcp"}}
	res, err := r.Run(t.Context(), c, "http")
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return res
}

// TestRunnerFailsWrongServers feeds servers that are wrong in one way each: a runner that cannot fail
// proves nothing.
func TestRunnerFailsWrongServers(t *testing.T) {
	const message = `{"jsonrpc":"2.0","id":7,"method":"x"}`
	const refused = `[{"error":[-32601],"http":[200]},{"http":[400],"grade":"weak"}]`
	for _, tc := range []struct {
		name     string
		f        fake
		outcomes string
		never    []string
		want     Verdict
	}{
		{"right error", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":""}}`}, refused, nil, Pass},
		{"right error as an event", fake{status: 200, kind: "text/event-stream", answer: "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"\"}}\n\n"}, refused, nil, Pass},
		{"weak answer", fake{status: 400, answer: "no"}, refused, nil, Weak},
		{"wrong code", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":""}}`}, refused, nil, Fail},
		{"wrong id", fake{status: 200, answer: `{"jsonrpc":"2.0","id":8,"error":{"code":-32601,"message":""}}`}, refused, nil, Fail},
		{"wrong status", fake{status: 500, answer: `{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":""}}`}, refused, nil, Fail},
		{"result instead of error", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"result":{}}`}, refused, nil, Fail},
		{"no answer", fake{status: 202}, refused, nil, Fail},
		{"dead afterwards", fake{status: 400, dead: true}, refused, nil, Fail},
		{"null id wanted, own given", fake{status: 400, answer: `{"jsonrpc":"2.0","id":7,"error":{"code":-32700,"message":""}}`}, `[{"error":[-32700],"id":"null"}]`, nil, Fail},
		{"null id", fake{status: 400, answer: `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}`}, `[{"error":[-32700],"id":"null"}]`, nil, Pass},
		{"digits kept", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"result":{}}`}, `[{"result":true,"id_raw":"7"}]`, nil, Pass},
		{"digits changed", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7.0,"result":{}}`}, `[{"result":true,"id_raw":"7"}]`, nil, Fail},
		{"tool error", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"result":{"isError":true,"content":[]}}`}, `[{"tool_error":true}]`, nil, Pass},
		{"tool error is no result", fake{status: 200, answer: `{"jsonrpc":"2.0","id":7,"result":{"isError":true,"content":[]}}`}, `[{"result":true}]`, nil, Fail},
		{"silence kept", fake{status: 202}, `[{"no_reply":true,"http":[202]}]`, nil, Pass},
		{"silence broken", fake{status: 202, answer: `{"jsonrpc":"2.0","id":7,"result":{}}`}, `[{"no_reply":true,"http":[202]}]`, nil, Fail},
		{"text that must not be said", fake{status: 400, answer: "root:x:0"}, refused, []string{"text:root:"}, Fail},
		{"the tool ran", fake{status: 400, answer: `{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"x"}]}}`}, refused, []string{"effect:tool"}, Fail},
		{"reply too long", fake{status: 400, answer: strings.Repeat("x", 100)}, refused, []string{"reply_over:99"}, Fail},
		{"batch of errors", fake{status: 200, answer: `[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":""}}]`}, `[{"batch_errors":1,"codes":[-32600]}]`, nil, Pass},
		{"batch too small", fake{status: 200, answer: `[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":""}}]`}, `[{"batch_errors":2,"codes":[-32600]}]`, nil, Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := play1(t, &tc.f, oneCase(t, message, tc.outcomes, tc.never...)); got.Verdict != tc.want {
				t.Errorf("got %s %q, want %s", got.Verdict, got.Reasons, tc.want)
			}
		})
	}
}

// TestOwnCasesAreUnderstood loads the committed groups: the runner must know every word of those that
// this build can run.
func TestOwnCasesAreUnderstood(t *testing.T) {
	groups, err := Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{"ws-handshake", "ws-frames", "http", "json", "jsonrpc", "mcp-legacy", "session", "config", "cli"}
	seen := 0
	for _, g := range groups {
		if !slices.Contains(ours, g.Name) {
			continue
		}
		seen++
		for i := range g.Cases {
			if c := &g.Cases[i]; c.unknown != "" {
				t.Errorf("%s: %s", c.ID, c.unknown)
			}
		}
	}
	if seen != len(ours) {
		t.Errorf("got %d groups, want %d", seen, len(ours))
	}
}

// TestUnknownWordsAreNoticed makes sure that a case that the runner cannot judge is not judged.
func TestUnknownWordsAreNoticed(t *testing.T) {
	for _, text := range []string{
		`{"send":[{"kind":"dance"}],"expect":{"any":[{"alive":true}]}}`,
		`{"send":[{"kind":"message","loud":true}],"expect":{"any":[{"alive":true}]}}`,
		`{"send":[],"expect":{"any":[{"aliev":true}]}}`,
		`{"send":[],"expect":{"any":[{"alive":true}],"never":["effect:moon"]}}`,
		`{"send":[],"expect":{"any":[{"alive":true}]},"limits":{"carbon":1}}`,
		`{"send":[{"kind":"raw","body":{"rep":{"unit":"a","n":"limit.unheard"}}}],"expect":{"any":[{"alive":true}]}}`,
	} {
		var c Case
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if c.decode(); c.unknown == "" {
			t.Errorf("%s: got no complaint", text)
		}
	}
}
