package supervisors

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// recorder keeps events; safe for concurrent use.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// exits returns the reasons of the ends of child, in order.
func (r *recorder) exits(child string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.events {
		if x, ok := e.(ChildExited); ok && x.Child == child {
			list = append(list, x.Reason.String())
		}
	}
	return list
}

func (r *recorder) timeouts() []ShutdownTimedOut {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []ShutdownTimedOut
	for _, e := range r.events {
		if x, ok := e.(ShutdownTimedOut); ok {
			list = append(list, x)
		}
	}
	return list
}

// funcActor runs a function for each message.
type funcActor func(ctx actor.Context)

func (f funcActor) Receive(ctx actor.Context) { f(ctx) }

func startTree(t *testing.T, o Options, children ...ChildSpec) (*System, *Supervisor) {
	t.Helper()
	sys := NewSystem(o)
	root, err := sys.Start(Spec{Intensity: NoRestarts, Children: children})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = root.Stop(Shutdown)
		<-root.Done()
	})
	return sys, root
}

func TestExitReasonsOfActors(t *testing.T) {
	crash := Term("crash")
	for _, c := range []struct {
		name string
		on   func(ctx actor.Context)
		do   func(sys *System, pid *actor.PID)
		want string
	}{
		{"panic in a message", func(ctx actor.Context) {
			if ctx.Message() == "go" {
				panic(crash)
			}
		}, nil, "crash"},
		{"panic with a string", func(ctx actor.Context) {
			if ctx.Message() == "go" {
				panic("no")
			}
		}, nil, `{panic,"no"}`},
		{"exit", func(ctx actor.Context) {
			if ctx.Message() == "go" {
				Exit(ctx, ShutdownWith(Term("saved")))
			}
		}, nil, "{shutdown,saved}"},
		{"panic while stopping", func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Stopping); ok {
				panic(crash)
			}
		}, func(sys *System, pid *actor.PID) { sys.Exit(pid, Normal) }, "crash"},
		{"panic when stopped", func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Stopped); ok {
				panic(crash)
			}
		}, func(sys *System, pid *actor.PID) { sys.Exit(pid, Normal) }, "crash"},
		{"stopped from outside", func(actor.Context) {}, func(sys *System, pid *actor.PID) {
			sys.ActorSystem().Root.Stop(pid)
		}, "normal"},
		{"killed", func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Stopping); ok {
				panic(crash)
			}
		}, func(sys *System, pid *actor.PID) { sys.Exit(pid, Killed) }, "killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rec recorder
			sys, root := startTree(t, Options{Events: rec.add}, ChildSpec{
				ID: "a", Restart: Temporary, Start: Actor(func() actor.Actor { return funcActor(c.on) }),
			})
			rows, _ := root.WhichChildren()
			if c.do == nil {
				sys.ActorSystem().Root.Send(rows[0].PID, "go")
			} else {
				c.do(sys, rows[0].PID)
			}
			testutil.Eventually(t, 5*time.Second, func() bool { return len(rec.exits("a")) > 0 })
			if got := rec.exits("a")[0]; got != c.want {
				t.Errorf("exit reason %s, want %s", got, c.want)
			}
		})
	}
}

func TestFailedStartsOfActors(t *testing.T) {
	for _, c := range []struct {
		name string
		on   func(ctx actor.Context)
		want string // term; empty: ignored
	}{
		{"panic", func(actor.Context) { panic(Term("no_db")) }, "{no_db,<child:a>}"},
		{"exit", func(ctx actor.Context) { Exit(ctx, Crash(errors.New("no db"))) }, `{"no db",<child:a>}`},
		{"ignore", func(ctx actor.Context) { Ignore(ctx) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, root := startTree(t, Options{})
			start := func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Started); ok {
					c.on(ctx)
				}
			}
			child, err := root.StartChild(ChildSpec{ID: "a", Start: Actor(func() actor.Actor { return funcActor(start) })})
			if c.want == "" {
				if err != nil || child.PID != nil {
					t.Errorf("StartChild = %v, %v, want no process and no error", child, err)
				}
				return
			}
			if err == nil || TermOf(err) != c.want {
				t.Errorf("StartChild: %v, want the term %s", err, c.want)
			}
		})
	}
}

