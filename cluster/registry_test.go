package cluster

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever was joined and left, lost and cut, all nodes that see each other have the same entries in the
// end: those of the nodes in view.
func TestRegistriesConverge(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		synctest.Test(t, func(*testing.T) {
			net := newMemNet(serviceOptions{ChunkBytes: 32})
			net.seed = rapid.Uint64().Draw(r, "seed")
			nodes := []*memNode{net.start("a@h"), net.start("b@h"), net.start("c@h")}
			model := make([][]string, len(nodes))
			for range rapid.IntRange(1, 30).Draw(r, "operations") {
				i := rapid.IntRange(0, 2).Draw(r, "node")
				n, other := nodes[i], nodes[rapid.IntRange(0, 2).Draw(r, "other")]
				value := rapid.SampledFrom([]string{"x", "y", ""}).Draw(r, "value")
				switch rapid.IntRange(0, 6).Draw(r, "operation") {
				case 0, 1:
					n.Join("g", []byte(value))
					model[i] = append(model[i], value)
				case 2:
					at := slices.Index(model[i], value)
					if left := n.LeaveGroup("g", []byte(value)); left != (at >= 0) {
						r.Fatalf("leave %q: got %v", value, left)
					}
					if at >= 0 {
						model[i] = slices.Delete(model[i], at, at+1)
					}
				case 3:
					net.noise(n, other, 0.5, 100*time.Millisecond)
				case 4:
					n.sees(n, other)
				case 5:
					mesh(nodes...)
				case 6:
					time.Sleep(time.Duration(rapid.IntRange(0, 900).Draw(r, "ms")) * time.Millisecond) //lint:sleep virtual time
				}
			}
			net.mend()
			mesh(nodes...)
			time.Sleep(3 * time.Second) //lint:sleep virtual time
			synctest.Wait()
			var want []string
			for i, values := range model {
				slices.Sort(values)
				for _, v := range values {
					want = append(want, nodes[i].member.Name+" "+v)
				}
			}
			for _, n := range nodes {
				var got []string
				for _, e := range n.Lookup("g") {
					got = append(got, e.Member.Name+" "+string(e.Value))
				}
				if !slices.Equal(got, want) {
					r.Errorf("%s: got %v, want %v", n.member.Name, got, want)
				}
				n.kill()
			}
		})
	})
}

func TestRegistryDropsEntriesOfNodesThatLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, serviceOptions{})
		for i := range 100 {
			b.Join(fmt.Sprintf("g%d", i), []byte("v"))
		}
		synctest.Wait()
		if got := len(a.Groups()); got != 100 {
			t.Errorf("got %d groups, want 100", got)
		}
		a.sees()
		if got := a.Groups(); len(got) != 0 {
			t.Errorf("after the leave: got %v", got)
		}
		if err := a.Join("g", make([]byte, 5000)); err == nil {
			t.Error("an entry over the limit is taken")
		}
	})
}
