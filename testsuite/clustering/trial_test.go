package clustering

import (
	"math/rand/v2"
	"testing"
	"time"
)

// trial is a cluster of four under load, to which something is done.
type trial struct {
	*testing.T
	*nodes
	*load
	report
	rng *rand.Rand
}

// newTrial starts a cluster and a load on it, for a fault of the list of what has to be survived.
func newTrial(t *testing.T, fault string, seed uint64, flags ...string) *trial {
	t.Helper()
	return beginTrial(t, newNodes(t, 4, flags...), fault, seed)
}

// newCutTrial is newTrial where links can be cut; elsewhere it skips the test.
func newCutTrial(t *testing.T, fault string, seed uint64) *trial {
	t.Helper()
	c := newNodes(t, 4)
	c.world.needCuts(t)
	return beginTrial(t, c, fault, seed)
}

func beginTrial(t *testing.T, c *nodes, fault string, seed uint64) *trial {
	t.Helper()
	y := &trial{T: t, nodes: c, report: report{fault: fault, seed: seed}, rng: rand.New(rand.NewPCG(seed, 0))}
	begun := time.Now()
	y.within("until the mesh is full, from the last start", y.startAll(), 2*time.Second)
	y.ready(y.all()...)
	y.took("until every node is ready, from the last start", time.Since(begun))
	y.load = y.startLoad(seed)
	wait(time.Second) // of load without a fault
	return y
}

// victim is the host that the seed picks.
func (y *trial) victim() int { return 1 + int(y.seed%uint64(y.world.hosts)) }

// takeovers are the sessions that nodes took over since a moment.
func (y *trial) takeovers(since time.Time) []record {
	return y.logged("session recovered from its snapshot", since)
}

// finish ends the load, prints what was measured, and checks what holds in every trial. excused says which
// losses are due to what was done.
func (y *trial) finish(excused func(*entry) bool) {
	y.T.Helper()
	y.end()
	y.zero("requests lost", len(y.bad(func(e *entry) bool { return e.outcome == lost && (excused == nil || !excused(e)) })))
	y.zero("requests doubled or swapped", len(y.bad(func(e *entry) bool { return e.doubled || e.swapped })))
	y.zero("HTTP sessions gone", len(y.load.gone))
	y.zero("answers of a second owner", len(y.strangers(y.takeovers(time.Time{}))))
	y.print(y.T)
	y.check(y.T, excused)
	y.noneGone(y.T)
	y.oneOwner(y.T, y.takeovers(time.Time{}))
}

// whole fails the test for requests that did not get a result after a moment.
func (y *trial) whole(what string, since time.Time, but func(*entry) bool) {
	y.T.Helper()
	y.none(y.T, "failed "+what, func(e *entry) bool {
		return e.outcome != result && e.begun.After(since) && (but == nil || !but(e))
	})
}

func (y *trial) print(t *testing.T) {
	t.Helper()
	y.load.print(t)
	y.report.print(t)
}
