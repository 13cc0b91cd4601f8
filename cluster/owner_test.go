package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// four starts four nodes that are one cluster, and waits until they may decide.
func four(t *testing.T) (*memNet, []*memNode) {
	t.Helper()
	net := newMemNet(serviceOptions{Expected: 4})
	var nodes []*memNode
	for i := range 4 {
		nodes = append(nodes, net.start(fmt.Sprintf("n%d@h", i)))
	}
	mesh(nodes...)
	time.Sleep(5 * time.Second) //lint:sleep virtual time
	return net, nodes
}

func keepAll(t *testing.T, n *memNode, count int) []string {
	t.Helper()
	var ids []string
	for i := range count {
		id := n.NewSessionID()
		if err := n.Keep(id, fmt.Appendf(nil, "%s snapshot %d", n.member.Name, i)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// request goes where Locate says, beginning at n, and returns the node that has the session.
func request(t *testing.T, net *memNet, n *memNode, id string) (*memNode, []byte, error) {
	t.Helper()
	for range 4 {
		at, err := n.Locate(id)
		if err != nil {
			return nil, nil, err
		}
		switch at.Place {
		case PlaceHere:
			return n, nil, nil
		case PlaceTake:
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			snapshot, err := n.Take(ctx, id)
			return n, snapshot, err
		case PlaceGone:
			return nil, nil, ErrGone
		}
		n = net.find(at.Member.Boot)
	}
	t.Errorf("a request for %s goes in circles", id)
	return nil, nil, ErrUnsettled
}

func TestSessionsOfAKilledNodeGoOnElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		ids := keepAll(t, nodes[0], 40)
		time.Sleep(time.Second) //lint:sleep virtual time
		nodes[0].kill()
		began, rest := time.Now(), nodes[1:]
		mesh(rest...)
		owners := map[string]int{}
		for i, id := range ids {
			first, snapshot, err := request(t, net, rest[i%3], id)
			if want := fmt.Sprintf("n0@h snapshot %d", i); err != nil || string(snapshot) != want {
				t.Fatalf("session %d: got %q, %v, want %q", i, snapshot, err, want)
			}
			synctest.Wait()
			owners[first.member.Name]++
			for _, n := range rest {
				if again, _, err := request(t, net, n, id); err != nil || again != first {
					t.Errorf("session %d from %s: got %v, want %s", i, n.member.Name, err, first.member.Name)
				}
			}
		}
		if d := time.Since(began); d > 4*time.Second {
			t.Errorf("all went on after %v, want 4 s at most", d)
		}
		t.Logf("after %v, by owner %v", time.Since(began), owners)
		for _, n := range rest {
			n.kill()
		}
	})
}

// Every node is restarted once, and sessions that nobody asks for in between are still there.
func TestRollingRestartLosesNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		ids := keepAll(t, nodes[0], 40)
		for i := range nodes {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if _, err := nodes[i].HandOver(ctx); err != nil {
				t.Fatal(err)
			}
			cancel()
			synctest.Wait()
			rest := slices.Delete(slices.Clone(nodes), i, i+1)
			mesh(rest...)
			nodes[i].kill()
			began := time.Now()
			id := ids[i]
			if _, snapshot, err := request(t, net, rest[0], id); err != nil || i == 0 && snapshot == nil {
				t.Errorf("session %d: got %q, %v", i, snapshot, err)
			}
			if d := time.Since(began); d > 200*time.Millisecond {
				t.Errorf("a session that was handed over went on after %v", d)
			}
			nodes[i] = net.start(nodes[i].member.Name)
			mesh(nodes...)
			time.Sleep(10 * time.Second) //lint:sleep virtual time
		}
		for i, id := range ids {
			if _, _, err := request(t, net, nodes[i%4], id); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		}
		for _, n := range nodes {
			n.kill()
		}
	})
}

