package clustering

import (
	"syscall"
	"testing"
	"time"
)

// a node is frozen under load and goes on later. Meanwhile others have taken its sessions over, and it
// must not answer for them any more. Clients that ask the frozen node itself get nothing while it is frozen.
func TestFreeze(t *testing.T) {
	needs(t, ci)
	eachSeed(t, func(t *testing.T, seed uint64) {
		y := newTrial(t, "R-02", seed)
		victim := y.victim()
		frozen := time.Now()
		y.signal(victim, syscall.SIGSTOP)
		y.within("until peers know of the freeze", y.meshed(y.except(victim)...), 6*time.Second)
		wait(lasting() - time.Since(frozen))
		y.signal(victim, syscall.SIGCONT)
		thawed := time.Now()
		y.within("until it is back", y.meshed(y.all()...), 10*time.Second)
		wait(8 * time.Second)
		y.count("sessions taken over", len(y.takeovers(frozen)))
		inFreeze := func(e *entry) bool {
			return e.via == victim && e.begun.After(frozen.Add(-outcomeTime)) && e.begun.Before(thawed.Add(time.Second))
		}
		y.finish(inFreeze)
		y.none(t, "of other nodes failed", func(e *entry) bool {
			return e.outcome != result && e.via != victim && e.owner != y.nodes.nodes[victim].name
		})
		y.whole("long after it was back", thawed.Add(6*time.Second), nil)
	})
}
