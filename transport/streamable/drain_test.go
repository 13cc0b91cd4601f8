package streamable

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/transport"
)

// serve runs a listener for o and returns its address and what ends it.
func serve(t *testing.T, o *owner) (addr string, end context.CancelFunc) {
	t.Helper()
	o.closed = make(chan transport.Reason, 100)
	l := NewListener(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, o) }()
	await(t, l.Ready(), "listener")
	t.Cleanup(func() {
		cancel()
		if err := await(t, served, "end of Serve"); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), cancel
}

// A request that comes on an open socket while the listener ends is answered, and told that no other is.
func TestRequestsOnTheWayAreAnsweredAtTheEnd(t *testing.T) {
	held, release := make(chan struct{}), make(chan struct{})
	addr, end := serve(t, &owner{receive: func(c transport.Conn, text []byte) {
		if strings.Contains(string(text), "held") {
			close(held)
			<-release
		}
		_ = c.Write(transport.Frame{Text: text, Last: true})
	}})
	busy, idle := dial(t, addr), dial(t, addr)
	idle.send(request(addr, ping))
	if resp, _ := idle.answer(); resp.StatusCode != http.StatusOK || resp.Close {
		t.Fatalf("got %v, want 200 on a socket that stays open", resp)
	}
	busy.send(request(addr, `{"jsonrpc":"2.0","id":1,"method":"held"}`))
	await(t, held, "request")
	end()
	for { // until the listener knows
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	idle.send(request(addr, ping))
	if resp, body := idle.answer(); resp.StatusCode != http.StatusOK || body != ping || !resp.Close {
		t.Errorf("got %v %q, want the answer on a socket that ends", resp, body)
	}
	close(release)
	if resp, _ := busy.answer(); resp.StatusCode != http.StatusOK {
		t.Errorf("got %v, want the answer", resp)
	}
}

// A refusal that invites another attempt says when, also where the owner writes it as a frame.
func TestFramesThatInviteAnotherAttemptSayWhen(t *testing.T) {
	addr := listen(t, &owner{receive: func(c transport.Conn, text []byte) {
		_ = c.Write(transport.Frame{Text: text, Status: http.StatusServiceUnavailable, Last: true})
	}}, Options{})
	c := dial(t, addr)
	c.send(request(addr, ping))
	if resp, _ := c.answer(); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %v, want 503 with Retry-After", resp)
	}
}
