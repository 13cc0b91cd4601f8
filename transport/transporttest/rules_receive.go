package transporttest

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/erlmcp/erlmcp/transport"
)

// textsArriveInOrderAndOneByOne keeps the texts and compares them at the end: the receiver owns them.
func textsArriveInOrderAndOneByOne(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	if k.h.Mode == transport.Exchange {
		return // connect has compared the one there is
	}
	const texts = 200
	size := func(n int) int {
		if n%50 == 49 {
			return 300_000
		}
		return n * 20
	}
	go func() {
		for n := range texts {
			if err := c.Send(request(n, size(n))); err != nil {
				t.Errorf("Send: %v", err)
				return
			}
		}
	}()
	var got [texts][]byte
	for n := range got {
		got[n] = k.received(p)
	}
	for n := range got {
		if want := request(n, size(n)); !bytes.Equal(got[n], want) {
			t.Fatalf("text %d: got %d bytes %.100s, want %d bytes %.100s", n, len(got[n]), got[n], len(want), want)
		}
	}
}

// padded is a request of exactly size bytes.
func padded(size int) []byte {
	text := request(1, 0)
	fill := bytes.Repeat([]byte{' '}, size-len(text))
	return append(append(text[:len(text)-1:len(text)-1], fill...), '}')
}

const tightMessage = 10_000

func textAtTheLimitArrives(t *testing.T, k *kit) {
	limits := roomy
	limits.MessageBytes = tightMessage
	k.serve(limits, grace)
	c, p := k.connect(padded(tightMessage))
	if k.h.Mode == transport.Exchange {
		return // connect has compared it
	}
	if err := c.Send(padded(tightMessage)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	if got := k.received(p); !bytes.Equal(got, padded(tightMessage)) {
		t.Errorf("got %d bytes, want %d", len(got), tightMessage)
	}
}

func textOverTheLimitIsRefused(t *testing.T, k *kit) {
	limits := roomy
	limits.MessageBytes = tightMessage
	k.serve(limits, grace)
	if k.h.Mode == transport.Exchange {
		k.exchangeOverTheLimit()
		return
	}
	c, p := k.connect()
	_ = c.Send(padded(tightMessage + 1)) // the connection may end before all of it is sent
	if !k.h.SkipsTooLarge {
		k.closed(p, transport.ReasonTooLarge)
		k.nothingReceived(p)
		return
	}
	text, err := k.recv(c)
	if err != nil || !bytes.Contains(text, []byte(`"error"`)) {
		t.Fatalf("Recv: got %.100s, %v, want an error response", text, err)
	}
	if err := c.Send(request(2, 0)); err != nil {
		t.Fatalf("Send after a text over the limit: %v", err)
	}
	if got := k.received(p); !bytes.Equal(got, request(2, 0)) {
		t.Errorf("Receive after a text over the limit: got %.100s, want %s", got, request(2, 0))
	}
}

// exchangeOverTheLimit allows for a refusal before Accept.
func (k *kit) exchangeOverTheLimit() {
	k.t.Helper()
	c, err := k.dial()
	if err != nil {
		k.t.Fatalf("Dial: %v", err)
	}
	if err := c.Send(padded(tightMessage + 1)); err == nil {
		if text, err := k.recv(c); err == nil && !bytes.Contains(text, []byte(`"error"`)) {
			k.t.Errorf("Recv: got %.100s, want an error", text)
		}
	}
	select {
	case p := <-k.owner.accepted:
		k.closed(p, transport.ReasonTooLarge)
		k.nothingReceived(p)
	default:
	}
}

func (k *kit) nothingReceived(p *peer) {
	k.t.Helper()
	select {
	case text := <-p.texts:
		k.t.Errorf("Receive: got %d bytes, want nothing", len(text))
	default:
	}
}

func goNeverRunsInsideReceive(t *testing.T, k *kit) {
	k.owner = newOwner()
	var inside atomic.Int32
	ran := make(chan struct{}, 1)
	k.owner.receive = func(p *peer, _ []byte) {
		p.conn.Go(func() {
			inside.Add(p.inside.Load())
			ran <- struct{}{}
		})
		for range 100 { // give it the chance to be wrong
			runtime.Gosched()
		}
	}
	k.serve(roomy, grace)
	c, p := k.connect()
	if k.h.Mode == transport.Duplex {
		if err := c.Send(request(1, 0)); err != nil {
			t.Fatalf("Send: %v", err)
		}
		k.received(p)
	}
	wait(t, ran, "function given to Go")
	if inside.Load() > 0 {
		t.Error("Go runs its function before Receive has returned")
	}
}

func goDoesNotHoldUpReceive(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	release, done := make(chan struct{}), make(chan struct{})
	p.conn.Go(func() {
		defer close(done)
		select {
		case <-release:
		case <-k.owner.freed:
		}
	})
	for n := range 3 {
		if err := c.Send(request(n, 0)); err != nil {
			t.Fatalf("Send: %v", err)
		}
		k.received(p)
		k.write(p, response(n, 0), false)
		k.wantText(c, response(n, 0))
	}
	close(release)
	wait(t, done, "end of the function given to Go")
}

func goRunsToItsEnd(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	started, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.conn.Go(func() {
		defer close(done)
		close(started)
		select {
		case <-release:
		case <-k.owner.freed:
		}
	})
	wait(t, started, "function given to Go")
	_ = c.Close()
	p.conn.Close(transport.ReasonShutdown)
	close(release)
	wait(t, done, "end of the function given to Go")
	wait(t, p.ended, "Closed")
}