// A node that is alone stops before the others take over, and its sessions end when it is back.
func TestMinorityStopsBeforeOthersTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		var mu sync.Mutex
		var lost []string
		var suspended []bool
		nodes[0].OnLost(func(id string) { mu.Lock(); lost = append(lost, id); mu.Unlock() })
		nodes[0].OnSuspended(func(s bool) { mu.Lock(); suspended = append(suspended, s); mu.Unlock() })
		ids := keepAll(t, nodes[0], 10)
		time.Sleep(time.Second) //lint:sleep virtual time
		for _, n := range nodes[1:] {
			net.cut(nodes[0], n, true)
		}
		mesh(nodes[1:]...)
		took := ids[:5]
		for _, id := range took {
			if _, _, err := request(t, net, nodes[1], id); err != nil {
				t.Fatal(err)
			}
			if _, err := nodes[0].Locate(id); !errors.Is(err, ErrNoQuorum) {
				t.Errorf("taken over while its owner goes on: %v", err)
			}
		}
		net.mend()
		mesh(nodes...)
		time.Sleep(5 * time.Second) //lint:sleep virtual time
		synctest.Wait()
		slices.Sort(lost)
		slices.Sort(took)
		if !slices.Equal(lost, took) || !slices.Equal(suspended, []bool{true, false}) {
			t.Errorf("lost %d sessions, want %d; suspended %v, want true, false", len(lost), len(took), suspended)
		}
		for _, id := range ids[5:] {
			if at, err := nodes[0].Locate(id); err != nil || at.Place != PlaceHere {
				t.Errorf("a session that nobody took: got %v, %v", at, err)
			}
		}
		for _, n := range nodes {
			n.kill()
		}
	})
}

func TestHalvesGoOnAndTakeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		mine, theirs := keepAll(t, nodes[0], 5), keepAll(t, nodes[3], 5)
		time.Sleep(time.Second) //lint:sleep virtual time
		for _, a := range nodes[:2] {
			for _, b := range nodes[2:] {
				net.cut(a, b, true)
			}
		}
		mesh(nodes[:2]...)
		mesh(nodes[2:]...)
		time.Sleep(30 * time.Second) //lint:sleep virtual time
		for i := range mine {
			if n, _, err := request(t, net, nodes[1], mine[i]); err != nil || n != nodes[0] {
				t.Errorf("own half: %v", err)
			}
			if _, _, err := request(t, net, nodes[1], theirs[i]); !errors.Is(err, ErrNoQuorum) {
				t.Errorf("other half: got %v, want ErrNoQuorum", err)
			}
		}
		for _, n := range nodes {
			n.kill()
		}
	})
}

func TestOlderSnapshotNeverOverwrites(t *testing.T) {
	net := newMemNet(serviceOptions{StoreBytes: 1000})
	n := &memNode{net: net, member: Member{Name: "a@h", Boot: "a"}, top: Topology{Generation: 1, Members: []Member{{Name: "a@h", Boot: "a"}}}}
	o := newServices(n, net.opts).owners
	for _, put := range []struct {
		v    version
		body string
		want string
	}{{firstOf(1) + 2, "b", "b"}, {firstOf(1) + 1, "a", "b"}, {firstOf(2), "c", "c"}, {firstOf(1) + 9, "d", "c"}} {
		o.storeLocked("id", "owner", put.v, []byte(put.body))
		if got := string(o.held["id"].body); got != put.want {
			t.Errorf("after version %d: got %q, want %q", put.v, got, put.want)
		}
	}
	for i := range 20 {
		o.storeLocked(fmt.Sprint(i), "owner", 1, make([]byte, 100))
	}
	if o.heldBytes > 1000 || o.stats.Refused == 0 {
		t.Errorf("store has %d bytes, refused %d", o.heldBytes, o.stats.Refused)
	}
}

