package testutil

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"
)

func TestMain(m *testing.M) { VerifyTestMain(m) }

func TestEventuallyWaits(t *testing.T) {
	var done atomic.Bool
	go done.Store(true)
	Eventually(t, time.Minute, done.Load)
}

func TestLogCaptureKeepsBoundAttributes(t *testing.T) {
	var c LogCapture
	l := c.Logger().With("node", "a").WithGroup("g").With("k", 1)
	l.Warn("slow client", slog.Group("peer", "addr", "x"), "n", 2)
	c.Logger().Info("other")
	got := c.Find("slow client")
	if len(got) != 1 || got[0].Level != slog.LevelWarn || len(c.Records()) != 2 {
		t.Fatalf("got %v, want one warning of two records", got)
	}
	for key, want := range map[string]string{"node": "a", "g.k": "1", "g.peer.addr": "x", "g.n": "2"} {
		if got[0].Attrs[key] != want {
			t.Errorf("attribute %s: got %q, want %q", key, got[0].Attrs[key], want)
		}
	}
}

func TestGoldenComparesWithTheFile(t *testing.T) {
	Golden(t, "golden.txt", []byte("one\ntwo\n"))
}
