package supervisors

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// TestAbandonedSupervisorStillEnds blocks a supervisor in its turn, through a child that runs on the
// supervisor's goroutine and blocks against the rules.
func TestAbandonedSupervisorStillEnds(t *testing.T) {
	var rec recorder
	release, blocked := make(chan struct{}), make(chan struct{})
	block := func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			close(blocked)
			<-release
		}
	}
	sys, root := startTree(t, Options{Events: rec.add, KillGrace: time.Millisecond}, ChildSpec{
		ID: "s", Restart: Temporary, Shutdown: BrutalKill, Start: SupervisorOf(Spec{Children: []ChildSpec{
			{ID: "a", Start: Actor(func() actor.Actor { return &idle{} })},
		}}),
	})
	rows, _ := root.WhichChildren()
	s, _ := sys.Supervisor(rows[0].PID)
	go func() {
		_, _ = s.StartChild(ChildSpec{ID: "b", Start: Actor(func() actor.Actor { return funcActor(block) }, lean()...)})
	}()
	<-blocked
	if err := root.TerminateChild("s"); err != nil {
		t.Fatal(err)
	}
	if got := rec.exits("s"); len(got) != 1 || got[0] != "killed" || sys.Stats().Abandoned == 0 {
		t.Errorf("exits %v, %+v, want [killed] and an abandoned child", got, sys.Stats())
	}
	close(release)
	<-s.Done()
	testutil.Eventually(t, 5*time.Second, func() bool { return len(rec.exits("a")) == 1 })
}
