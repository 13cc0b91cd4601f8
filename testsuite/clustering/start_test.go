package clustering

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// all nodes are killed at once and started again in random order, some later than others.
func TestColdStart(t *testing.T) {
	needs(t, ci)
	eachSeed(t, func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		c := newNodes(t, 4)
		r := report{fault: "R-10", seed: seed}
		r.within("until the mesh is full, from the last start", c.startAll(), 2*time.Second)
		for range 3 {
			for _, i := range c.all() {
				_ = c.nodes[i].process().Kill() // all at once
			}
			for _, i := range c.all() {
				_ = c.exit(i) // by a signal
			}
			for _, i := range rng.Perm(4) {
				c.start(i + 1)
				wait(time.Duration(rng.IntN(1500)) * time.Millisecond)
			}
			begun := time.Now()
			r.within("until the mesh is full again, from the last start", c.meshed(c.all()...), 10*time.Second)
			c.ready(c.all()...)
			r.took("until every node is ready again, from the last start", time.Since(begun))
		}
		r.print(t)
	})
}

// a second process with the name of a live node is refused, and says why; the node is not disturbed. A node
// that is killed and started again within a second is one node, in its second life.
func TestNameTaken(t *testing.T) {
	needs(t, ci)
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newNodes(t, 4)
		for i := 1; i <= 3; i++ {
			c.start(i)
		}
		c.meshed(1, 2, 3)
		imposter := c.nodes[4]
		real := c.nodes[1]
		argv := c.argv(&node{host: 4, name: real.name})
		if err := c.launch(imposter, append(argv, "--cluster-listen", c.world.host(4), "--cluster-advertise", c.world.host(4))); err != nil {
			t.Fatal(err)
		}
		if err := c.exit(4); err == nil {
			t.Error("the second process with a name ended with status 0")
		}
		text, err := os.ReadFile(imposter.logs)
		if err != nil || !strings.Contains(string(text), "another live node has this name") {
			t.Errorf("the second process does not say that its name is taken: %v", err)
		}
		if !c.isMeshed(1, 2, 3) || !real.running() {
			t.Error("the cluster was disturbed")
		}
		c.start(4)
		c.meshed(c.all()...)
		c.ready(c.all()...)
		l := c.startLoad(seed)
		wait(time.Second) // of load without a fault
		r := report{fault: "R-11", seed: seed}
		for range 3 {
			c.kill(1)
			c.start(1)
			r.took("until a node that was killed is back", c.meshed(c.all()...))
			c.ready(1)
			wait(5 * time.Second)
		}
		l.end()
		r.zero("requests lost", len(l.bad(func(e *entry) bool { return e.outcome == lost })))
		r.zero("HTTP sessions gone", len(l.gone))
		l.print(t)
		r.print(t)
		l.check(t, nil)
		l.noneGone(t)
		l.none(t, "of other nodes failed", func(e *entry) bool {
			return e.outcome != result && e.via != 1 && e.owner != real.name
		})
	})
}
