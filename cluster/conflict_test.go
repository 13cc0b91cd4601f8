package cluster

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/memberlist"
)

// Nodes that start at the same time join each other while either is still being made.
func TestMergeWaitsForTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &membership{created: make(chan struct{})}
		merged := make(chan error, 1)
		go func() { merged <- m.NotifyMerge([]*memberlist.Node{{Name: "a@h"}}) }()
		synctest.Wait()
		select {
		case err := <-merged:
			t.Fatalf("merged before the start is over: %v", err)
		default:
		}
		close(m.created) // the start has failed
		if err := <-merged; !errors.Is(err, ErrNotRunning) {
			t.Errorf("got %v, want %v", err, ErrNotRunning)
		}
	})
}
