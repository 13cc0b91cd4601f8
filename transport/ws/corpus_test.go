package ws

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
)

// corpusCase is a hostile input and what may come of it; see testdata.
type corpusCase struct {
	ID    string
	Level string
	Send  []struct {
		Kind     string
		Fragment int
		Body     struct {
			Text   string
			B64    []byte
			RepB64 *struct {
				Unit []byte
				N    int
			} `json:"rep_b64"`
			Rep *struct {
				Unit string
				N    string
			}
		}
	}
	Expect struct{ Any []corpusOutcome }
}

type corpusOutcome struct {
	HTTP          []int             `json:"http"`
	Headers       map[string]string `json:"headers"`
	AbsentHeaders []string          `json:"absent_headers"`
	WSClose       []int             `json:"ws_close"`
	Error         []int             `json:"error"`
	Result        bool
	Alive         bool
	Conn          string
	Grade         string
}

func corpus(t *testing.T, file string) []corpusCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var group struct{ Cases []corpusCase }
	if err := json.Unmarshal(text, &group); err != nil {
		t.Fatal(err)
	}
	if len(group.Cases) == 0 {
		t.Fatal("no cases")
	}
	return group.Cases
}

func TestHostileHandshakes(t *testing.T) {
	f := start(t, Options{AllowOrigin: func(r *http.Request) bool {
		return r.Header.Get("Origin") == "" && !strings.Contains(r.Host, "evil")
	}}, nil)
	for _, c := range corpus(t, "testdata/ws-handshake.json") {
		t.Run(strings.TrimPrefix(c.ID, "ws-handshake/"), func(t *testing.T) {
			request := strings.NewReplacer("{{WS_PATH}}", "/mcp/ws", "{{AUTH_HEADER}}", "",
				"{{HOST}}", f.http.Listener.Addr().String()).Replace(c.Send[0].Body.Text)
			if !strings.HasSuffix(request, "\r\n\r\n") {
				request += "\r\n"
			}
			resp, err := http.ReadResponse(bufio.NewReader(f.tcp(request)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(c.Expect.Any, func(o corpusOutcome) bool { return o.fits(resp) }) {
				t.Errorf("got %s %v, want one of %+v", resp.Status, resp.Header, c.Expect.Any)
			}
		})
	}
}

func (o corpusOutcome) fits(r *http.Response) bool {
	for name, value := range o.Headers {
		if r.Header.Get(name) != value {
			return false
		}
	}
	for _, name := range o.AbsentHeaders {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return slices.Contains(o.HTTP, r.StatusCode)
}

func TestHostileFrames(t *testing.T) {
	const limit = 4 << 20
	for _, c := range corpus(t, "testdata/ws-frames.json") {
		t.Run(strings.TrimPrefix(c.ID, "ws-frames/"), func(t *testing.T) {
			f := start(t, Options{}, func(f *fixture) { f.answer = "answer" })
			raw, r := f.upgrade("")
			for _, step := range c.Send {
				if step.Kind == "ws-fragments" {
					go sendFragments(raw, limit+1, step.Fragment)
					continue
				}
				input := step.Body.B64
				if rep := step.Body.RepB64; rep != nil {
					input = bytes.Repeat(rep.Unit, rep.N)
				}
				if _, err := raw.Write(input); err != nil {
					t.Fatal(err)
				}
			}
			if c.Send[0].Kind == "raw" {
				// Acted on only if the server still listens.
				raw.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))))
			}
			code, replies := outcome(t, r)
			// The layer above answers a text; here any answer stands for that.
			text := slices.Contains(replies, ws.OpText)
			if !slices.ContainsFunc(c.Expect.Any, func(o corpusOutcome) bool {
				if o.Grade == "weak" || o.Conn != "" {
					return false
				}
				return slices.Contains(o.WSClose, code) || code == 1000 && (text && (o.Result || o.Error != nil) || o.Alive)
			}) {
				t.Errorf("got close %d, frames %v, want one of %+v", code, replies, c.Expect.Any)
			}
		})
	}
}

