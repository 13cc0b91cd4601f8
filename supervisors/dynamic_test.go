package supervisors

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/internal/invariants"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// ends keeps the calls of an Ended function.
type ends struct {
	mu   sync.Mutex
	list map[string][]string
}

func (e *ends) add(key string, _ any, reason ExitReason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.list == nil {
		e.list = map[string][]string{}
	}
	e.list[key] = append(e.list[key], reason.String())
}

func (e *ends) of(key string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list[key]
}

func TestDynamicBeforeAndAfterItsTree(t *testing.T) {
	d := NewDynamic(DynamicSpec{Name: "pool", Template: ChildSpec{Start: Actor(func() actor.Actor { return &idle{} })}})
	if _, err := d.StartChild("a", nil); !errors.Is(err, ErrNoProc) {
		t.Errorf("StartChild before: %v, want %v", err, ErrNoProc)
	}
	root, err := NewSystem(Options{}).Start(Spec{Children: []ChildSpec{d.ChildSpec()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.StartChild("a", nil); err != nil || d.Count() != 1 {
		t.Errorf("StartChild: %v, %d children, want nil, 1", err, d.Count())
	}
	if err := root.Stop(Shutdown); err != nil {
		t.Fatal(err)
	}
	if _, err := d.StartChild("b", nil); !errors.Is(err, ErrNoProc) || d.Count() != 0 {
		t.Errorf("StartChild after: %v, %d children, want %v, 0", err, d.Count(), ErrNoProc)
	}
}

func TestDynamicChildGetsItsArgAtEachStart(t *testing.T) {
	args := make(chan any, 4)
	var gone ends
	d, root := startDynamic(t, DynamicSpec{Ended: gone.add, Template: ChildSpec{
		Restart: Transient, Start: ActorWith(func(arg any) actor.Actor { args <- arg; return &idle{} }, lean()...),
	}}, Options{})
	defer func() { _ = root.Stop(Shutdown) }()
	c, err := d.StartChild("a", 7)
	if err != nil {
		t.Fatal(err)
	}
	root.sys.Exit(c.PID, Crash(Term("crash")))
	for range 2 {
		if got := <-args; got != 7 {
			t.Errorf("arg %v, want 7", got)
		}
	}
	if got := gone.of("a"); got != nil {
		t.Errorf("Ended called with %v for a child that was restarted", got)
	}
	if err := d.TerminateChild(c.PID); err != nil {
		t.Error(err)
	}
	if got := gone.of("a"); len(got) != 1 || got[0] != "shutdown" || d.Count() != 0 {
		t.Errorf("Ended called with %v, %d children, want [shutdown], 0", got, d.Count())
	}
}

func TestDynamicErrors(t *testing.T) {
	d, root := startDynamic(t, DynamicSpec{MaxChildren: 2, Template: ChildSpec{
		Start: Func(func(_ context.Context, arg any) (Start, any, error) {
			if err, ok := arg.(error); ok {
				return Start{}, nil, err
			}
			return Actor(func() actor.Actor { return &idle{} }), arg, nil
		}),
	}}, Options{})
	defer func() { _ = root.Stop(Shutdown) }()
	a, err := d.StartChild("a", "info")
	if err != nil || a.Info != "info" {
		t.Fatalf("StartChild = %v, %v", a, err)
	}
	if _, err := d.StartChild("b", Term("no_db")); err != Term("no_db") {
		t.Errorf("failing start: %v, want no_db", err)
	}
	if c, err := d.StartChild("c", ErrIgnore); err != nil || c.PID != nil {
		t.Errorf("ignored start = %v, %v, want no process, no error", c, err)
	}
	var already *AlreadyStartedError
	if _, err := d.StartChild("a", nil); !errors.As(err, &already) || already.PID.Id != a.PID.Id {
		t.Errorf("same key: %v, want already started %v", err, a.PID.Id)
	}
	if _, err := d.StartChild("d", nil); err != nil || d.Count() != 2 {
		t.Errorf("second child: %v, count %d, want nil, 2", err, d.Count())
	}
	if _, err := d.StartChild("e", nil); !errors.Is(err, ErrMaxChildren) {
		t.Errorf("third child: %v, want %v", err, ErrMaxChildren)
	}
	if err := d.TerminateChild(root.PID()); !errors.Is(err, ErrNotFound) {
		t.Errorf("foreign process: %v, want %v", err, ErrNotFound)
	}
}

func TestPartitionThatGivesUpEndsItsChildrenOnly(t *testing.T) {
	var gone ends
	d, root := startDynamic(t, DynamicSpec{Ended: gone.add, Intensity: NoRestarts, Partitions: 2, Template: ChildSpec{
		Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }),
	}}, Options{})
	defer func() { _ = root.Stop(Shutdown) }()
	for i := range 40 {
		if _, err := d.StartChild(fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	hit := d.Partitions()[0]
	rows, _ := hit.WhichChildren()
	others := 40 - len(rows)
	root.sys.Exit(rows[0].PID, Crash(Term("crash")))
	<-hit.Done()
	testutil.Eventually(t, 5*time.Second, func() bool { return len(d.Partitions()) == 2 })
	if d.Count() != others {
		t.Errorf("%d children left, want %d", d.Count(), others)
	}
	total := 0
	for i := range 40 {
		total += len(gone.of(fmt.Sprint(i)))
	}
	if total != 40-others {
		t.Errorf("Ended called %d times, want %d", total, 40-others)
	}
}

func TestDynamicUnderManyGoroutines(t *testing.T) {
	const n = 2000
	d, root := startDynamic(t, DynamicSpec{Template: ChildSpec{
		Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	fill(t, d, n, 16)
	if d.Count() != n {
		t.Errorf("%d children, want %d", d.Count(), n)
	}
	sum := 0
	for _, p := range d.Partitions() {
		counts, err := p.CountChildren()
		if err != nil || counts.Active != counts.Workers {
			t.Errorf("CountChildren = %+v, %v", counts, err)
		}
		sum += counts.Workers
	}
	if sum != n {
		t.Errorf("%d children in the partitions, want %d", sum, n)
	}
	if err := root.Stop(Shutdown); err != nil || d.Count() != 0 {
		t.Errorf("Stop: %v, %d children, want nil, 0", err, d.Count())
	}
}

func TestDynamicChildIsSmall(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the race detector needs memory of its own")
	}
	const n, limit = 20_000, 1300
	d, root := startDynamic(t, DynamicSpec{Template: ChildSpec{
		Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	defer func() { _ = root.Stop(Shutdown) }()
	before := heap()
	fill(t, d, n, 4)
	if got := (heap() - before) / n; got > limit {
		t.Errorf("%d bytes for each child, want at most %d", got, limit)
	}
}

// TestDynamicStorm starts, crashes and terminates children from many goroutines, until partitions give up
// too, and then checks the books: each child that was started has ended once.
func TestDynamicStorm(t *testing.T) {
	var mu sync.Mutex
	started, ended := map[any]int{}, map[any]int{}
	d, root := startDynamic(t, DynamicSpec{
		Intensity: 50, Partitions: 4,
		Ended: func(_ string, arg any, _ ExitReason) {
			mu.Lock()
			defer mu.Unlock()
			ended[arg]++
		},
		Template: ChildSpec{Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }, lean()...)},
	}, Options{})
	sys := root.sys
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				arg := g*1000 + i
				c, err := d.StartChild(fmt.Sprint(arg), arg)
				if err != nil {
					continue // its partition gives up just now
				}
				mu.Lock()
				started[arg]++
				mu.Unlock()
				switch i % 4 {
				case 0:
					sys.Exit(c.PID, Crash(Term("crash")))
				case 1:
					_ = d.TerminateChild(c.PID)
				case 2:
					sys.ActorSystem().Root.Send(c.PID, Term("panic"))
				}
			}
		})
	}
	wg.Wait()
	_ = root.Stop(Shutdown)
	<-root.Done()
	if d.Count() != 0 {
		t.Errorf("%d children left, want 0", d.Count())
	}
	for arg := range started {
		if ended[arg] != 1 {
			t.Errorf("child %v: Ended called %d times, want 1", arg, ended[arg])
		}
	}
	if len(ended) != len(started) {
		t.Errorf("Ended called for %d children, want %d", len(ended), len(started))
	}
}