func TestRestartKeepsPIDValid(t *testing.T) {
	got := make(chan int, 1)
	n := 0
	sys := NewSystem(Options{})
	root, err := sys.Start(Spec{Children: []ChildSpec{{ID: "a", Start: Actor(func() actor.Actor {
		n++
		incarnation := n
		return funcActor(func(ctx actor.Context) {
			switch ctx.Message() {
			case "who":
				got <- incarnation
			case "crash":
				panic("crash")
			}
		})
	})}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Stop(Shutdown) }()
	rows, _ := root.WhichChildren()
	pid, send := rows[0].PID, sys.ActorSystem().Root.Send
	send(pid, "who")
	if i := <-got; i != 1 {
		t.Fatalf("incarnation %d, want 1", i)
	}
	send(pid, "crash")
	testutil.Eventually(t, 5*time.Second, func() bool {
		send(pid, "who")
		select {
		case i := <-got:
			return i == 2
		case <-time.After(10 * time.Millisecond):
			return false
		}
	})
}

func TestBlockedChildIsAbandonedAndCounted(t *testing.T) {
	for _, shutdown := range []ShutdownTime{BrutalKill, AtOnce, ShutdownAfter(5 * time.Millisecond)} {
		var rec recorder
		release, blocked := make(chan struct{}), make(chan struct{})
		sys, root := startTree(t, Options{Events: rec.add, KillGrace: 5 * time.Millisecond}, ChildSpec{
			ID: "a", Shutdown: shutdown, Start: Actor(func() actor.Actor {
				return funcActor(func(ctx actor.Context) {
					if ctx.Message() == "block" {
						close(blocked)
						<-release
					}
				})
			}),
		})
		rows, _ := root.WhichChildren()
		sys.ActorSystem().Root.Send(rows[0].PID, "block")
		<-blocked
		if err := root.TerminateChild("a"); err != nil {
			t.Errorf("TerminateChild: %v", err)
		}
		if got := rec.exits("a"); len(got) != 1 || got[0] != "killed" {
			t.Errorf("exits %v, want [killed]", got)
		}
		if outs := rec.timeouts(); len(outs) == 0 || !outs[len(outs)-1].Abandoned {
			t.Errorf("events %v, want one of an abandoned child", outs)
		}
		if n := sys.Stats().Abandoned; n != 1 {
			t.Errorf("%d abandoned, want 1", n)
		}
		child, err := root.RestartChild("a")
		if err != nil || child.PID.Id == rows[0].PID.Id {
			t.Errorf("RestartChild = %v, %v, want another name than the abandoned one's", child, err)
		}
		close(release)
	}
}

func TestIdleChildIsKilledNotAbandoned(t *testing.T) {
	var rec recorder
	stopped := make(chan struct{})
	sys, root := startTree(t, Options{Events: rec.add, KillGrace: time.Minute}, ChildSpec{
		ID: "a", Shutdown: BrutalKill, Start: Actor(func() actor.Actor {
			return funcActor(func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Stopping:
					t.Error("a killed actor was asked to stop")
				case *actor.Stopped:
					close(stopped)
				}
			})
		}),
	})
	if err := root.TerminateChild("a"); err != nil {
		t.Fatal(err)
	}
	<-stopped
	if n := sys.Stats().Abandoned; n != 0 {
		t.Errorf("%d abandoned, want 0", n)
	}
}

func TestRootThatGivesUpSaysSo(t *testing.T) {
	sys, root := startTree(t, Options{}, ChildSpec{ID: "a", Start: Actor(func() actor.Actor { return &idle{} })})
	rows, _ := root.WhichChildren()
	sys.Exit(rows[0].PID, Crash(Term("crash")))
	<-root.Done()
	if got := root.Reason().String(); got != "shutdown" || !root.GaveUp() {
		t.Errorf("reason %s, gave up %v, want shutdown, true", got, root.GaveUp())
	}
	sys.ActorSystem().Root.Send(rows[0].PID, "to nobody")
	if n := sys.Stats().DeadLetters; n != 1 {
		t.Errorf("%d dead letters, want 1", n)
	}
	if _, err := root.WhichChildren(); !errors.Is(err, ErrNoProc) {
		t.Errorf("WhichChildren: %v, want %v", err, ErrNoProc)
	}
	if err := root.Stop(Shutdown); !errors.Is(err, ErrNoProc) {
		t.Errorf("Stop: %v, want %v", err, ErrNoProc)
	}
}

func TestShutdownStopsWaitingWithItsContext(t *testing.T) {
	release := make(chan struct{})
	_, root := startTree(t, Options{}, ChildSpec{ID: "a", Shutdown: Infinity, Start: Service(func(context.Context) error {
		<-release
		return nil
	})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := root.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v, want %v", err, context.Canceled)
	}
	close(release)
	if err := root.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v, want nil", err)
	}
	if root.GaveUp() {
		t.Error("a root that was shut down says that it gave up")
	}
}

func TestSupervisorStoppedFromOutsideTakesItsChildren(t *testing.T) {
	var rec recorder
	sys, root := startTree(t, Options{Events: rec.add}, ChildSpec{
		ID: "s", Restart: Temporary, Start: SupervisorOf(Spec{Children: []ChildSpec{
			{ID: "a", Start: Actor(func() actor.Actor { return &idle{} })},
		}}),
	})
	rows, _ := root.WhichChildren()
	sys.ActorSystem().Root.Stop(rows[0].PID)
	testutil.Eventually(t, 5*time.Second, func() bool { return len(rec.exits("s")) == 1 && len(rec.exits("a")) == 1 })
	if got := rec.exits("a")[0]; got != "killed" {
		t.Errorf("exit reason of the child %s, want killed", got)
	}
}

func TestUnguardedActorThatFailsIsStopped(t *testing.T) {
	ended := make(chan struct{})
	sys, root := startTree(t, Options{}, ChildSpec{ID: "a", Start: Actor(func() actor.Actor {
		return funcActor(func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case string:
				pid := ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return &idle{} }))
				ctx.Send(pid, Term("crash"))
			case *actor.Terminated:
				close(ended)
			}
		})
	})})
	rows, _ := root.WhichChildren()
	sys.ActorSystem().Root.Send(rows[0].PID, "spawn")
	<-ended
}
