package clustering

import (
	"cmp"
	"slices"
	"testing"
	"time"
)

// the cluster is cut into parts for a while. Clients reach both sides. No session has two
// owners, nothing is lost, and the cluster heals by itself.
func TestPartition(t *testing.T) {
	needs(t, ci)
	for _, c := range []struct {
		name  string
		minor int // hosts on the smaller side
	}{{"3 and 1", 1}, {"2 and 2", 2}} {
		t.Run(c.name, func(t *testing.T) {
			eachSeed(t, func(t *testing.T, seed uint64) { partition(t, seed, c.minor) })
		})
	}
}

func partition(t *testing.T, seed uint64, minor int) {
	y := newCutTrial(t, map[int]string{1: "R-04", 2: "R-05"}[minor], seed)
	order := y.rng.Perm(4)
	var one, other []int
	for i, h := range order {
		if i < minor {
			one = append(one, h+1)
		} else {
			other = append(other, h+1)
		}
	}
	t.Logf("%v against %v", one, other)
	cut := time.Now()
	if err := y.world.part(one, other); err != nil {
		t.Fatal(err)
	}
	eventually(t, "parted", func() bool {
		for _, side := range [][]int{one, other} {
			for _, i := range side {
				if y.members(i) != len(side) {
					return false
				}
			}
		}
		return true
	})
	y.took("until both sides know", time.Since(cut))
	wait(lasting() - time.Since(cut))
	y.count("sessions taken over", len(y.takeovers(cut)))
	if err := y.world.heal(); err != nil {
		t.Fatal(err)
	}
	healed := time.Now()
	y.within("until it is healed", y.meshed(y.all()...), 5*time.Second)
	wait(9 * time.Second)
	y.end()
	if minor == 1 {
		y.refusals("refusals of the smaller part, begun in the first 2 s", one[0], cut, cut.Add(2*time.Second))
		y.refusals("refusals of the smaller part, begun later", one[0], cut.Add(2*time.Second), healed)
	}
	y.finish(nil)
	y.whole("long after it was healed", healed.Add(7*time.Second), nil)
}

// refusals reports how long a node took for what it refused of HTTP requests that began within a time.
func (y *trial) refusals(what string, host int, from, to time.Time) {
	y.T.Helper()
	found := y.bad(func(e *entry) bool {
		return e.via == host && e.client != "websocket" && (e.outcome == rpcError || e.outcome == httpCode) && e.begun.After(from) && e.begun.Before(to)
	})
	if len(found) == 0 {
		return
	}
	slices.SortFunc(found, func(a, b *entry) int { return cmp.Compare(a.took, b.took) })
	y.took(what+", median", found[len(found)/2].took)
	y.took(what+", longest", found[len(found)-1].took)
}

// one node does not hear another, or two do not hear each other, while both see the rest. The views
// come to rest, nothing is lost, and no session has two owners.
func TestLink(t *testing.T) {
	needs(t, ci)
	for _, c := range []struct {
		name string
		both bool
	}{{"one way", false}, {"both ways", true}} {
		t.Run(c.name, func(t *testing.T) {
			eachSeed(t, func(t *testing.T, seed uint64) { cutLink(t, seed, c.both) })
		})
	}
}

func cutLink(t *testing.T, seed uint64, both bool) {
	y := newCutTrial(t, map[bool]string{false: "R-06 one", true: "R-06 both"}[both], seed)
	order := y.rng.Perm(4)
	a, b := order[0]+1, order[1]+1
	t.Logf("n%d does not hear n%d", b, a)
	cut := time.Now()
	err := y.world.cut(a, b)
	if err == nil && both {
		err = y.world.cut(b, a)
	}
	if err != nil {
		t.Fatal(err)
	}
	lasts := max(lasting(), 20*time.Second)
	wait(lasts)
	y.count("members left, in all views", len(y.logged("cluster member left", cut)))
	y.count("of them in the second half of the cut", len(y.logged("cluster member left", cut.Add(lasts/2))))
	for _, i := range y.all() {
		y.count("members that one node sees in the end", y.members(i))
	}
	if err := y.world.heal(); err != nil {
		t.Fatal(err)
	}
	healed := time.Now()
	y.within("until it is healed", y.meshed(y.all()...), 5*time.Second)
	wait(9 * time.Second)
	y.end()
	across := func(e *entry) bool {
		at, other := y.nodes.nodes[a].name, y.nodes.nodes[b].name
		return (e.via == a && e.owner == other || e.via == b && e.owner == at) && e.client != "websocket" &&
			e.begun.After(cut.Add(5*time.Second)) && e.begun.Add(e.took).Before(healed)
	}
	y.count("requests for a session behind the cut link, 5 s after it", len(y.bad(across)))
	failed := func(e *entry) bool { return across(e) && e.outcome != result }
	if both { // else packets of one direction come, and who hears whom goes back and forth
		y.zero("of them failed", len(y.bad(failed)))
		y.none(t, "failed at a cut link, though others reach both ends", failed)
	} else {
		y.count("of them failed", len(y.bad(failed)))
	}
	y.finish(nil)
	y.whole("long after it was healed", healed.Add(7*time.Second), nil)
}

// links are cut at random.
func TestRandomCuts(t *testing.T) {
	needs(t, ci)
	eachSeed(t, func(t *testing.T, seed uint64) {
		y := newCutTrial(t, "R-08", seed)
		begun, cuts := time.Now(), 0
		for time.Since(begun) < 2*lasting() {
			a, b := 1+y.rng.IntN(4), 1+y.rng.IntN(4)
			if a == b {
				continue
			}
			cuts++
			err := y.world.cut(a, b)
			if err == nil && y.rng.IntN(2) == 0 {
				err = y.world.cut(b, a)
			}
			wait(time.Duration(200+y.rng.IntN(4800)) * time.Millisecond)
			if y.rng.IntN(3) > 0 && err == nil {
				err = y.world.heal()
				wait(time.Duration(y.rng.IntN(2000)) * time.Millisecond)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := y.world.heal(); err != nil {
			t.Fatal(err)
		}
		healed := time.Now()
		y.count("cuts", cuts)
		y.within("until it is healed", y.meshed(y.all()...), 15*time.Second)
		wait(9 * time.Second)
		y.count("sessions taken over", len(y.takeovers(begun)))
		y.finish(nil)
		y.whole("long after it was healed", healed.Add(7*time.Second), nil)
	})
}
