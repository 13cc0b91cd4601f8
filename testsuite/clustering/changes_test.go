package clustering

import (
	"fmt"
	"testing"
	"time"
)

// A change on one node reaches the sessions of every node, once: those that are served where their client is
// connected, and those whose event stream comes in on another node than the owner's.
func TestChangesReachEverySession(t *testing.T) {
	needs(t, ci)
	c := newFixtures(t, 4)
	c.startAll()
	through := c.startProxy()
	var peers []*peer
	for i := 1; i <= 4; i++ {
		peers = append(peers, dialSDK(t, "http://"+c.nodes[i].addr+"/mcp"), dialSDK(t, through.url()))
	}
	for _, p := range peers {
		if err := p.Subscribe(patiently(t), subscription); err != nil {
			t.Fatal(err)
		}
		eventually(t, "listening", func() bool { return p.wire.streams() > 0 })
	}
	const rounds = 4
	for round := range rounds {
		for _, p := range peers {
			p.drain()
		}
		changer := peers[2*round]
		begun := time.Now()
		changer.call("register", map[string]any{"name": fmt.Sprint("tool-", round)})
		for i, p := range peers {
			within(t, p.lists, fmt.Sprintf("list_changed of session %d", i))
		}
		changer.call("touch", nil)
		for i, p := range peers {
			within(t, p.updated, fmt.Sprintf("resources/updated of session %d", i))
		}
		t.Logf("both changes were with all sessions after %v", time.Since(begun).Round(time.Millisecond))
	}
	wait(time.Second) // for more, which must not come
	for i, p := range peers {
		if lists, updates := p.wire.count("tools/list_changed"), p.wire.count("resources/updated"); lists != rounds || updates != rounds {
			t.Errorf("session %d: list_changed %d times and resources/updated %d times, want %d of each", i, lists, updates, rounds)
		}
	}
}
