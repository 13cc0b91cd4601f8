package ws

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/transport"
)

// returning dials as a client that may come back.
func (f *fixture) returning(session, received string) (*websocket.Conn, *http.Response, error) {
	f.t.Helper()
	header := http.Header{}
	if session != "" {
		header.Set("Mcp-Session-Id", session)
	}
	if received != "" {
		header.Set("Last-Event-ID", received)
	}
	d := websocket.Dialer{TLSClientConfig: clientTLS(f.http)}
	c, r, err := d.Dial(f.url(), header)
	if c != nil {
		f.t.Cleanup(func() { c.Close() })
	}
	return c, r, err
}

// early is a fixture whose acceptor resumes with text already written, parked and not.
func early(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, secure := range map[string]bool{"parked": false, "with goroutines": true} {
		t.Run(name, func(t *testing.T) {
			test(t, startOn(t, Options{}, func(f *fixture) {
				f.refuse = func(c transport.Conn) error {
					i := c.Info()
					switch i.Session {
					case "unknown":
						return &transport.Refusal{Reason: transport.ReasonNoSession, Text: []byte(`{"no":1}`)}
					case "panics":
						panic("on purpose")
					}
					if i.LastEventID == "" && i.Session == "" {
						return nil
					}
					c.(transport.Resumable).Resume("s"+i.Session, 7)
					_ = c.Write(transport.Frame{Text: []byte("replayed")})
					if i.Session == "closes" {
						c.Close(transport.ReasonShutdown)
					}
					return nil
				}
			}, secure))
		})
	}
}

func TestHandshakeTellsSessionBeforeMessages(t *testing.T) {
	early(t, func(t *testing.T, f *fixture) {
		c, r, err := f.returning("1", "5")
		if err != nil {
			t.Fatal(err)
		}
		if id, n := r.Header.Get("Mcp-Session-Id"), r.Header.Get("Last-Event-ID"); id != "s1" || n != "7" {
			t.Errorf("got session %q and %q messages, want s1 and 7", id, n)
		}
		o := await(t, f.opened, "connection")
		if i := o.conn.Info(); i.LastEventID != "5" {
			t.Errorf("Info: got %+v, want the last event 5", i)
		}
		_ = o.conn.Write(transport.Frame{Text: []byte("later")})
		for _, want := range []string{"replayed", "later"} {
			if _, got, err := c.ReadMessage(); err != nil || string(got) != want {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
		}
		if err := c.WriteMessage(websocket.TextMessage, []byte("up")); err != nil {
			t.Fatal(err)
		}
		if got := await(t, o.texts, "text"); got != "up" {
			t.Errorf("got %q, want up", got)
		}
	})
}

func TestPlainHandshakeTellsNoSession(t *testing.T) {
	early(t, func(t *testing.T, f *fixture) {
		_, r, err := f.returning("", "")
		if err != nil {
			t.Fatal(err)
		}
		if h := r.Header; h.Get("Mcp-Session-Id") != "" || h.Get("Last-Event-ID") != "" {
			t.Errorf("got %v, want neither header", h)
		}
	})
}

func TestRefusedSessionHasItsStatus(t *testing.T) {
	early(t, func(t *testing.T, f *fixture) {
		for session, status := range map[string]int{"unknown": 404, "panics": 500} {
			if _, r, err := f.returning(session, "0"); err == nil || r.StatusCode != status {
				t.Errorf("%s: got %v, %v, want status %d", session, r, err, status)
			}
		}
	})
}

func TestClosedWithinTheHandshake(t *testing.T) {
	early(t, func(t *testing.T, f *fixture) {
		c, _, err := f.returning("closes", "0")
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.ReadMessage(); err != nil || string(got) != "replayed" {
			t.Fatalf("got %q, %v, want replayed", got, err)
		}
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 1012) {
			t.Errorf("got %v, want close code 1012", err)
		}
		wantReason(t, await(t, f.opened, "connection"), transport.ReasonShutdown)
	})
}

func TestNormalCloseEndsAResumableSession(t *testing.T) {
	early(t, func(t *testing.T, f *fixture) {
		for code, want := range map[int]transport.Reason{1000: transport.ReasonSessionEnded, 1001: transport.ReasonClientClosed} {
			c, _, err := f.returning("", "0")
			if err != nil {
				t.Fatal(err)
			}
			o := await(t, f.opened, "connection")
			if err := c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")); err != nil {
				t.Fatal(err)
			}
			wantReason(t, o, want)
		}
	})
}

// A client that is gone when it would be answered leaves no connection behind.
func TestFailedHandshakeEndsTheConnection(t *testing.T) {
	f := start(t, Options{}, nil)
	req, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Last-Event-Id": {"0"},
	}
	f.server.ServeHTTP(&unhijackable{header: http.Header{}}, req)
	wantReason(t, await(t, f.opened, "connection"), transport.ReasonClientClosed)
}

// unhijackable is a response whose connection cannot be had.
type unhijackable struct {
	header http.Header
	strings.Builder
}

func (u *unhijackable) Header() http.Header { return u.header }
func (u *unhijackable) WriteHeader(int)     {}
