package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// world is one run of the simulation: nodes over an in-memory network, faults and operations from a seed,
// and what is known about what must be.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	net   *memNet
	names []string
	up    []*memNode              // by name; nil while down
	back  []time.Time             // when a node that is down starts again
	apart map[[2]string]time.Time // boots: since when the second is out of reach of the first
	near  map[[2]string]time.Time // and since when it is in reach
	limit map[[2]string]time.Duration
	begin time.Time
	trace bool
	load  *load
}

func newWorld(t *testing.T, seed uint64, nodes int, trace bool) *world {
	w := &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), begin: time.Now(), trace: trace,
		net:   newMemNet(serviceOptions{Expected: nodes, Stated: true, CallsPerPeer: 64, StreamsPerPeer: 64, ChunkBytes: 512, StreamBytes: 4096, FanoutMessages: 256}),
		apart: map[[2]string]time.Time{}, near: map[[2]string]time.Time{}, limit: map[[2]string]time.Duration{},
		up: make([]*memNode, nodes), back: make([]time.Time, nodes),
	}
	w.net.seed = seed
	w.load = newLoad(w)
	for i := range nodes {
		w.names = append(w.names, fmt.Sprintf("n%d@h", i))
		w.start(i)
	}
	return w
}

func (w *world) logf(format string, args ...any) {
	if w.trace {
		w.t.Logf("%8v "+format, append([]any{time.Since(w.begin)}, args...)...)
	}
}

func (w *world) start(i int) {
	w.up[i] = w.net.start(w.names[i])
	w.load.serve(w.up[i])
	w.logf("start %s %s", w.names[i], w.up[i].member.Boot)
	if w.rng.IntN(3) > 0 {
		return
	}
	side := w.rng.Uint64()
	for j, other := range w.up {
		if other != nil && j != i && side>>j&1 == 1 {
			w.net.cut(w.up[i], other, true)
			w.logf("cut %s %s", w.names[i], w.names[j])
		}
	}
}

func (w *world) living() []*memNode {
	var l []*memNode
	for _, n := range w.up {
		if n != nil {
			l = append(l, n)
		}
	}
	return l
}

func (w *world) pick() *memNode {
	if l := w.living(); len(l) > 0 {
		return l[w.rng.IntN(len(l))]
	}
	return nil
}

// detect is the failure detector: each node notices the others' coming and going after times of its own.
func (w *world) detect(now time.Time) {
	for _, a := range w.living() {
		view := []*memNode{a}
		for _, b := range w.net.nodes {
			if a == b {
				continue
			}
			key := [2]string{a.member.Boot, b.member.Boot}
			old := a.Topology()
			_, seen := old.Member(b.member.Boot)
			reach := b.alive() && w.net.open(a, b) && w.net.open(b, a)
			if reach == seen {
				delete(w.apart, key)
				continue
			}
			if w.apart[key].IsZero() {
				w.apart[key] = now
				w.limit[key] = time.Duration(200+w.rng.IntN(800)) * time.Millisecond
				if seen {
					w.limit[key] = time.Duration(1500+w.rng.IntN(3000)) * time.Millisecond
				}
			}
			if now.Sub(w.apart[key]) >= w.limit[key] {
				delete(w.apart, key)
				seen = reach
				w.logf("%s: %s seen %v", a.member.Name, b.member.Boot, seen)
			}
			if seen {
				view = append(view, b)
			}
		}
		for _, b := range w.net.nodes { // those whose state does not change
			key := [2]string{a.member.Boot, b.member.Boot}
			old := a.Topology()
			if _, seen := old.Member(b.member.Boot); seen && w.apart[key].IsZero() && b.alive() && w.net.open(a, b) && w.net.open(b, a) && !slices.Contains(view, b) {
				view = append(view, b)
			}
		}
		// a name belongs to its last boot
		last := map[string]*memNode{}
		for _, b := range view {
			if x := last[b.member.Name]; x == nil || b.member.Boot > x.member.Boot {
				last[b.member.Name] = b
			}
		}
		var members []*memNode
		for _, b := range last {
			members = append(members, b)
		}
		a.sees(members...)
	}
}

// fault does something bad, or mends something.
func (w *world) fault(now time.Time) {
	a, b := w.pick(), w.pick()
	switch w.rng.IntN(10) {
	case 0:
		w.net.cut(a, b, true)
		w.logf("cut %s %s", a.member.Name, b.member.Name)
	case 1:
		w.net.oneWay(a, b, true)
		w.logf("cut one way %s %s", a.member.Name, b.member.Name)
	case 2, 3:
		w.logf("mend all")
		w.net.mend()
	case 4:
		side := w.rng.Uint64()
		w.logf("partition %b", side&(1<<len(w.names)-1))
		for i, x := range w.up {
			for j, y := range w.up {
				if x != nil && y != nil && side>>i&1 != side>>j&1 {
					w.net.cut(x, y, true)
				}
			}
		}
	case 5:
		w.net.noise(a, b, float64(w.rng.IntN(4))*0.1, time.Duration(w.rng.IntN(300))*time.Millisecond)
	case 6, 7:
		if len(w.living()) > len(w.names)-2 {
			w.down(w.index(a), now, "kill")
		}
	case 8:
		if len(w.living()) > len(w.names)-1 {
			w.handOver(a, now)
		}
	}
}

func (w *world) index(n *memNode) int { return slices.Index(w.up, n) }

func (w *world) down(i int, now time.Time, how string) {
	w.logf("%s %s", how, w.names[i])
	w.up[i].kill()
	w.load.died(w.up[i])
	w.up[i] = nil
	w.back[i] = now.Add(time.Duration(50+w.rng.IntN(8000)) * time.Millisecond)
}

// handOver is a planned departure.
func (w *world) handOver(n *memNode, now time.Time) {
	w.load.stopSessions(n)
	w.load.handOver(n)
	for _, m := range w.living() {
		if m != n {
			var rest []*memNode
			for _, x := range w.net.nodes {
				old := m.Topology()
				if _, ok := old.Member(x.member.Boot); ok && x != n {
					rest = append(rest, x)
				}
			}
			m.sees(rest...)
		}
	}
	w.down(w.index(n), now, "leave")
}

// run is one whole run.
func (w *world) run() {
	const step = 250 * time.Millisecond
	for range 160 { // 40 s
		time.Sleep(step) //lint:sleep virtual time
		synctest.Wait()
		now := time.Now()
		for i, n := range w.up {
			if n == nil && now.After(w.back[i]) {
				w.start(i)
			}
		}
		w.detect(now)
		if w.rng.IntN(6) == 0 {
			w.fault(now)
		}
		for range 3 {
			w.load.operate()
		}
		synctest.Wait()
		w.load.check()
		if w.t.Failed() {
			break
		}
	}
	w.heal(step)
	if !w.t.Failed() {
		w.load.checkHealed()
	}
	for i, n := range w.up {
		if n != nil {
			w.logf("end %s %+v", w.names[i], n.OwnerStats())
			n.kill()
		}
	}
	w.load.end()
	w.logf("%d sessions, takes after healing %v", len(w.load.sessions), w.load.gone)
}

// heal mends everything and gives the nodes time to agree.
func (w *world) heal(step time.Duration) {
	w.logf("heal")
	for range 56 { // 14 s
		now := time.Now()
		for i, n := range w.up {
			if n == nil {
				w.start(i)
			}
		}
		w.net.mend()
		w.detect(now)
		time.Sleep(step) //lint:sleep virtual time
		synctest.Wait()
		w.load.check()
		if w.t.Failed() {
			return
		}
	}
}