// BenchmarkSnapshot keeps a session with 150 bytes, and reports what it costs in memory on its owner and its
// keeper together, beside the snapshot.
func BenchmarkSnapshot(b *testing.B) {
	x, y := pair(b, serviceOptions{})
	time.Sleep(4 * time.Second) //lint:sleep nodes that have just started do not decide; no test depends on it
	ids := make([]string, b.N)
	for i := range ids {
		ids[i] = x.NewSessionID()
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	b.ResetTimer()
	for _, id := range ids {
		if err := x.Keep(id, make([]byte, 150)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	for y.OwnerStats().Held < b.N && x.OwnerStats().Owned > 0 {
		runtime.Gosched()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/float64(b.N), "B/session")
}

func BenchmarkLocate(b *testing.B) {
	x, y := pair(b, serviceOptions{})
	id := y.NewSessionID()
	b.ReportAllocs()
	for b.Loop() {
		if at, err := x.Locate(id); err != nil || at.Place != PlaceMember {
			b.Fatal(at, err)
		}
	}
}

// A whole cluster that has just started has leases as soon as it is complete, so a death then costs no session.
func TestColdStartIsSafeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newMemNet(serviceOptions{Expected: 4, Stated: true})
		var nodes []*memNode
		for i := range 4 {
			nodes = append(nodes, net.start(fmt.Sprintf("n%d@h", i)))
		}
		time.Sleep(time.Second) //lint:sleep virtual time
		if err := nodes[0].Admitted(); !errors.Is(err, ErrNoQuorum) || !strings.Contains(err.Error(), "1 of 4 members, and needs 2") {
			t.Errorf("a node alone: got %v, want ErrNoQuorum", err)
		}
		mesh(nodes...)
		synctest.Wait()
		if err := nodes[0].Admitted(); err != nil {
			t.Errorf("a complete cluster: got %v, want nil", err)
		}
		ids := keepAll(t, nodes[0], 20)
		synctest.Wait()
		nodes[0].kill()
		rest := nodes[1:]
		mesh(rest...)
		for i, id := range ids {
			if _, snapshot, err := request(t, net, rest[i%3], id); err != nil || snapshot == nil && i == 0 {
				t.Errorf("session %d: got %q, %v", i, snapshot, err)
			}
			synctest.Wait()
		}
		for _, n := range rest {
			n.kill()
		}
	})
}

// A member that has just started and decides nothing yet is not chosen to take a session over.
func TestRestartedMemberIsNotChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newMemNet(serviceOptions{Expected: 7, Stated: true})
		var nodes []*memNode
		for i := range 7 {
			nodes = append(nodes, net.start(fmt.Sprintf("n%d@h", i)))
		}
		mesh(nodes...)
		time.Sleep(5 * time.Second) //lint:sleep virtual time
		ids := keepAll(t, nodes[0], 60)
		time.Sleep(time.Second) //lint:sleep virtual time
		nodes[6].kill()         // for good, so that nobody is informed early
		mesh(nodes[:6]...)
		time.Sleep(5 * time.Second) //lint:sleep virtual time
		nodes[5].kill()
		nodes[5] = net.start(nodes[5].member.Name)
		mesh(nodes[:6]...)
		synctest.Wait()
		if _, err := nodes[0].HandOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		nodes[0].kill()
		rest := nodes[1:6]
		mesh(rest...)
		synctest.Wait()
		began := time.Now()
		for i, id := range ids {
			n, _, err := request(t, net, rest[i%5], id)
			if err != nil || n == nodes[5] {
				t.Fatalf("session %d: taken by the restarted member %v, %v", i, n == nodes[5], err)
			}
		}
		if d := time.Since(began); d > 200*time.Millisecond {
			t.Errorf("the sessions went on after %v, want at once", d)
		}
		for _, n := range rest {
			n.kill()
		}
	})
}

