package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/supervisors"
)

// The tests of running nodes use real ports on 127.0.0.x: each test has a network of its own. They do not
// run under the race detector, since each start of protoactor's remote replaces gRPC's logger while other
// nodes of the process use it.

const testCookie = "0123456789abcdef0123456789abcdef-test"

// nets gives each test its part of 127/8, so that tests cannot meet.
var nets atomic.Int32

// testNet is a cluster under test: node i has the address 127.x.y.i.
type testNet struct {
	t      *testing.T
	prefix string
	size   int
	log    *testutil.LogCapture
}

func newTestNet(t *testing.T, size int) *testNet {
	t.Helper()
	if raceEnabled {
		t.Skip("protoactor's remote races with other nodes in the process over gRPC's logger")
	}
	pid := os.Getpid()
	return &testNet{t: t, size: size, prefix: fmt.Sprintf("127.%d.%d.", 1+pid%200, nets.Add(1)), log: new(testutil.LogCapture)}
}

func (c *testNet) name(i int) string { return fmt.Sprintf("node%d@%s%d", i, c.prefix, i) }

func (c *testNet) options(i int) Options {
	o := Options{Name: c.name(i), Cookie: []byte(testCookie), Version: "test", Expected: c.size, Logger: c.logger()}
	for j := 1; j <= c.size; j++ {
		o.Seeds = append(o.Seeds, c.name(j))
	}
	return o
}

