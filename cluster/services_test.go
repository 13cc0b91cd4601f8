package cluster

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// The services over real connections; everything else about them is tested over the in-memory network.
func TestServicesOverTheDistribution(t *testing.T) {
	c := newTestNet(t, 3)
	nodes := make([]*testNode, c.size)
	var heard atomic.Int32
	far := make(chan []byte, 8)
	for i := range nodes {
		nodes[i] = c.startWith(i+1, func(n *Node) {
			n.ServeCalls("echo", func(_ context.Context, from Member, r []byte) ([]byte, error) {
				return append([]byte(from.Name+" "), r...), nil
			})
			n.Subscribe("topic", func(Member, []byte) { heard.Add(1) })
			n.Serve("pipe", func(_ Member, _ []byte, s *Stream) (Handler, error) { return &echoHandler{s}, nil })
		})
	}
	meshed(t, nodes...)
	a, b := nodes[0], nodes[1]
	if got, err := a.Call(t.Context(), b.Self(), "echo", []byte("hi")); err != nil || string(got) != a.opt.Name+" hi" {
		t.Errorf("call: got %q, %v", got, err)
	}
	if err := a.Broadcast("topic", []byte("x")); err != nil {
		t.Error(err)
	}
	a.Join("group", []byte("v"))
	s, err := a.Open(b.Self(), "pipe", nil, &chanHandler{far})
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("x"), 3<<20)
	if err := s.Send(large); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-far:
		if !bytes.Equal(got, large) {
			t.Errorf("stream: got %d bytes, want %d", len(got), len(large))
		}
	case <-time.After(30 * time.Second):
		t.Fatal("stream: no echo")
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return heard.Load() == 3 && len(b.Lookup("group")) == 1 })

	id := a.NewSessionID()
	if err := a.Keep(id, []byte("state")); err != nil {
		t.Fatal(err)
	}
	testutil.Eventually(t, 10*time.Second, func() bool { return b.OwnerStats().Held+nodes[2].OwnerStats().Held == 1 })
	began := time.Now()
	a.kill(t)
	testutil.Eventually(t, 15*time.Second, func() bool {
		for _, n := range nodes[1:] {
			if at, err := n.Locate(id); err != nil || at.Place != PlaceTake {
				continue
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			snapshot, err := n.Take(ctx, id)
			return err == nil && string(snapshot) == "state"
		}
		return false
	})
	t.Logf("session went on after %v", time.Since(began))
}

// echoHandler sends back what it gets.
type echoHandler struct{ s *Stream }

func (h *echoHandler) Receive(b []byte)      { h.s.Send(b) }
func (h *echoHandler) Closed(uint32, string) {}

type chanHandler struct{ got chan []byte }

func (h *chanHandler) Receive(b []byte)      { h.got <- b }
func (h *chanHandler) Closed(uint32, string) {}