// A node that is cut off knows it before its view does, and does not wait for those out of reach.
func TestIsolatedNodeDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		ids := keepAll(t, nodes[1], 10)
		time.Sleep(time.Second) //lint:sleep virtual time
		nodes[1].Serve("x", func(Member, []byte, *Stream) (Handler, error) { return new(sink), nil })
		end := new(sink)
		if _, err := nodes[0].Open(nodes[1].member, "x", nil, end); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if nodes[0].Isolated() || !nodes[0].Reaches(nodes[1].member.Boot) {
			t.Error("a node with all links is isolated")
		}
		for _, n := range nodes[1:] {
			net.cut(nodes[0], n, true)
		}
		time.Sleep(2 * time.Second) //lint:sleep virtual time
		if !nodes[0].Isolated() || nodes[0].Reaches(nodes[1].member.Boot) {
			t.Error("2 s after the cut the node does not know it")
		}
		end.ended(t, CodeNodeDown)
		nodes[0].sees(nodes[0], nodes[2], nodes[3]) // the view shrinks one by one
		began := time.Now()
		for _, id := range ids {
			if at, err := nodes[0].Locate(id); err == nil && at.Place == PlaceTake {
				if _, err := nodes[0].Take(t.Context(), id); !errors.Is(err, ErrNoQuorum) {
					t.Errorf("take: got %v, want ErrNoQuorum", err)
				}
			}
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("the answers came after %v, want at once", d)
		}
		if nodes[1].Isolated() {
			t.Error("the larger part is isolated")
		}
		for _, n := range nodes {
			n.kill()
		}
	})
}

// An owner lives on the support of a node that is killed and comes back in the part of those who want to take
// over: what it had promised and has forgotten still counts.
func TestForgottenPromiseCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newMemNet(serviceOptions{Expected: 5, Stated: true})
		var nodes []*memNode
		for i := range 5 {
			nodes = append(nodes, net.start(fmt.Sprintf("n%d@h", i)))
		}
		mesh(nodes...)
		time.Sleep(time.Second) //lint:sleep virtual time
		owner, traitor, a, b := nodes[0], nodes[1], nodes[3], nodes[4]
		ids := keepAll(t, owner, 20)
		synctest.Wait()
		small, large := []*memNode{a, b}, nodes[:3]
		for _, x := range small {
			for _, y := range large {
				net.cut(x, y, true)
			}
		}
		mesh(small...)
		mesh(large...)
		time.Sleep(5 * time.Second) //lint:sleep virtual time
		traitor.kill()
		traitor = net.start(traitor.member.Name)
		for _, x := range []*memNode{owner, nodes[2]} {
			net.cut(traitor, x, true)
		}
		mesh(a, b, traitor)
		took, last := 0, time.Now()
		for i, id := range ids {
			for _, n := range []*memNode{a, b, traitor} {
				if at, err := n.Locate(id); err == nil && at.Place == PlaceTake {
					ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
					if _, err := n.Take(ctx, id); err == nil {
						took++
					}
					cancel()
				}
				if at, err := owner.Locate(id); took > 0 && err == nil && at.Place == PlaceHere {
					t.Fatalf("session %d has two owners, %v after the restart", i, time.Since(last))
				}
			}
		}
		for _, n := range []*memNode{owner, nodes[2], traitor, a, b} {
			n.kill()
		}
	})
}

// A node that was away while others were about to take its session over has it back at once when they fail.
func TestFailedClaimIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, nodes := four(t)
		id := keepAll(t, nodes[0], 1)[0]
		time.Sleep(time.Second) //lint:sleep virtual time
		rest := nodes[1:]
		for _, n := range rest {
			net.cut(nodes[0], n, true)
		}
		mesh(rest...)
		time.Sleep(5 * time.Second) //lint:sleep virtual time
		var taker *memNode
		for _, n := range rest {
			if at, err := n.Locate(id); err == nil && at.Place == PlaceTake {
				taker = n
			}
		}
		creator, _ := taker.SessionCreator(id)
		for _, n := range rest {
			if n != taker {
				net.oneWay(n, taker, true) // it grants, and its answer is lost
			}
		}
		if _, err := taker.owners.take(t.Context(), id, creator); !errors.Is(err, ErrUnsettled) {
			t.Fatalf("take: got %v, want ErrUnsettled", err)
		}
		net.mend()
		mesh(nodes...)
		time.Sleep(2 * time.Second) //lint:sleep virtual time
		if at, err := nodes[0].Locate(id); err != nil || at.Place != PlaceHere {
			t.Errorf("the owner is back: got %v, %v", at.Place, err)
		}
		for _, n := range nodes {
			n.kill()
		}
	})
}