func (c *testNet) logger() *slog.Logger {
	if os.Getenv("CLUSTER_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(c.log)
}

// logged reports whether a line of level info or above has the text, in its message or as key=value.
func (c *testNet) logged(text string) bool {
	for _, r := range c.log.Records() {
		if r.Level < slog.LevelInfo {
			continue
		}
		if strings.Contains(r.Message, text) {
			return true
		}
		for k, v := range r.Attrs {
			if strings.Contains(k+"="+v, text) {
				return true
			}
		}
	}
	return false
}

// testNode is one running node.
type testNode struct {
	*Node
	root *supervisors.Supervisor
	sys  *supervisors.System
}

func (c *testNet) start(o Options) (*testNode, error) {
	sys := supervisors.NewSystem(supervisors.Options{Logger: c.logger()})
	n, err := New(sys, o)
	if err != nil {
		return nil, err
	}
	root, err := sys.Start(supervisors.Spec{Name: "root", Children: []supervisors.ChildSpec{n.ChildSpec()}})
	if err != nil {
		return nil, err
	}
	tn := &testNode{Node: n, root: root, sys: sys}
	c.t.Cleanup(func() { tn.stop(c.t) })
	return tn, nil
}

func (c *testNet) mustStart(i int) *testNode {
	c.t.Helper()
	n, err := c.start(c.options(i))
	if err != nil {
		c.t.Fatalf("start node %d: %v", i, err)
	}
	return n
}

// startAll starts all nodes at once.
func (c *testNet) startAll() []*testNode {
	c.t.Helper()
	nodes := make([]*testNode, c.size)
	errs := make(chan error, c.size)
	for i := range nodes {
		go func() {
			var err error
			nodes[i], err = c.start(c.options(i + 1))
			errs <- err
		}()
	}
	for range nodes {
		if err := <-errs; err != nil {
			c.t.Fatalf("start: %v", err)
		}
	}
	return nodes
}

// stop leaves and ends the node.
func (n *testNode) stop(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := n.root.Shutdown(ctx); err != nil {
		t.Errorf("stop %s: %v", n.opt.Name, err)
	}
}

// kill ends the node without a word.
func (n *testNode) kill(t *testing.T) {
	n.abrupt.Store(true)
	n.stop(t)
}

// sees reports whether the view of n has exactly these nodes, by boot.
func (n *testNode) sees(others ...*testNode) bool {
	members := n.Members()
	if len(members) != len(others) {
		return false
	}
	for _, o := range others {
		if _, ok := n.MemberByBoot(o.boot); !ok {
			return false
		}
	}
	return true
}

// meshed waits until all nodes see exactly each other and are connected.
func meshed(t *testing.T, nodes ...*testNode) {
	t.Helper()
	testutil.Eventually(t, 10*time.Second, func() bool {
		for _, n := range nodes {
			if !n.sees(nodes...) {
				return false
			}
		}
		return true
	})
	for _, n := range nodes {
		for _, to := range nodes {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			err := n.Ping(ctx, to.opt.Name)
			cancel()
			if err != nil {
				t.Fatalf("%s to %s: %v", n.opt.Name, to.opt.Name, err)
			}
		}
	}
}

func ping(id uint64) *wirepb.Packet { return &wirepb.Packet{Kind: kindPing, Id: id} }

func TestFourNodesMesh(t *testing.T) {
	c := newTestNet(t, 4)
	began := time.Now()
	nodes := c.startAll()
	t.Logf("started after %v", time.Since(began))
	meshed(t, nodes...)
	t.Logf("meshed after %v", time.Since(began))
	for _, word := range []string{"cluster", "joined", "epmd"} {
		if !c.logged(word) {
			t.Errorf("no log line has the word %q", word)
		}
	}
}

func TestKilledNodeIsNoticedAndRejoins(t *testing.T) {
	c := newTestNet(t, 4)
	nodes := c.startAll()
	meshed(t, nodes...)
	began := time.Now()
	nodes[3].kill(t)
	rest := nodes[:3]
	testutil.Eventually(t, 10*time.Second, func() bool {
		return rest[0].sees(rest...) && rest[1].sees(rest...) && rest[2].sees(rest...)
	})
	t.Logf("noticed after %v", time.Since(began))
	dead := nodes[3].Self()
	if err := rest[0].tell(dead, ping(1)); !errors.Is(err, ErrNotMember) {
		t.Errorf("tell to the dead: got %v, want ErrNotMember", err)
	}
	began = time.Now()
	nodes[3] = c.mustStart(4)
	meshed(t, nodes...)
	t.Logf("rejoined after %v", time.Since(began))
	if !c.logged("recovered") || !c.logged("reconnected") {
		t.Error("log lacks the words recovered and reconnected")
	}
}

func TestQuickRestartIsANewIncarnation(t *testing.T) {
	c := newTestNet(t, 3)
	nodes := c.startAll()
	meshed(t, nodes...)
	old := nodes[2].Self()
	nodes[2].kill(t)
	nodes[2] = c.mustStart(3)
	began := time.Now()
	meshed(t, nodes...)
	t.Logf("known after %v", time.Since(began))
	if err := nodes[0].tell(old, ping(1)); !errors.Is(err, ErrNotMember) {
		t.Errorf("tell to the old incarnation: got %v, want ErrNotMember", err)
	}
}

func TestLeaveIsNoticedAtOnce(t *testing.T) {
	c := newTestNet(t, 3)
	nodes := c.startAll()
	meshed(t, nodes...)
	var left atomic.Int32
	for _, n := range nodes[:2] {
		n.Watch(func(v Topology) {
			for _, m := range v.Left {
				if m.Boot == nodes[2].boot {
					left.Add(1)
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	began := time.Now()
	if err := nodes[2].Leave(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("leave took %v", time.Since(began))
	testutil.Eventually(t, 5*time.Second, func() bool { return left.Load() == 2 })
	t.Logf("noticed after %v", time.Since(began))
	if c.logged("failed=true") {
		t.Error("the leave was taken for a failure")
	}
	if got := len(nodes[2].Members()); got != 1 {
		t.Errorf("the node that left sees %d members, want 1", got)
	}
}

func TestSecondProcessWithANameIsRefused(t *testing.T) {
	c := newTestNet(t, 2)
	nodes := c.startAll()
	meshed(t, nodes...)
	second := c.options(1)
	second.Gossip, second.Dist = c.prefix+"9:4369", c.prefix+"9:9001"
	_, err := c.start(second)
	if err == nil || !strings.Contains(err.Error(), ErrNameTaken.Error()) {
		t.Fatalf("got %v, want %v", err, ErrNameTaken)
	}
	meshed(t, nodes...)
}

func TestWrongCookieNeverJoins(t *testing.T) {
	c := newTestNet(t, 3)
	a, b := c.mustStart(1), c.mustStart(2)
	o := c.options(3)
	o.Cookie = []byte("another cookie")
	stranger, err := c.start(o)
	if err != nil {
		t.Fatal(err)
	}
	meshed(t, a, b)
	testutil.Eventually(t, 5*time.Second, func() bool { return c.logged("peer refused") })
	if !stranger.sees(stranger) {
		t.Errorf("the node with another cookie sees %v", stranger.Members())
	}
}

func TestNodeIsFoundAtAnotherAddress(t *testing.T) {
	c := newTestNet(t, 2)
	nodes := c.startAll()
	meshed(t, nodes...)
	nodes[1].kill(t)
	o := c.options(2)
	o.Gossip, o.Dist, o.Advertise = c.prefix+"77:4369", c.prefix+"77:9001", c.prefix+"77"
	moved, err := c.start(o)
	if err != nil {
		t.Fatal(err)
	}
	meshed(t, nodes[0], moved)
}

// freePort returns a port of 127.0.0.1 that nobody uses now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestSeedsOfAName(t *testing.T) {
	c := newTestNet(t, 2)
	port := freePort(t)
	first, err := c.start(Options{
		Name: "first@localhost", Cookie: []byte(testCookie), Logger: c.logger(),
		Gossip: "127.0.0.1:" + port, Dist: "127.0.0.1:" + freePort(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := c.options(2)
	o.Seeds = []string{"dns:localhost:" + port, "dns:no-such-name.invalid"}
	second, err := c.start(o)
	if err != nil {
		t.Fatal(err)
	}
	meshed(t, first, second)
}

func TestOfTwoNodesWithOneNameTheOlderStays(t *testing.T) {
	m := &membership{node: &Node{boot: "b", started: 100}}
	older, younger, same := &wirepb.NodeMeta{Boot: "x", StartedMs: 99}, &wirepb.NodeMeta{Boot: "x", StartedMs: 101}, &wirepb.NodeMeta{Boot: "c", StartedMs: 100}
	if m.stays(younger) {
		t.Error("a starting node keeps its name against a live one")
	}
	m.settled.Store(true)
	if m.stays(older) || !m.stays(younger) || !m.stays(same) {
		t.Errorf("stays: %v against the older, %v against the younger, %v at a tie", m.stays(older), m.stays(younger), m.stays(same))
	}
}

func TestSecondProcessIsRefusedByOthersToo(t *testing.T) {
	c := newTestNet(t, 3)
	nodes := c.startAll()
	meshed(t, nodes...)
	// the second one looks for a member only, not for the node whose name it has
	second := c.options(1)
	second.Gossip, second.Dist, second.Advertise = c.prefix+"9:4369", c.prefix+"9:9001", c.prefix+"9"
	second.Seeds = []string{c.prefix + "2"}
	if _, err := c.start(second); err == nil || !strings.Contains(err.Error(), ErrNameTaken.Error()) {
		t.Fatalf("got %v, want %v", err, ErrNameTaken)
	}
	meshed(t, nodes...)
}

func TestChangedAddressRestartsTheDistribution(t *testing.T) {
	c := newTestNet(t, 2)
	a, b := c.mustStart(1), c.mustStart(2)
	meshed(t, a, b)
	a.checkAddress(t.Context()) // nothing has changed
	incarnation := a.dist.Load()
	stale := "127.9.9.9:9001"
	a.addr.Store(&stale)
	a.checkAddress(t.Context())
	testutil.Eventually(t, 10*time.Second, func() bool { d := a.dist.Load(); return d != nil && d != incarnation })
	meshed(t, a, b)
	if got := a.Self().Addr; got != a.opt.Dist {
		t.Errorf("address %s, want %s", got, a.opt.Dist)
	}
}

func TestStartFailsWhereAPortIsTaken(t *testing.T) {
	c := newTestNet(t, 1)
	for _, port := range []string{"4369", "9001"} {
		l, err := net.Listen("tcp", c.prefix+"1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.start(c.options(1)); err == nil || !strings.Contains(err.Error(), "port") {
			t.Errorf("port %s taken: got %v", port, err)
		}
		l.Close()
	}
	c.mustStart(1)
}
