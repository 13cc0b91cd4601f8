package transporttest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

func firstReasonWins(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	p.conn.Close(transport.ReasonIdle)
	p.conn.Close(transport.ReasonShutdown)
	_ = c.Close()
	k.closed(p, transport.ReasonIdle)
}

// closedOnceWhateverHappens uses everything at once; the race detector and the peer's counters judge.
func closedOnceWhateverHappens(t *testing.T, k *kit) {
	k.serve(transport.Limits{OutgoingBytes: 64 << 10, OutgoingFrames: 50, WriteTimeout: time.Minute}, grace)
	c, p := k.connect()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 50 {
				_ = p.conn.Write(transport.Frame{Text: notification(n, 100)})
				p.conn.Go(func() { _ = p.conn.Info() })
				if n == 25+worker {
					p.conn.Close(transport.ReasonReplaced)
				}
			}
		})
	}
	all.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for {
			if _, err := c.Recv(ctx); err != nil {
				return
			}
		}
	})
	if k.h.Mode == transport.Duplex {
		all.Go(func() {
			for n := range 50 {
				if c.Send(request(n, 100)) != nil {
					return
				}
			}
		})
	}
	wait(t, p.ended, "Closed")
	_ = c.Close()
	all.Wait()
}

func closedAfterCloseInAccept(t *testing.T, k *kit) {
	k.owner = newOwner()
	k.owner.accept = func(c transport.Conn) error {
		c.Close(transport.ReasonReplaced)
		return nil
	}
	k.serve(roomy, grace)
	c, err := k.dial()
	if err == nil && k.h.Mode == transport.Exchange {
		_ = c.Send(request(0, 0))
	}
	k.closed(k.accepted(), transport.ReasonReplaced)
}

func clientThatGoesIsReported(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	k.write(p, notification(0, 0), false) // an exchange becomes a stream
	k.wantText(c, notification(0, 0))
	_ = c.Close()
	k.closed(p, transport.ReasonClientClosed)
}

func bindShowsInInfo(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	_, p := k.connect()
	info := p.conn.Info()
	if info.Mode != k.h.Mode || info.Transport == "" {
		t.Errorf("Info: got mode %v, transport %q, want mode %v and a name", info.Mode, info.Transport, k.h.Mode)
	}
	p.conn.Bind("session-1")
	if got := p.conn.Info().Session; got != "session-1" {
		t.Errorf("Info after Bind: got session %q, want session-1", got)
	}
}

// wantRefused makes a client that is refused in whatever way the medium has.
func (k *kit) wantRefused() {
	k.t.Helper()
	c, err := k.dial()
	if err != nil {
		return
	}
	if k.h.Mode == transport.Exchange && c.Send(request(0, 0)) != nil {
		return
	}
	for range 2 { // the text of the refusal, then the end
		if _, err = k.recv(c); err != nil {
			return
		}
	}
	k.t.Error("a refused client gets more than the refusal")
}

func refusedConnectionEnds(t *testing.T, k *kit) {
	for _, refusal := range []error{
		&transport.Refusal{Reason: transport.ReasonOverloaded},
		&transport.Refusal{Reason: transport.ReasonOverloaded, Text: []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":1001,"message":"full"}}`)},
		fmt.Errorf("of no known kind"),
	} {
		k.t.Run("", func(t *testing.T) {
			k := &kit{t: t, h: k.h, owner: newOwner(), refuses: true}
			k.owner.accept = func(transport.Conn) error { return refusal }
			k.serve(roomy, grace)
			k.wantRefused()
		})
	}
}

func admitComesFirst(t *testing.T, k *kit) {
	k.refuses, k.owner = true, newOwner()
	k.owner.admit = func(transport.Info) error {
		return &transport.Refusal{Reason: transport.ReasonOverloaded}
	}
	k.serve(roomy, grace)
	k.wantRefused()
	select {
	case <-k.owner.accepted:
		t.Error("Accept is called for a connection that Admit refused")
	default:
	}
}

func serveWaitsForOpenConnections(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	k.stop()
	if !k.h.Single {
		k.wantRefusedOrLate()
	}
	k.write(p, notification(0, 0), false)
	k.wantText(c, notification(0, 0))
	select {
	case err := <-k.served:
		k.served <- err // for the clean-up
		t.Fatal("Serve returns while a connection is open")
	default:
	}
	p.conn.Close(transport.ReasonShutdown)
	k.closed(p, transport.ReasonShutdown)
	k.wantEnd(c)
	_ = c.Close()
	k.waitServed()
}

// wantRefusedOrLate makes clients until one is refused: a listener stops accepting soon after its context
// has ended, but not in the same instant.
func (k *kit) wantRefusedOrLate() {
	k.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		c, err := k.dial()
		if err != nil {
			return
		}
		if k.h.Mode == transport.Exchange && c.Send(request(0, 0)) != nil {
			return
		}
		select {
		case p := <-k.owner.accepted: // it was in time
			p.conn.Close(transport.ReasonShutdown)
			wait(k.t, p.ended, "Closed")
			_ = c.Close()
		case <-time.After(100 * time.Millisecond): // nobody takes it
			_ = c.Close()
			return
		}
	}
	k.t.Error("the listener still accepts after its context has ended")
}

func serveClosesAfterTheGracePeriod(t *testing.T, k *kit) {
	k.serve(roomy, time.Millisecond)
	_, p := k.connect()
	k.stop()
	k.closed(p, transport.ReasonShutdown)
	k.waitServed()
}
