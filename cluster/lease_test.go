package cluster

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func leaseOf(self string, expected int, start time.Time, members ...string) *leases {
	l := newLeases(self, serviceOptions{Expected: expected}.withDefaults(), start)
	l.topology(viewOf(append(members, self)...), start)
	return l
}

func viewOf(boots ...string) *view {
	t := Topology{Generation: 1}
	for _, b := range boots {
		t.Members = append(t.Members, Member{Name: b + "@h", Boot: b})
	}
	return newView(t)
}

func TestLeaseNeedsEnoughSupport(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, c := range []struct{ expected, supporters, need int }{
		{1, 0, 0}, {2, 0, 0}, {3, 0, 1}, {3, 1, 1}, {4, 0, 1}, {4, 1, 1}, {5, 1, 2}, {5, 2, 2}, {8, 2, 3}, {8, 3, 3},
	} {
		l := leaseOf("a", c.expected, start)
		for i := range c.supporters {
			l.beat(Member{Boot: fmt.Sprint(i)}, 1, uint64(time.Second)+1, start.Add(2*time.Second))
		}
		if got := l.held(start.Add(2 * time.Second)); got != (c.supporters >= c.need) {
			t.Errorf("%d of %d support: held %v, want %v", c.supporters, c.expected, got, !got)
		}
		if c.supporters > 0 && c.supporters == c.need {
			end, ok := l.until()
			if want := start.Add(time.Second + l.term); !ok || !end.Equal(want) || l.held(end) || !l.held(end.Add(-1)) {
				t.Errorf("%d of %d: ends %v, %v, want %v", c.supporters, c.expected, end, ok, want)
			}
		}
	}
}

func TestEchoFromTheFutureIsNoSupport(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 3, start)
	l.beat(Member{Boot: "b"}, 1, uint64(time.Hour), start.Add(time.Second))
	if l.held(start.Add(time.Second)) {
		t.Error("an echo of what was never sent gives a lease")
	}
}

func TestPromiseOutlastsTheView(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 3, start, "b", "c")
	l.beat(Member{Name: "b@h", Boot: "b"}, 1, 0, start)
	l.topology(viewOf("a", "c"), start)
	late := start.Add(l.term + l.margin)
	if l.settled(late.Add(-1), "") || !l.settled(late, "") {
		t.Error("the promise to a departed node does not last for the term and the margin")
	}
	if !l.settled(start, "b") {
		t.Error("a promise stands against the node that it was given to")
	}
	l.release("b")
	if !l.settled(start, "") {
		t.Error("the promise to a node that has handed over stands")
	}
}

func TestNewBootOfANameVoidsThePromise(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 3, start, "b", "c")
	l.beat(Member{Name: "b@h", Boot: "b"}, 1, 0, start)
	top := Topology{Generation: 2, Members: []Member{{Name: "a@h", Boot: "a"}, {Name: "b@h", Boot: "b2"}}}
	l.topology(newView(top), start)
	if !l.settled(start, "") {
		t.Error("the promise to an old boot of a live name stands")
	}
}

func TestBaseFollowsAnnouncedLeavesOnly(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 2, start, "b", "c", "d")
	l.topology(viewOf("a", "b", "c"), start)
	if l.base != 4 {
		t.Errorf("after a crash: base %d, want 4", l.base)
	}
	l.release("c")
	l.topology(viewOf("a", "b"), start)
	l.release("b")
	l.topology(viewOf("a"), start)
	if l.base != 2 {
		t.Errorf("after two leaves: base %d, want 2", l.base)
	}
}

