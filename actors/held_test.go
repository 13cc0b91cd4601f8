package actors

import (
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// heldConn is a connection whose writes a test can hold up, and with them the turn of the session: what is
// posted meanwhile waits in the mailbox.
type heldConn struct {
	info    transport.Info
	entered chan struct{} // a held write has begun
	release chan struct{}

	mu       sync.Mutex
	held     bool
	texts    []string
	closed   bool
	reason   transport.Reason
	receiver transport.Receiver
}

var _ transport.Conn = (*heldConn)(nil)

func newHeld(f *fixture, info transport.Info) *heldConn {
	f.t.Helper()
	c := &heldConn{info: info, entered: make(chan struct{}, 1), release: make(chan struct{})}
	r, err := f.gateway.Accept(c)
	if err != nil {
		f.t.Fatal(err)
	}
	c.receiver = r
	return c
}

func (c *heldConn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

func (c *heldConn) Write(f transport.Frame) error {
	c.mu.Lock()
	held := c.held
	c.held = false
	c.texts = append(c.texts, string(f.Text))
	closed := c.closed
	c.mu.Unlock()
	if held {
		c.entered <- struct{}{}
		<-c.release
	}
	if closed {
		return transport.ErrClosed
	}
	return nil
}

func (c *heldConn) Close(r transport.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed, c.reason = true, r
	}
}

func (c *heldConn) ended() (transport.Reason, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason, c.closed
}

func (c *heldConn) Bind(string)          {}
func (c *heldConn) Go(fn func())         { go fn() }
func (c *heldConn) Info() transport.Info { return c.info }

// holdTurn holds the turn of the session whose own stream c is, until c.release is closed.
func (f *fixture) holdTurn(c *heldConn) (done *sync.WaitGroup) {
	f.t.Helper()
	c.hold()
	done = &sync.WaitGroup{}
	done.Go(func() {
		f.gateway.note(mcp.FeaturesChanged{Change: mcp.ToolsChanged})
		f.gateway.tell()
	})
	select {
	case <-c.entered:
	case <-time.After(5 * time.Second):
		f.t.Fatal("the session's turn does not come")
	}
	return done
}

// awaitEnd waits until the owner has closed c, and says why it did.
func (c *heldConn) awaitEnd(t *testing.T) transport.Reason {
	t.Helper()
	testutil.Eventually(t, 5*time.Second, func() bool { _, ended := c.ended(); return ended })
	r, _ := c.ended()
	return r
}

func TestEndIsNotLostInACrash(t *testing.T) {
	f := newFixture(t, Options{})
	c := newHeld(f, transport.Info{Transport: "memory"})
	c.receiver.Receive([]byte(initialize))
	c.receiver.Receive([]byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	a := f.anchors()[0]
	done := f.holdTurn(c)
	a.crash()
	c.receiver.Closed(transport.ReasonClientClosed) // its message is lost: the actor crashes before it
	close(c.release)
	done.Wait()
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Count() == 0 && f.gateway.sessions.Count() == 0 })
}

// withStream makes an HTTP session with its own stream open.
func (f *fixture) withStream() (id string, stream *heldConn) {
	f.t.Helper()
	id = f.session()
	return id, newHeld(f, transport.Info{Transport: "memory", Mode: transport.Stream, Session: id})
}

func TestStreamIsNotLostInACrash(t *testing.T) {
	f := newFixture(t, Options{})
	id, old := f.withStream()
	done := f.holdTurn(old)
	f.gateway.table.get(id).crash()
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	close(old.release)
	done.Wait()
	if prime := f.frame(stream); prime.Event == "" {
		t.Errorf("got %+v, want an event", prime)
	}
	if reason := old.awaitEnd(t); reason != transport.ReasonReplaced {
		t.Errorf("the older stream closed for %v, want replaced", reason)
	}
}

func TestStreamOfASessionThatEndsIsClosed(t *testing.T) {
	f := newFixture(t, Options{})
	id, old := f.withStream()
	done := f.holdTurn(old)
	a := f.gateway.table.get(id)
	a.end(transport.ReasonIdle)
	a.post(&endSession{reason: transport.ReasonIdle})
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	close(old.release)
	done.Wait()
	stream.Wait()
	if reason, _ := stream.Reason(); reason != transport.ReasonIdle {
		t.Errorf("closed for %v, want idle", reason)
	}
}

func TestStreamThatClosedBeforeItsTurnIsForgotten(t *testing.T) {
	f := newFixture(t, Options{})
	id, old := f.withStream()
	done := f.holdTurn(old)
	f.open(transport.Info{Mode: transport.Stream, Session: id}).Close()
	close(old.release)
	done.Wait()
	old.awaitEnd(t)
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.table.get(id).stream() == nil })
}

func TestWhatABrokenStreamDidNotTakeIsMissed(t *testing.T) {
	f := newFixture(t, Options{})
	id, old := f.withStream()
	old.Close(transport.ReasonClientClosed) // and Closed is still to come
	f.gateway.note(mcp.FeaturesChanged{Change: mcp.ToolsChanged})
	f.gateway.tell()
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	f.frame(stream) // primes
	if got := f.recv(stream); got == "" {
		t.Error("got no change")
	}
}

func TestMessagesThatWaitAreBounded(t *testing.T) {
	hits := &hitCounter{}
	f := newFixture(t, Options{Limits: Limits{InFlight: 1}, Observer: hits})
	c := newHeld(f, transport.Info{Transport: "memory"})
	c.receiver.Receive([]byte(initialize))
	c.receiver.Receive([]byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	done := f.holdTurn(c)
	for range 16 {
		c.receiver.Receive([]byte(`{"jsonrpc":"2.0","method":"notifications/whatever"}`))
	}
	if _, ended := c.ended(); ended {
		t.Fatal("closed within the bound")
	}
	c.receiver.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	c.mu.Lock()
	refused := c.texts[len(c.texts)-1]
	c.mu.Unlock()
	if got := code(t, refused); got != mcp.CodeQuota {
		t.Errorf("ping past the bound: got %s", refused)
	}
	c.receiver.Receive([]byte(`{"jsonrpc":"2.0","method":"notifications/whatever"}`))
	if reason := c.awaitEnd(t); reason != transport.ReasonQuota {
		t.Errorf("closed for %v, want quota", reason)
	}
	if got := hits.of(LimitInFlight); got != 2 {
		t.Errorf("limit hits: got %d, want 2", got)
	}
	close(c.release)
	done.Wait()
	c.receiver.Closed(transport.ReasonQuota)
}

// hitCounter counts limits.
type hitCounter struct {
	nopObserver
	mu   sync.Mutex
	hits [limitCount]int
}

func (h *hitCounter) LimitHit(l Limit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hits[l]++
}

func (h *hitCounter) of(l Limit) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hits[l]
}
