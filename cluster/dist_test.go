package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/supervisors"
)

// kindTest is a kind of packets that nobody else has.
const kindTest = maxKinds - 1

// startWith starts node i after use has registered what it wants.
func (c *testNet) startWith(i int, use func(*Node)) *testNode {
	c.t.Helper()
	sys := supervisors.NewSystem(supervisors.Options{Logger: c.logger()})
	n, err := New(sys, c.options(i))
	if err != nil {
		c.t.Fatal(err)
	}
	use(n)
	root, err := sys.Start(supervisors.Spec{Name: "root", Children: []supervisors.ChildSpec{n.ChildSpec()}})
	if err != nil {
		c.t.Fatal(err)
	}
	tn := &testNode{Node: n, root: root, sys: sys}
	c.t.Cleanup(func() { tn.stop(c.t) })
	return tn
}

func TestPacketsArriveInOrderAndFromWhomTheyAre(t *testing.T) {
	c := newTestNet(t, 2)
	const count = 20_000
	var next atomic.Uint64
	var wrong atomic.Int32
	receiver := c.startWith(1, func(n *Node) {
		n.handle(kindTest, func(from Member, p *wirepb.Packet) {
			if p.Id != next.Load() || from.Name != c.name(2) || string(p.Body) != "body" {
				wrong.Add(1)
			}
			next.Add(1)
		})
	})
	sender := c.mustStart(2)
	meshed(t, receiver, sender)
	to := receiver.Self()
	for i := range uint64(count) {
		for {
			err := sender.tell(to, &wirepb.Packet{Kind: kindTest, Id: i, Body: []byte("body")})
			if err == nil {
				break
			}
			if !errors.Is(err, ErrBusy) {
				t.Fatal(err)
			}
			testutil.Eventually(t, 5*time.Second, func() bool { return sender.queuedTo(to) < maxQueuedBytes/2 })
		}
	}
	testutil.Eventually(t, 10*time.Second, func() bool { return next.Load() == count })
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d packets out of order or changed", n)
	}
	testutil.Eventually(t, time.Second, func() bool { return sender.queuedTo(to) == 0 })
}

// queuedTo returns how many bytes wait for a member.
func (n *testNode) queuedTo(m Member) int64 {
	d := n.dist.Load()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byBoot[m.Boot].queued.Load().bytes.Load()
}

func TestToItself(t *testing.T) {
	c := newTestNet(t, 1)
	got := make(chan Member, 1)
	n := c.startWith(1, func(n *Node) {
		n.handle(kindTest, func(from Member, _ *wirepb.Packet) { got <- from })
	})
	if err := n.tell(n.Self(), &wirepb.Packet{Kind: kindTest}); err != nil {
		t.Fatal(err)
	}
	if from := <-got; from != n.Self() {
		t.Errorf("from %v", from)
	}
	if err := n.tell(Member{Name: "x@y", Boot: "nobody", Addr: "127.0.0.1:1"}, &wirepb.Packet{}); !errors.Is(err, ErrNotMember) {
		t.Errorf("to nobody: got %v", err)
	}
	if err := n.Ping(t.Context(), "nobody@"+c.prefix+"200"); err == nil {
		t.Error("ping of nobody: no error")
	}
}

func TestWindow(t *testing.T) {
	w := newWindow(10)
	ctx, cancel := context.WithCancel(t.Context())
	if err := w.acquire(ctx, 20); err != nil { // more than the limit fits alone
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.acquire(ctx, 1) }()
	w.release(20)
	if err := <-done; err != nil {
		t.Errorf("after the release: got %v", err)
	}
	cancel()
	if err := w.acquire(ctx, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("full: got %v, want %v", err, context.Canceled)
	}
}

