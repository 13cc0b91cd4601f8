package cluster

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/supervisors"
)

// benchPair starts two nodes that see each other; got counts packets of kindTest at the first.
func benchPair(b *testing.B) (receiver, sender *Node, got *atomic.Int64) {
	b.Helper()
	got = new(atomic.Int64)
	nodes := make([]*Node, 2)
	for i, name := range []string{"a@127.254.0.1", "b@127.254.0.2"} {
		sys := supervisors.NewSystem(supervisors.Options{})
		n, err := New(sys, Options{Name: name, Cookie: []byte(testCookie), Seeds: []string{"a@127.254.0.1"}})
		if err != nil {
			b.Fatal(err)
		}
		n.handle(kindTest, func(Member, *wirepb.Packet) { got.Add(1) })
		root, err := sys.Start(supervisors.Spec{Name: "root", Children: []supervisors.ChildSpec{n.ChildSpec()}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = root.Shutdown(context.Background()) })
		nodes[i] = n
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := nodes[1].Ping(ctx, "a@127.254.0.1"); err != nil {
		b.Fatal(err)
	}
	return nodes[0], nodes[1], got
}

// BenchmarkTell measures packets of 100 bytes from node to node, until the last has arrived.
func BenchmarkTell(b *testing.B) {
	receiver, sender, got := benchPair(b)
	to := receiver.Self()
	body := make([]byte, 100)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		for errors.Is(sender.tell(to, &wirepb.Packet{Kind: kindTest, Body: body}), ErrBusy) {
			time.Sleep(100 * time.Microsecond) //lint:sleep the sender of a benchmark waits for room
		}
	}
	for got.Load() < int64(b.N) {
		time.Sleep(100 * time.Microsecond) //lint:sleep the end of a benchmark, polled
	}
}

// BenchmarkPing measures a round trip between nodes, one at a time.
func BenchmarkPing(b *testing.B) {
	receiver, sender, _ := benchPair(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := sender.Ping(context.Background(), receiver.opt.Name); err != nil {
			b.Fatal(err)
		}
	}
}
