package turn

import (
	"testing"
	"testing/synctest"
)

func TestGoWaitsForTheReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		ran, release := false, make(chan struct{})
		g.Receive(func() {
			g.Go(func() {
				<-release
				ran = true
			})
			synctest.Wait()
			if g.running != 1 || len(g.later) != 1 {
				t.Errorf("during Receive: got %d asked for, %d held back, want 1, 1", g.running, len(g.later))
			}
		})
		close(release)
		g.Wait()
		if !ran {
			t.Error("Wait returns before the function has")
		}
	})
}

func TestGoRunsAtOnceOtherwise(t *testing.T) {
	var g Gate
	started := make(chan struct{})
	g.Go(func() { close(started) })
	<-started
	g.Wait()
	g.Wait()
}