// outcome reads to the close frame.
func outcome(t *testing.T, r io.Reader) (code int, replies []ws.OpCode) {
	t.Helper()
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			t.Fatalf("no close frame: %v after %v", err, replies)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			t.Fatal(err)
		}
		if h.OpCode == ws.OpClose {
			status, _ := ws.ParseCloseFrameData(payload)
			return int(status), replies
		}
		replies = append(replies, h.OpCode)
	}
}

func sendFragments(w io.Writer, size, fragment int) {
	for op, sent := ws.OpText, 0; sent < size; op = ws.OpContinuation {
		n := min(fragment, size-sent)
		sent += n
		f := ws.NewFrame(op, sent == size, bytes.Repeat([]byte("a"), n))
		if _, err := w.Write(ws.MustCompileFrame(ws.MaskFrame(f))); err != nil {
			return // the server has had enough
		}
	}
}

// upgrade makes a handshake by hand, with more header lines and what follows them.
func (f *fixture) upgrade(more string) (net.Conn, *bufio.Reader) {
	f.t.Helper()
	head, after, _ := strings.Cut(more, "\r\n\r\n")
	raw := f.tcp(handshake(head) + after)
	r := bufio.NewReader(raw)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		f.t.Fatalf("handshake: got %s, want 101", resp.Status)
	}
	return raw, r
}

func handshake(lines string) string {
	if lines != "" {
		lines += "\r\n"
	}
	return "GET /mcp/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(make([]byte, keyBytes)) +
		"\r\nSec-WebSocket-Version: 13\r\n" + lines + "\r\n"
}

func TestHandshakeRules(t *testing.T) {
	key := "Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(make([]byte, keyBytes))
	valid := handshake("")
	f := start(t, Options{}, func(f *fixture) {
		f.admit = func(i transport.Info) error {
			switch i.Session {
			case "full":
				return &transport.Refusal{Reason: transport.ReasonOverloaded, Text: []byte(`{"a":1}`)}
			case "odd":
				return io.ErrUnexpectedEOF
			}
			return nil
		}
	})
	for _, c := range []struct {
		name, request string
		status        int
		header, value string
	}{
		{"valid", valid, 101, "Sec-WebSocket-Protocol", ""},
		{"subprotocol", handshake("Sec-WebSocket-Protocol: other, mcp"), 101, "Sec-WebSocket-Protocol", "mcp"},
		{"subprotocol on a second line", handshake("Sec-WebSocket-Protocol: other\r\nSec-WebSocket-Protocol: mcp"), 101, "Sec-WebSocket-Protocol", "mcp"},
		{"compression is declined", handshake("Sec-WebSocket-Extensions: permessage-deflate"), 101, "Sec-WebSocket-Extensions", ""},
		{"HTTP/1.0", strings.Replace(valid, "HTTP/1.1", "HTTP/1.0", 1), 400, "", ""},
		{"POST", strings.Replace(valid, "GET", "POST", 1), 405, "Allow", "GET"},
		{"plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426, "Upgrade", "websocket"},
		{"two versions", handshake("Sec-WebSocket-Version: 13"), 426, "Sec-WebSocket-Version", "13"},
		{"two keys", handshake(key), 400, "", ""},
		{"short key", strings.Replace(valid, "AAAAAA==", "AA==", 1), 400, "", ""},
		{"body", handshake("Content-Length: 2") + "{}", 400, "", ""},
		{"not admitted", handshake("Mcp-Session-Id: full"), 503, "Retry-After", "2"},
		{"fault of the acceptor", handshake("Mcp-Session-Id: odd"), 500, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := http.ReadResponse(bufio.NewReader(f.tcp(c.request)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status {
				t.Errorf("status: got %s, want %d", resp.Status, c.status)
			}
			if got := resp.Header.Get(c.header); got != c.value {
				t.Errorf("%s: got %q, want %q", c.header, got, c.value)
			}
		})
	}
}