func TestSlowReceiverFillsTheSendersBound(t *testing.T) {
	c := newTestNet(t, 2)
	free := make(chan struct{})
	var once sync.Once
	release := func() { once.Do(func() { close(free) }) }
	t.Cleanup(release)
	receiver := c.startWith(1, func(n *Node) {
		n.handle(kindTest, func(Member, *wirepb.Packet) { <-free })
	})
	sender := c.mustStart(2)
	meshed(t, receiver, sender)
	to := receiver.Self()
	body := make([]byte, 1<<20)
	var err error
	sent := 0
	for ; err == nil && sent < 200; sent++ {
		err = sender.tell(to, &wirepb.Packet{Kind: kindTest, Body: body})
	}
	if !errors.Is(err, ErrBusy) {
		t.Fatalf("after %d MiB: got %v, want ErrBusy", sent, err)
	}
	if err := sender.tell(to, &wirepb.Packet{Kind: kindTest, Body: make([]byte, maxPacketBytes)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: got %v", err)
	}
	release()
	testutil.Eventually(t, 10*time.Second, func() bool { return sender.queuedTo(to) == 0 })
	meshed(t, receiver, sender)
}

func TestBrokenConnectionIsReportedAndMended(t *testing.T) {
	c := newTestNet(t, 2)
	var lost atomic.Int32
	a := c.startWith(1, func(n *Node) { n.onLost(func(Member) { lost.Add(1) }) })
	b := c.mustStart(2)
	meshed(t, a, b)
	o := a.dist.Load().outletAt(b.Self().Addr)
	(*o.conn.Load()).Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return lost.Load() > 0 })
	testutil.Eventually(t, 5*time.Second, func() bool { return o.connected.Load() })
	meshed(t, a, b)
	if !c.logged("reconnected") {
		t.Error("no log line says reconnected")
	}
}

func TestPanickingHandlerCostsThePeerItsConnection(t *testing.T) {
	c := newTestNet(t, 2)
	a := c.startWith(1, func(n *Node) {
		n.handle(kindTest, func(Member, *wirepb.Packet) { panic("broken") })
	})
	b := c.mustStart(2)
	meshed(t, a, b)
	incarnation := a.dist.Load()
	if err := b.tell(a.Self(), &wirepb.Packet{Kind: kindTest}); err != nil {
		t.Fatal(err)
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return len(c.log.Find("cluster handler panicked")) == 1 })
	testutil.Eventually(t, 5*time.Second, func() bool { return c.logged("reconnected") })
	meshed(t, a, b)
	if a.dist.Load() != incarnation {
		t.Error("the distribution was restarted")
	}
}

func TestDistributionIsRestarted(t *testing.T) {
	c := newTestNet(t, 2)
	var first atomic.Int32
	a := c.startWith(1, func(n *Node) {
		n.onTopology(func(v *Topology) {
			if slices.Equal(v.Joined, v.Members) {
				first.Add(1)
			}
		})
	})
	b := c.mustStart(2)
	meshed(t, a, b)
	incarnation := a.dist.Load()
	a.post(func() { panic("broken") })
	testutil.Eventually(t, 10*time.Second, func() bool { d := a.dist.Load(); return d != nil && d != incarnation })
	meshed(t, a, b)
	if first.Load() < 2 {
		t.Errorf("%d first views, want one for each incarnation", first.Load())
	}
}

func TestMembershipIsRestarted(t *testing.T) {
	c := newTestNet(t, 2)
	a, b := c.mustStart(1), c.mustStart(2)
	meshed(t, a, b)
	incarnation := a.gossip.Load()
	incarnation.crash(errors.New("broken"))
	testutil.Eventually(t, 10*time.Second, func() bool { m := a.gossip.Load(); return m != nil && m != incarnation })
	meshed(t, a, b)
}

func TestWatchersGetEachViewInOrder(t *testing.T) {
	c := newTestNet(t, 3)
	a := c.mustStart(1)
	var mu sync.Mutex
	var seen []Topology
	stop := a.Watch(func(v Topology) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, v)
	})
	b, d := c.mustStart(2), c.mustStart(3)
	meshed(t, a, b, d)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := d.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return a.sees(a, b) })
	stop()
	mu.Lock()
	defer mu.Unlock()
	members := map[string]bool{}
	for i, v := range seen {
		if i > 0 && v.Generation != seen[i-1].Generation+1 {
			t.Errorf("generation %d after %d", v.Generation, seen[i-1].Generation)
		}
		for _, m := range v.Left {
			delete(members, m.Boot)
		}
		for _, m := range v.Joined {
			members[m.Boot] = true
		}
		if len(members) != len(v.Members) {
			t.Errorf("view %d: the differences give %d members, the view has %d", i, len(members), len(v.Members))
		}
	}
}
