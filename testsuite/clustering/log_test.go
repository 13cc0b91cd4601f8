package clustering

import (
	"fmt"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// What the server of one node logs reaches the sessions of every node whose client wants that level, once.
func TestLogReachesEverySession(t *testing.T) {
	needs(t, brief)
	c := newFixtures(t, 4)
	c.startAll()
	through := c.startProxy()
	var peers []*peer
	for i := 1; i <= 4; i++ {
		peers = append(peers, dialSDK(t, "http://"+c.nodes[i].addr+"/mcp"), dialSDK(t, through.url()))
	}
	deaf := peers[5]
	if err := deaf.SetLoggingLevel(patiently(t), &sdk.SetLoggingLevelParams{Level: "emergency"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		eventually(t, "listening", func() bool { return p.wire.streams() > 0 })
	}
	const rounds = 4
	for round := range rounds {
		peers[2*round].call("log", map[string]any{"level": "error", "logger": "fixture", "data": fmt.Sprint("message-", round)})
	}
	for i, p := range peers {
		for round := range rounds {
			if p != deaf {
				eventually(t, fmt.Sprint("told of message ", round, ", session ", i), func() bool {
					return p.wire.count(`"data":"message-`+fmt.Sprint(round)) > 0
				})
			}
		}
	}
	wait(time.Second) // for more, which must not come
	for i, p := range peers {
		want := rounds
		if p == deaf {
			want = 0
		}
		if n := p.wire.count("notifications/message"); n != want {
			t.Errorf("session %d: got %d messages, want %d", i, n, want)
		}
	}
}
