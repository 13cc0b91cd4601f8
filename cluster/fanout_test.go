package cluster

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Each node gets what the others broadcast while both see each other: all of it, once, in order.
func TestBroadcastIsDeliveredOnceInOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		synctest.Test(t, func(*testing.T) {
			net := newMemNet(serviceOptions{ChunkBytes: 64})
			net.seed = rapid.Uint64().Draw(r, "seed")
			nodes := []*memNode{net.start("a@h"), net.start("b@h"), net.start("c@h")}
			mesh(nodes...)
			got := map[string][]string{}
			for _, n := range nodes {
				n.Subscribe("t", func(from Member, payload []byte) { // one turn at a time in each node
					net.mu.Lock()
					defer net.mu.Unlock()
					key := from.Name + ">" + n.member.Name
					got[key] = append(got[key], string(payload))
				})
			}
			sent := map[string][]string{}
			for i := range rapid.IntRange(1, 40).Draw(r, "operations") {
				n := nodes[rapid.IntRange(0, 2).Draw(r, "node")]
				switch rapid.IntRange(0, 4).Draw(r, "operation") {
				case 0, 1, 2:
					text := fmt.Sprint(i)
					if err := n.Broadcast("t", []byte(text)); err != nil {
						r.Fatal(err)
					}
					sent[n.member.Name] = append(sent[n.member.Name], text)
				case 3:
					net.noise(n, nodes[rapid.IntRange(0, 2).Draw(r, "other")], 0.5, 200*time.Millisecond)
				case 4:
					time.Sleep(time.Duration(rapid.IntRange(0, 900).Draw(r, "ms")) * time.Millisecond) //lint:sleep virtual time
				}
			}
			net.mend()
			time.Sleep(5 * time.Second) //lint:sleep virtual time
			synctest.Wait()
			for _, n := range nodes {
				for _, to := range nodes {
					if key := n.member.Name + ">" + to.member.Name; !slices.Equal(got[key], sent[n.member.Name]) {
						r.Errorf("%s: got %v, want %v", key, got[key], sent[n.member.Name])
					}
				}
				if len(n.fanout.kept) > 0 {
					r.Errorf("%s keeps %d messages that all have", n.member.Name, len(n.fanout.kept))
				}
				n.kill()
			}
		})
	})
}

func TestBroadcastIsRefusedBeforeItIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newMemNet(serviceOptions{FanoutMessages: 8})
		a, b := net.start("a@h"), net.start("b@h")
		defer a.kill()
		defer b.kill()
		mesh(a, b)
		net.cut(a, b, true)
		for range 8 {
			if err := a.Broadcast("t", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Broadcast("t", nil); !errors.Is(err, ErrBusy) {
			t.Errorf("ninth: got %v, want ErrBusy", err)
		}
		a.sees()
		if err := a.Broadcast("t", nil); err != nil {
			t.Errorf("after the member left: got %v", err)
		}
	})
}
