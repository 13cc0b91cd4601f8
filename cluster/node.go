package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/supervisors"
)

// Node is one node of a cluster. It is safe for concurrent use. Nothing runs until the child of ChildSpec
// is started; a Node is started once in its life, restarts of that child aside.
type Node struct {
	sys     *supervisors.System
	opt     Options
	boot    string
	started int64 // Unix milliseconds
	secrets *secrets
	trust   *trust
	prover  *prover

	view     atomic.Pointer[Topology]
	watchers watchers
	dist     atomic.Pointer[distribution] // nil while it does not run
	gossip   atomic.Pointer[membership]   // nil while it does not run
	addr     atomic.Pointer[string]       // ip:port that peers dial; set when the distribution starts
	addrHere atomic.Bool                  // an interface had addr then
	left     atomic.Bool                  // Leave was called
	abrupt   atomic.Bool                  // for tests: end without a word

	publishing sync.Mutex
	seen       map[string]bool // names that have left; under publishing
	stopped    map[string]bool // names that have left in order, and are away; under publishing
	complete   bool            // all expected members were there once; under publishing

	// set before the start and not changed after
	handlers [maxKinds]func(Member, *wirepb.Packet)
	topology []func(*Topology)
	lost     []func(Member)
	children []supervisors.ChildSpec
	grains   grains
	pings    *pings
	*services
}

// grains is how protoactor's cluster finds and runs grains.
type grains struct {
	lookup  protocluster.IdentityLookup
	kinds   []*protocluster.Kind
	context protocluster.ContextProducer
}

