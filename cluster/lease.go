package cluster

import (
	"maps"
	"slices"
	"time"
)

// leases decides when this node may act as the owner of its sessions, and when it may help another node
// to take over sessions of a third. It is a pure core: times are arguments.
//
// Each beat of a node asks for support. A node that gets a beat promises not to help anyone to take over
// the sender's sessions for the term and a margin, counted from the receipt, and says so in its next beat
// by the echo of the sending time. The sender counts the term from the sending, which is earlier. So while
// a node has support, its supporters refuse; and since a take-over needs a majority, a node is safe while
// so many support it that the rest is no majority. Clocks need not agree, only run equally fast within the
// margin. (Leases: Gray and Cheriton 1989.)
type leases struct {
	self   string
	term   time.Duration
	margin time.Duration
	least  int  // what base never falls below
	base   int  // nodes of the whole cluster, at least 1
	stated bool // least is what the operator says, and more than one

	start    time.Time
	members  map[string]Member    // the view
	heard    map[string]uint64    // by boot: sending time in the last beat, for the echo
	bases    map[string]int       // by boot: base in the last beat
	silent   map[string]bool      // by boot: the last beat had no echo, so the member decides nothing
	renewed  bool                 // every node of the cluster has been promised since the start
	support  map[string]time.Time // by boot: until when it supports this node
	promised map[string]time.Time // by boot: until when this node has promised, members and departed
	names    map[string]string    // name of each boot in promised
	released map[string]bool      // boots that own nothing any more
}

func newLeases(self string, o serviceOptions, start time.Time) *leases {
	return &leases{
		self: self, term: o.Term, margin: o.Margin, start: start,
		least: max(o.Expected, 1), base: max(o.Expected, 1), stated: o.Stated && o.Expected > 1,
		members: map[string]Member{}, heard: map[string]uint64{}, support: map[string]time.Time{},
		bases: map[string]int{}, silent: map[string]bool{},
		promised: map[string]time.Time{}, names: map[string]string{}, released: map[string]bool{},
	}
}

// quorum is the number of nodes, this one included, that a take-over needs.
func (l *leases) quorum() int { return l.base/2 + 1 }

// times returns what the beat to a member says: the time of sending, never 0, and the echo, which is the
// support; 0 for none.
func (l *leases) times(boot string, now time.Time) (sent, echo uint64) {
	sent = uint64(now.Sub(l.start)) + 1
	if !l.informed(now) {
		return sent, 0
	}
	return sent, l.heard[boot]
}

// informed says whether this node may decide with others. A node that has just started has forgotten what
// it had promised before, so it keeps out of it until every such promise is over, or given again.
func (l *leases) informed(now time.Time) bool {
	return l.renewed || now.Sub(l.start) >= l.term+l.margin
}

// renew notes whether every promise of an earlier boot of this node is given again: each node of the whole
// cluster is in the view and has sent a beat, so it is promised at least as much, or is a new boot of its
// name, which voids the promise to the old one. A claim that was granted before has failed then, or is in
// the registry: whoever claimed has sent its beat in a later view than that of the claim. The members'
// word for the base counts too, since this node may have forgotten that the cluster is larger than stated.
func (l *leases) renew() {
	if !l.stated || len(l.members) < l.base {
		return
	}
	for boot := range l.members {
		if boot != l.self && (l.heard[boot] == 0 || l.bases[boot] > len(l.members)) {
			return
		}
	}
	l.renewed = true
}

// abstains says whether a member, or this node, is known to decide nothing yet.
func (l *leases) abstains(boot string, now time.Time) bool {
	if boot == l.self {
		return !l.informed(now)
	}
	return l.heard[boot] == 0 || l.silent[boot]
}

// beat takes a beat of a member.
func (l *leases) beat(from Member, sent, echo uint64, now time.Time) {
	l.heard[from.Boot] = sent
	l.silent[from.Boot] = echo == 0
	l.promised[from.Boot] = now.Add(l.term + l.margin)
	l.names[from.Boot] = from.Name
	if echo == 0 || echo > uint64(now.Sub(l.start))+1 {
		return // nothing heard of this node yet, or nothing that it can have sent
	}
	if until := l.start.Add(time.Duration(echo-1) + l.term); until.After(l.support[from.Boot]) {
		l.support[from.Boot] = until
	}
}

// held says whether those who support this node leave no majority to anyone else.
func (l *leases) held(now time.Time) bool {
	count := 1
	for boot, until := range l.support {
		if now.Before(until) && boot != l.self {
			count++
		}
	}
	return l.base-count < l.quorum()
}

// until returns when the lease that is held ends if no beat comes any more; false if it does not end.
func (l *leases) until() (time.Time, bool) {
	need := l.base - l.quorum() // supporters
	if need <= 0 {
		return time.Time{}, false
	}
	ends := slices.SortedFunc(maps.Values(l.support), func(a, b time.Time) int { return b.Compare(a) })
	if len(ends) < need {
		return time.Time{}, true
	}
	return ends[need-1], true
}

// fades says whether this node's beats have gone unanswered for so long, half a term, that the lease will
// end unless that changes. A beat is answered within two.
func (l *leases) fades(now time.Time) bool {
	end, ends := l.until()
	return ends && end.Sub(now) < l.term/2
}

// settled says whether there is no departed node that this node owes a promise to, other than except.
func (l *leases) settled(now time.Time, except string) bool {
	for boot, until := range l.promised {
		if l.members[boot].Boot != "" || boot == except {
			continue
		}
		if now.Before(until) && !l.dead(boot) {
			return false
		}
	}
	return true
}

// dead says whether a node that left certainly owns nothing: it said so, or its name has another boot, and
// a name is given to a new boot only once the old process has ended.
func (l *leases) dead(boot string) bool {
	if l.released[boot] {
		return true
	}
	for _, m := range l.members {
		if m.Name == l.names[boot] && m.Boot != boot {
			return true
		}
	}
	return false
}

// topology takes a new view. The base grows with the view, so that a cluster of which nobody said how
// large it is counts all nodes that were there at once; it falls with each node that leaves as announced.
func (l *leases) topology(v *view, now time.Time) {
	for boot := range l.members {
		if v.has(boot) {
			continue
		}
		delete(l.heard, boot)
		delete(l.bases, boot)
		delete(l.silent, boot)
		delete(l.support, boot)
		if l.released[boot] {
			l.base = max(l.least, l.base-1)
		}
	}
	l.members = v.byBoot
	l.base = max(l.base, len(v.Members))
	l.sweep(now)
}

// sweep forgets boots that left and whose promise is over.
func (l *leases) sweep(now time.Time) {
	for boot, until := range l.promised {
		if l.members[boot].Boot == "" && !now.Before(until) {
			delete(l.promised, boot)
			delete(l.names, boot)
			delete(l.released, boot)
		}
	}
}

// release takes the word of a member that it owns nothing any more.
func (l *leases) release(boot string) { l.released[boot] = true }
