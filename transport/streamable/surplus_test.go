package streamable

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
)

func TestConnectionsAreBounded(t *testing.T) {
	var told atomic.Int32
	addr := listen(t, &owner{}, Options{
		Sockets: 1,
		Routes:  map[string]http.Handler{"/livez": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })},
		Refused: func(r transport.Reason) {
			if r == transport.ReasonOverloaded {
				told.Add(1)
			}
		},
	})
	ask := func(c net.Conn) *http.Response {
		t.Helper()
		if _, err := fmt.Fprintf(c, "GET /livez HTTP/1.1\r\nHost: %s\r\n\r\n", addr); err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Fatal(err)
		}
		return r
	}
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	first := dial()
	if r := ask(first); r.StatusCode != http.StatusOK {
		t.Fatalf("first: got %d", r.StatusCode)
	}
	if r := ask(dial()); r.StatusCode != http.StatusServiceUnavailable || !r.Close || r.Header.Get("Retry-After") == "" {
		t.Errorf("second: got %d, close %v, %v; want 503, closed, with Retry-After", r.StatusCode, r.Close, r.Header)
	}
	if r := ask(first); r.StatusCode != http.StatusOK {
		t.Errorf("first again: got %d", r.StatusCode)
	}
	if got := told.Load(); got != 1 {
		t.Errorf("refusals told: got %d, want 1", got)
	}
	first.Close()
	testutil.Eventually(t, 5*time.Second, func() bool {
		c := dial()
		defer c.Close()
		return ask(c).StatusCode == http.StatusOK
	})
}

func TestFloodOfConnectionsIsClosedUnanswered(t *testing.T) {
	addr := listen(t, &owner{}, Options{Sockets: 1})
	for range spareSockets + 2 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	last, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer last.Close()
	if n, err := last.Read(make([]byte, 1)); err == nil {
		t.Errorf("got %d bytes, want the connection closed", n)
	}
}