// While a node holds a lease, too few members are free of promises to it to make a majority, whatever the
// delays of beats are.
func TestLeaseExcludesMajorityOfOthers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(r, "nodes")
		start := time.Unix(1000, 0)
		boots := make([]string, n)
		for i := range boots {
			boots[i] = fmt.Sprintf("n%d", i)
		}
		nodes := make([]*leases, n)
		for i := range nodes {
			nodes[i] = leaseOf(boots[i], n, start, boots...)
		}
		now := start.Add(10 * time.Second)
		owner := nodes[0]
		for range rapid.IntRange(0, 30).Draw(r, "beats") {
			i := rapid.IntRange(1, n-1).Draw(r, "peer")
			sent, echo := owner.times(boots[i], now)
			now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(r, "there")) * time.Millisecond)
			nodes[i].beat(Member{Boot: boots[0]}, sent, echo, now)
			sent, echo = nodes[i].times(boots[0], now)
			now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(r, "back")) * time.Millisecond)
			owner.beat(Member{Boot: boots[i]}, sent, echo, now)
		}
		now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(r, "later")) * time.Millisecond)
		free := 0
		for i, l := range nodes[1:] {
			l.topology(viewOf(boots[1:]...), now)
			if l.settled(now, boots[i+1]) {
				free++
			}
		}
		if owner.held(now) && free >= owner.quorum() {
			r.Fatalf("%d of %d nodes may help to take over from an owner with a lease", free, n)
		}
	})
}

// A node that has forgotten its promises decides at once if it has given all of them again.
func TestPromisesGivenAgain(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, c := range []struct {
		name     string
		stated   bool
		expected int
		view     []string
		beats    map[string]int // boot: base
		want     bool
	}{
		{"everybody was heard", true, 3, []string{"b", "c"}, map[string]int{"b": 3, "c": 3}, true},
		{"more than stated were heard", true, 2, []string{"b", "c"}, map[string]int{"b": 3, "c": 3}, true},
		{"one was not heard", true, 3, []string{"b", "c"}, map[string]int{"b": 3}, false},
		{"one is missing", true, 4, []string{"b", "c"}, map[string]int{"b": 4, "c": 4}, false},
		{"one is missing that a member knows", true, 3, []string{"b", "c"}, map[string]int{"b": 4, "c": 3}, false},
		{"the size is a guess", false, 3, []string{"b", "c"}, map[string]int{"b": 3, "c": 3}, false},
		{"the size is unknown", true, 1, []string{"b"}, map[string]int{"b": 2}, false},
	} {
		l := newLeases("a", serviceOptions{Expected: c.expected, Stated: c.stated}.withDefaults(), start)
		l.topology(viewOf(append(c.view, "a")...), start)
		for boot, base := range c.beats {
			l.bases[boot] = base
			l.beat(Member{Name: boot + "@h", Boot: boot}, 1, 0, start)
			l.renew()
		}
		if got := l.informed(start); got != c.want || l.abstains("a", start) == c.want {
			t.Errorf("%s: informed %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLeaseFadesWhereBeatsAreNotAnswered(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 4, start, "b", "c", "d")
	now := start.Add(4 * time.Second)
	if !l.fades(now) {
		t.Error("a lease that never was does not fade")
	}
	l.beat(Member{Boot: "b"}, 1, uint64(4*time.Second)+1, now)
	if half := now.Add(l.term / 2); l.fades(half) || !l.fades(half.Add(1)) {
		t.Error("the lease does not fade half a term after the last beat that was answered")
	}
	if l := leaseOf("a", 2, start, "b"); l.fades(now.Add(time.Hour)) {
		t.Error("a lease without an end fades")
	}
}

func TestMembersThatDecideNothingYet(t *testing.T) {
	start := time.Unix(1000, 0)
	l := leaseOf("a", 4, start, "b", "c", "d")
	l.beat(Member{Boot: "b"}, 1, 0, start)
	l.beat(Member{Boot: "c"}, 1, 1, start)
	for boot, want := range map[string]bool{"a": true, "b": true, "c": false, "d": true} {
		if got := l.abstains(boot, start); got != want {
			t.Errorf("%s abstains: %v, want %v", boot, got, want)
		}
	}
}
