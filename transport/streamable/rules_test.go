package streamable

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/transport"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestRulesOfHTTP has one request a case, with the defaults of a well-formed POST.
func TestRulesOfHTTP(t *testing.T) {
	const page = "https://app.example"
	addr := listen(t, &owner{end: func(i transport.Info) error {
		if i.Session != "known" {
			return &transport.Refusal{Reason: transport.ReasonNoSession}
		}
		return nil
	}}, Options{
		AllowedOrigins:   []string{page},
		AllowedHosts:     []string{"Public.example:80"},
		SupportsProtocol: func(v string) bool { return v == "2025-11-25" },
		Routes:           map[string]http.Handler{"/livez": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) })},
	})
	_, port, _ := strings.Cut(addr, ":")
	for _, c := range []struct {
		name, method, path, header, value string
		status                            int
		check                             func(t *testing.T, h http.Header)
	}{
		{name: "post", status: 200},
		{name: "no accept", header: "Accept", value: "-", status: 200},
		{name: "accept anything", header: "Accept", value: "*/*", status: 200},
		{name: "accept ranges", header: "Accept", value: "text/*;q=0.5, application/*", status: 200},
		{name: "accept without stream", header: "Accept", value: "application/json", status: 406},
		{name: "accept without json", header: "Accept", value: "text/event-stream", status: 406},
		{name: "accept with weight 0", header: "Accept", value: "application/json, text/event-stream;q=0", status: 406},
		{name: "accept a longer name", header: "Accept", value: "application/json-x, text/event-streams", status: 406},
		{name: "json with charset", header: "Content-Type", value: "Application/JSON; charset=UTF-8", status: 200},
		{name: "json in latin", header: "Content-Type", value: "application/json; charset=latin1", status: 415},
		{name: "plain text", header: "Content-Type", value: "text/plain", status: 415},
		{name: "no content type", header: "Content-Type", value: "-", status: 415},
		{name: "compressed", header: "Content-Encoding", value: "gzip", status: 415},
		{name: "known protocol", header: "MCP-Protocol-Version", value: "2025-11-25", status: 200},
		{name: "unknown protocol", header: "MCP-Protocol-Version", value: "1999-01-01", status: 400},
		{name: "method override", header: "X-HTTP-Method-Override", value: "DELETE", status: 200},
		{name: "patch", method: "PATCH", status: 405, check: wantHeader("Allow", "GET, POST, DELETE, OPTIONS")},
		{name: "head", method: "HEAD", status: 405},
		{name: "get without stream", method: "GET", header: "Accept", value: "application/json", status: 406},

		{name: "no origin", status: 200, check: wantHeader("Access-Control-Allow-Origin", "")},
		{name: "listed origin", header: "Origin", value: page, status: 200, check: wantHeader("Access-Control-Allow-Origin", page)},
		{name: "exposes the session", header: "Origin", value: page, status: 200, check: wantHeader("Access-Control-Expose-Headers", "Mcp-Session-Id")},
		{name: "own origin", header: "Origin", value: "http://localhost:" + port, status: 200},
		{name: "own origin in IPv6", header: "Origin", value: "http://[::1]:" + port, status: 200},
		{name: "page of another local port", header: "Origin", value: "http://localhost:1", status: 200, check: wantHeader("Access-Control-Allow-Origin", "http://localhost:1")},
		{name: "local page over TLS", header: "Origin", value: "https://127.0.0.1:3000", status: 200},
		{name: "local page of a path", header: "Origin", value: "http://localhost/x", status: 403},
		{name: "local file", header: "Origin", value: "file://localhost", status: 403},
		{name: "other scheme", header: "Origin", value: "http://app.example", status: 403},
		{name: "suffix", header: "Origin", value: "http://localhost.evil.example", status: 403},
		{name: "evil", header: "Origin", value: "http://evil.example", status: 403, check: wantHeader("Access-Control-Allow-Origin", "")},
		{name: "null origin", header: "Origin", value: "null", status: 403},
		{name: "extension", header: "Origin", value: "chrome-extension://abcdefghijklmnop", status: 403},
		{name: "evil origin of a route", method: "GET", path: "/livez", header: "Origin", value: "http://evil.example", status: 403},

		{name: "listed host", header: "Host", value: "public.EXAMPLE:80", status: 200},
		{name: "local name", header: "Host", value: "localhost:" + port, status: 200},
		{name: "local name without port", header: "Host", value: "localhost", status: 200},
		{name: "rebound host", header: "Host", value: "evil.example:" + port, status: 403},
		{name: "rebound host of a route", method: "GET", path: "/livez", header: "Host", value: "evil.example", status: 403},

		{name: "preflight", method: "OPTIONS", header: "Origin", value: page, status: 204, check: wantHeader("Access-Control-Allow-Methods", "GET, POST, DELETE")},
		{name: "preflight of a stranger", method: "OPTIONS", header: "Origin", value: "http://evil.example", status: 403, check: wantHeader("Access-Control-Allow-Origin", "")},
		{name: "options", method: "OPTIONS", status: 204, check: wantHeader("Access-Control-Allow-Methods", "")},

		{name: "route", method: "GET", path: "/livez", status: 200},
		{name: "unknown path", path: "/mcp/", status: 404},
		{name: "dot segments", path: "/mcp/../admin/eval", status: 404},
		{name: "no websocket", method: "GET", path: "/mcp/ws", status: 404},

		{name: "delete", method: "DELETE", header: "Mcp-Session-Id", value: "known", status: 204},
		{name: "delete unknown", method: "DELETE", header: "Mcp-Session-Id", value: "other", status: 404},
		{name: "delete nothing", method: "DELETE", status: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(orElse(c.method, "POST"), "http://"+addr, strings.NewReader(ping))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Opaque = orElse(c.path, "/mcp") // sent as it is
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			r.Header.Set("Access-Control-Request-Method", "POST")
			switch {
			case c.value == "-":
				r.Header.Del(c.header)
			case c.header == "Host":
				r.Host = c.value
			case c.header != "":
				r.Header.Set(c.header, c.value)
			}
			tr := &http.Transport{DisableKeepAlives: true}
			resp, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.status {
				t.Errorf("got status %d, want %d", resp.StatusCode, c.status)
			}
			if c.check != nil {
				c.check(t, resp.Header)
			}
		})
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func wantHeader(name, want string) func(*testing.T, http.Header) {
	return func(t *testing.T, h http.Header) {
		if got := h.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
}

func TestGuardOffLoopback(t *testing.T) {
	type addr = testAddr
	g := newGuard(addr("0.0.0.0:80"), nil, nil)
	if g.local || !g.allowsHost("anything") {
		t.Errorf("got %+v, want every host allowed where none is listed", g)
	}
	if g.allowsOrigin(http.Header{"Origin": {"http://localhost:80"}}) {
		t.Error("an origin that nobody listed is allowed")
	}
	g = newGuard(addr("0.0.0.0:80"), nil, []string{"mcp.example"})
	if g.allowsHost("other") || !g.allowsHost("MCP.example") {
		t.Errorf("got %+v, want the listed host only", g)
	}
	g = newGuard(addr("[::1]:80"), nil, nil)
	if !g.allowsHost("[::1]") || !g.allowsHost("localhost:80") || !g.allowsOrigin(http.Header{"Origin": {"http://localhost"}}) {
		t.Errorf("got %+v, want the default port to be optional", g)
	}
}

type testAddr string

func (a testAddr) Network() string { return "tcp" }
func (a testAddr) String() string  { return string(a) }

func TestReasonsOfTheOwner(t *testing.T) {
	for _, c := range []struct {
		name   string
		accept error
		reason transport.Reason // of Close, where accept is nil
		status int
		body   string
		retry  string
	}{
		{name: "accepted notification", reason: transport.ReasonDone, status: 202},
		{name: "unknown session", accept: &transport.Refusal{Reason: transport.ReasonNoSession, Text: []byte("{}")}, status: 404, body: "{}"},
		{name: "overloaded", accept: &transport.Refusal{Reason: transport.ReasonOverloaded}, status: 503, retry: "2"},
		{name: "of no kind", accept: http.ErrAbortHandler, status: 500, retry: "2"},
		{name: "closed for quota", reason: transport.ReasonQuota, status: 429, retry: "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &owner{
				accept:  func(transport.Conn) error { return c.accept },
				receive: func(conn transport.Conn, _ []byte) { conn.Close(c.reason) },
			}
			addr := listen(t, o, Options{})
			conn := dial(t, addr)
			conn.send(request(addr, ping))
			resp, body := conn.answer()
			if resp.StatusCode != c.status || body != c.body || resp.Header.Get("Retry-After") != c.retry {
				t.Errorf("got %d %q, Retry-After %q, want %d %q, %q",
					resp.StatusCode, body, resp.Header.Get("Retry-After"), c.status, c.body, c.retry)
			}
			if c.accept == nil {
				if got := await(t, o.closed, "Closed"); got != c.reason {
					t.Errorf("Closed: got %v, want %v", got, c.reason)
				}
			}
		})
	}
}

func TestNamesOfLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost:1": true, "127.0.0.1": true, "127.0.0.1:65535": true, "127.1.2.3:80": true,
		"[::1]": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:1": true,
		"": false, ":80": false, "localhost:": false, "localhost:x": false, "localhost:-1": false, "localhost:123456": false,
		"localhost.": false, "localhost.evil.example": false, "evil.localhost": false, "localhost@evil.example": false,
		"::1": false, "[::1": false, "[::1]x": false, "[127.0.0.1]": false, "[::1%25lo]": false, "[::1%lo]": false,
		"127.0.0.1.evil.example": false, "127.1": false, "0.0.0.0": false, "[::]": false, "10.0.0.1:80": false, "2130706433": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
	g := newGuard(testAddr("127.0.0.1:8080"), nil, []string{"mcp.example"})
	if !g.allowsHost("localhost:9") || !g.allowsHost("mcp.example") || g.allowsHost("evil.example:8080") {
		t.Errorf("got %+v, want loopback and the listed host only", g)
	}
}
