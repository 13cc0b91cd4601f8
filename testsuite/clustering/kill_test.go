package clustering

import (
	"testing"
	"time"
)

// a node is killed under load. Its HTTP sessions answer elsewhere; nothing is lost, doubled or gone;
// errors are for requests that were open on that node, or for its sessions while they move.
func TestKill(t *testing.T) {
	needs(t, brief)
	eachSeed(t, func(t *testing.T, seed uint64) {
		y := newTrial(t, "R-01", seed)
		victim := y.victim()
		name := y.nodes.nodes[victim].name
		killed := time.Now()
		y.kill(victim)
		y.within("until peers know of the kill", y.meshed(y.except(victim)...), 3*time.Second)
		wait(8 * time.Second)
		y.within("until the last session of the dead node answered elsewhere", y.lastAnswer(name, killed).Sub(killed), 5*time.Second)
		y.count("requests for its sessions failed at other nodes", len(y.bad(func(e *entry) bool { return e.outcome != result && e.via != victim })))
		y.finish(nil)
		y.none(t, "of other nodes failed", func(e *entry) bool {
			return e.outcome != result && e.via != victim && e.owner != name
		})
		y.whole("long after the kill", killed.Add(7*time.Second), func(e *entry) bool { return e.via == victim })
	})
}

// lastAnswer is when the last session that a node had before a moment first answered elsewhere.
func (l *ledger) lastAnswer(node string, since time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := map[string]time.Time{}
	had := map[string]bool{}
	for _, s := range l.sights {
		switch {
		case s.session == "":
		case s.at.Before(since):
			had[s.session] = s.node == node
		case s.node != node && (first[s.session].IsZero() || s.at.Before(first[s.session])):
			first[s.session] = s.at
		}
	}
	last := since
	for session, was := range had {
		if was && first[session].After(last) {
			last = first[session]
		}
	}
	return last
}
