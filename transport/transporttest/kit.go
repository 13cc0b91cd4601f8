package transporttest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/erlmcp/erlmcp/transport"
)

// patience ends a wait that has failed.
const patience = 10 * time.Second

// grace is the grace period of listeners whose connections are to be left alone.
const grace = time.Hour

// kit is the state of one rule's test.
type kit struct {
	t *testing.T
	h Harness

	medium Medium
	owner  *owner
	stop   context.CancelFunc // ends Serve's context
	served chan error         // Serve's result

	refuses bool // the owner refuses all connections

	mu      sync.Mutex
	clients []Client
}

// serve starts a listener. What it started is gone when the test ends, or the test fails.
func (k *kit) serve(l transport.Limits, grace time.Duration) {
	k.t.Helper()
	before := goleak.IgnoreCurrent()
	k.medium = k.h.Listen(k.t, l, grace)
	if k.owner == nil {
		k.owner = newOwner()
	}
	ctx, stop := context.WithCancel(context.Background())
	k.stop, k.served = stop, make(chan error, 1)
	go func() { k.served <- k.medium.Listener.Serve(ctx, k.owner) }()
	k.t.Cleanup(func() {
		stop()
		k.owner.release()
		k.owner.closeAll()
		for _, c := range k.clients {
			_ = c.Close()
		}
		k.waitServed()
		for _, p := range k.owner.all() {
			p.check(k.t)
		}
		goleak.VerifyNone(k.t, before)
	})
}

// waitServed waits for Serve to return.
func (k *kit) waitServed() {
	k.t.Helper()
	select {
	case err := <-k.served:
		k.served <- nil // for the next who asks
		if err != nil && !(k.h.Single && k.refuses) {
			k.t.Errorf("Serve: got %v, want nil", err)
		}
	case <-time.After(patience):
		k.t.Fatal("Serve does not return")
	}
}

// dial makes a client.
func (k *kit) dial() (Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := k.medium.Dial(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clients = append(k.clients, c)
	return c, nil
}

// connect makes a connection and returns both sides. On an Exchange it sends first, text or something
// short; the receiver has got that.
func (k *kit) connect(text ...[]byte) (Client, *peer) {
	k.t.Helper()
	c, err := k.dial()
	if err != nil {
		k.t.Fatalf("Dial: %v", err)
	}
	if k.h.Mode == transport.Exchange {
		if len(text) == 0 {
			text = [][]byte{request(0, 0)}
		}
		if err := c.Send(text[0]); err != nil {
			k.t.Fatalf("Send: %v", err)
		}
	}
	p := k.accepted()
	if k.h.Mode == transport.Exchange {
		if got := k.received(p); string(got) != string(text[0]) {
			k.t.Fatalf("Receive: got %.100s, want %.100s", got, text[0])
		}
	}
	return c, p
}

// accepted waits for the next connection.
func (k *kit) accepted() *peer { return wait(k.t, k.owner.accepted, "Accept") }

// received waits for the next text of p.
func (k *kit) received(p *peer) []byte { return wait(k.t, p.texts, "Receive") }

// closed waits for the end of p and checks its reason.
func (k *kit) closed(p *peer, want transport.Reason) {
	k.t.Helper()
	if got := wait(k.t, p.ended, "Closed"); got != want {
		k.t.Errorf("Closed: got reason %s, want %s", got.Label(), want.Label())
	}
}

// recv reads one text as the client.
func (k *kit) recv(c Client) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text, err := c.Recv(ctx)
	if err != nil && ctx.Err() != nil {
		k.t.Fatal("Recv: nothing comes, and no end")
	}
	return text, err
}

// wantText reads one text as the client and compares it.
func (k *kit) wantText(c Client, want []byte) {
	k.t.Helper()
	got, err := k.recv(c)
	if err != nil {
		k.t.Fatalf("Recv: got error %v, want %.100s", err, want)
	}
	if string(got) != string(want) {
		k.t.Fatalf("Recv: got %d bytes %.100s, want %d bytes %.100s", len(got), got, len(want), want)
	}
}

// wantEnd reads as the client and finds that the connection has ended.
func (k *kit) wantEnd(c Client) {
	k.t.Helper()
	if text, err := k.recv(c); err == nil {
		k.t.Errorf("Recv: got %.100s, want the end", text)
	}
}

func wait[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s is not called", what)
		panic("unreachable")
	}
}

// request is a JSON-RPC request with number n and about size bytes, some of them not ASCII.
func request(n, size int) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"kit/request","params":{"fill":"%s"}}`, n, fill(size))
}

// response is a JSON-RPC response like request.
func response(n, size int) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"result":{"fill":"%s"}}`, n, fill(size))
}

// notification is a JSON-RPC notification like request.
func notification(n, size int) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"kit/notification","params":{"n":%d,"fill":"%s"}}`, n, fill(size))
}

func fill(size int) string { return strings.Repeat("abcdé€\\n", size/10) }