// New makes a node in the actor system's process. It derives the keys from the cookie, which takes about
// 0.1 s, and reads the certificates; it opens no port and starts nothing. Errors name the option.
func New(sys *supervisors.System, o Options) (*Node, error) {
	if sys == nil {
		return nil, errors.New("cluster: New: nil system")
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	o.Logger = o.Logger.With("node", o.Name)
	n := &Node{sys: sys, opt: o, boot: strings.ToLower(rand.Text()[:16]), started: time.Now().UnixMilli(),
		seen: make(map[string]bool), stopped: make(map[string]bool), watchers: watchers{wake: make(chan struct{}, 1)}}
	if n.secrets, err = deriveSecrets(o.Cookie); err != nil {
		return nil, err
	}
	if n.trust, err = newTrust(o.Name, o.TLS, n.secrets); err != nil {
		return nil, err
	}
	n.opt.Cookie = nil
	for _, s := range o.Seeds {
		if _, err := parseSeed(s, DefaultGossipPort); err != nil {
			return nil, err
		}
	}
	n.prover = newProver(n.secrets.stream, o.Name, n.boot)
	if WeakCookie(o.Cookie) {
		o.Logger.Warn("cluster cookie is weak; whoever guesses it controls the cluster",
			"bytes", len(o.Cookie), "sample", SampleCookie(o.Cookie))
	}
	n.view.Store(&Topology{Generation: 1, Members: []Member{n.Self()}})
	if err := n.attach(); err != nil {
		return nil, err
	}
	return n, nil
}

// ChildSpec returns the supervisor "cluster": distribution, membership, and what is built on them, in
// rest-for-one order. Its start fails if a port is taken, or with ErrNameTaken. When it is stopped, the
// node leaves the cluster and its peers know at once.
func (n *Node) ChildSpec() supervisors.ChildSpec {
	children := []supervisors.ChildSpec{
		{ID: "distribution", Start: supervisors.Func(n.startDistribution)},
		{ID: "membership", Start: supervisors.Func(n.startMembership)},
	}
	return supervisors.ChildSpec{ID: "cluster", Start: supervisors.SupervisorOf(supervisors.Spec{
		Name: "cluster", Strategy: supervisors.RestForOne,
		Intensity: supervisors.DefaultIntensity, Period: supervisors.DefaultPeriod,
		Children: append(children, n.children...),
	})}
}

// Self returns this node as a member. Its Addr is empty until the node has been started.
func (n *Node) Self() Member {
	m := Member{Name: n.opt.Name, Boot: n.boot, Version: n.opt.Version}
	if a := n.addr.Load(); a != nil {
		m.Addr = *a
	}
	return m
}

// Topology returns the current view; Joined and Left are its difference to the one before.
func (n *Node) Topology() Topology { return *n.view.Load() }

// Members returns the members of the current view, self included, sorted by name. Not to be changed.
func (n *Node) Members() []Member { return n.view.Load().Members }

// MemberByBoot returns the member with this boot.
func (n *Node) MemberByBoot(boot string) (Member, bool) { return n.view.Load().Member(boot) }

// MemberByName returns the member with this name.
func (n *Node) MemberByName(name string) (Member, bool) { return n.view.Load().named(name) }

// Majority reports whether this node sees more than half of the cluster: of Options.Expected, or of the
// members of its view where that is larger.
func (n *Node) Majority() bool {
	seen := len(n.Members())
	return 2*seen > max(n.expected(), seen)
}

// Paused reports whether clients should be sent away: Options.PauseMinority and no majority.
func (n *Node) Paused() bool { return n.opt.PauseMinority && !n.Majority() }

// expected returns the size of the whole cluster.
func (n *Node) expected() int {
	if n.opt.Expected > 0 {
		return n.opt.Expected
	}
	names := map[string]bool{n.opt.Name: true}
	for _, s := range n.opt.Seeds {
		if strings.Contains(s, "@") {
			names[seedName(s)] = true
		}
	}
	return len(names)
}

// stated reports whether expected is what the operator says: a number, or a name for every seed.
func (n *Node) stated() bool {
	unnamed := func(s string) bool { return !strings.Contains(s, "@") }
	return n.opt.Expected > 0 || !slices.ContainsFunc(n.opt.Seeds, unnamed)
}

// Watch calls f with the current view and then with each one that follows, on one goroutine and in
// order, but not from within Watch. f must not block. stop returns at once; one more call may be on its
// way then.
func (n *Node) Watch(f func(Topology)) (stop func()) { return n.watchers.add(f) }

// Leave announces the departure and waits until it is on its way: peers drop this node from their views
// at once, and calls from this node fail with ErrNotMember. The node does not come back. It returns
// ErrNotRunning if the node does not run.
func (n *Node) Leave(ctx context.Context) error {
	m := n.gossip.Load()
	if m == nil {
		return ErrNotRunning
	}
	n.left.Store(true)
	return m.leave(ctx)
}

// Ping connects to the node with this name, if needed, and waits for its answer, as net_adm:ping does.
// It returns nil for the node itself; else an error that says why there is no answer.
func (n *Node) Ping(ctx context.Context, name string) error {
	if name == n.opt.Name {
		return nil
	}
	if _, err := nodeHost(name); err != nil {
		return err
	}
	m := n.gossip.Load()
	if m == nil {
		return ErrNotRunning
	}
	to, ok := n.MemberByName(name)
	if !ok {
		if err := m.joinNamed(ctx, name); err != nil {
			return fmt.Errorf("cluster: ping %s: %w", name, err)
		}
		if to, ok = n.MemberByName(name); !ok {
			return fmt.Errorf("cluster: ping %s: %w", name, ErrNotMember)
		}
	}
	return n.pings.ping(ctx, to)
}

// tell sends p to a member, in order with what was sent before. It never blocks and copies nothing: p
// must not be changed any more. Delivery is not certain; see onLost. To the node itself it always works
// while the distribution runs.
//
// Errors: ErrNotMember if to is not in the current view, ErrBusy if too much is queued for it,
// ErrTooLarge, ErrNotRunning.
func (n *Node) tell(to Member, p *wirepb.Packet) error {
	d := n.dist.Load()
	if d == nil {
		return ErrNotRunning
	}
	return d.tell(to, p)
}

// handle registers who gets packets of a kind. f runs in the distribution actor's turn and must not
// block; from is authenticated and in the view at that moment. The packet must not be changed. Only
// before the start.
func (n *Node) handle(kind uint32, f func(from Member, p *wirepb.Packet)) {
	if kind >= maxKinds || n.handlers[kind] != nil || f == nil {
		panic(fmt.Sprintf("cluster: handle: kind %d is out of range or taken", kind))
	}
	n.handlers[kind] = f
}

// onTopology registers f for each view, in the distribution actor's turn: a member's packets come after
// the view that it joined with, and none after the view that it left with. The first call, at each start
// of the distribution, has the whole view as Joined. Only before the start.
func (n *Node) onTopology(f func(*Topology)) { n.topology = append(n.topology, f) }

// onLost registers f for each broken connection with a member that is still in the view, in the
// distribution actor's turn: packets in flight in either direction may be lost. It may be called twice
// for one break. Only before the start.
func (n *Node) onLost(f func(Member)) { n.lost = append(n.lost, f) }

// post runs f in the distribution actor's turn. It reports false if the distribution does not run; f may
// then, or when it stops, never run.
func (n *Node) post(f func()) bool {
	d := n.dist.Load()
	return d != nil && d.post(f)
}

// addChild adds a child behind distribution and membership. Only before the start.
func (n *Node) addChild(c supervisors.ChildSpec) { n.children = append(n.children, c) }

// protoCluster returns protoactor's cluster, nil while the distribution does not run. Its actor system is
// private to the cluster: no actor in it but the distribution actor takes messages from other nodes.
func (n *Node) protoCluster() *protocluster.Cluster {
	if d := n.dist.Load(); d != nil {
		return d.cluster
	}
	return nil
}

// watchers are the functions of Watch.
type watchers struct {
	mu   sync.Mutex
	list []*watcher
	wake chan struct{} // one slot
}

type watcher struct {
	f    func(Topology)
	seen uint64 // generation; only the notifying goroutine touches it
	gone atomic.Bool
}

func (w *watchers) add(f func(Topology)) (stop func()) {
	it := &watcher{f: f}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, it)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return func() {
		it.gone.Store(true)
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, other := range w.list {
			if other == it {
				w.list = append(w.list[:i:i], w.list[i+1:]...)
				return
			}
		}
	}
}

// notify tells all watchers that have not seen it about the view.
func (w *watchers) notify(t *Topology) {
	w.mu.Lock()
	list := w.list
	w.mu.Unlock()
	for _, it := range list {
		if it.seen != t.Generation && !it.gone.Load() {
			if it.seen == 0 {
				whole := *t
				whole.Joined, whole.Left = t.Members, nil
				it.f(whole)
			} else {
				it.f(*t)
			}
			it.seen = t.Generation
		}
	}
}
