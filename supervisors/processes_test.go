package supervisors

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func names(list []Process) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.Name)
	}
	return all
}

func TestProcessesAreThoseThatRun(t *testing.T) {
	d := NewDynamic(DynamicSpec{Name: "pool", Partitions: 1, Intensity: 10, Template: ChildSpec{
		Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}})
	wait := func(ctx context.Context) error { <-ctx.Done(); return nil }
	sys, root := startTree(t, Options{}, d.ChildSpec(), ChildSpec{ID: "tick", Start: Service(wait)})
	c, err := d.StartChild("k", nil)
	if err != nil {
		t.Fatal(err)
	}
	all := sys.Processes()
	if got, want := names(all), []string{"root", "root/pool", "root/pool/0", "root/tick", "root/pool/0/k"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, p := range all {
		if p.Type != []Type{SupervisorType, SupervisorType, SupervisorType, Worker, Worker}[i] || p.Dynamic != (i == 4) || !p.Running() {
			t.Errorf("%s: got %+v", p.Name, p)
		}
	}
	if all[2].Parent != all[1].Number || all[1].Parent != all[0].Number || all[0].Parent != 0 || all[3].Kind != "service" {
		t.Errorf("parents: got %+v", all)
	}
	if got := sys.Static(); len(got) != 4 || got[3].Name != "root/tick" {
		t.Errorf("static: got %v", names(got))
	}
	p := all[4]
	if p.Number != c.Number || p.Handled != 1 || p.Restart != 0 || p.ID != "pool" {
		t.Errorf("got %+v, want number %d and one message", p, c.Number)
	}
	root.sys.as.Root.Send(c.PID, "hello")
	if p, _ = sys.Process(c.Number); p.Handled != 2 {
		t.Errorf("after a message: %d handled, want 2", p.Handled)
	}

	sys.ExitProcess(p, Killed)
	testutil.Eventually(t, 5*time.Second, func() bool { return len(sys.Processes()) == 5 && !p.Running() })
	again := sys.Processes()[4]
	if again.Number <= p.Number || again.Name != p.Name || again.Restart != 1 || !again.PID.Equal(p.PID) {
		t.Errorf("next incarnation: got %+v after %+v", again, p)
	}
	if _, ok := sys.Process(p.Number); ok {
		t.Error("the number of a process that has ended is still known")
	}
	part, _ := sys.Supervisor(d.Partitions()[0].PID())
	if part.Restarts() != 1 || part.Dynamic() != 1 {
		t.Errorf("partition: %d restarts, %d children, want 1 and 1", part.Restarts(), part.Dynamic())
	}
	root.sys.as.Root.Send(p.PID, &exitSignal{Killed, p.Number}) // a kill that comes late
	if now, _ := sys.Process(again.Number); !now.Running() || now.Handled != again.Handled+1 {
		t.Errorf("a kill of the last incarnation reached this one: %+v", now)
	}
	if err := root.Stop(Shutdown); err != nil {
		t.Fatal(err)
	}
	if left := sys.Processes(); len(left) != 0 || len(sys.Static()) != 0 {
		t.Errorf("after the end: %v", names(left))
	}
	if sys.NewNumber() <= again.Number {
		t.Error("a number was given out twice")
	}
}

func TestStateOfASupervisor(t *testing.T) {
	sys := NewSystem(Options{})
	root, err := sys.Start(Spec{Strategy: RestForOne, Intensity: 7, Period: time.Minute, Children: []ChildSpec{
		{ID: "a", Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} })},
	}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := root.WhichChildren()
	if err != nil {
		t.Fatal(err)
	}
	if spec := rows[0].Spec(); spec.ID != "a" || spec.Restart != Transient || spec.Shutdown != ShutdownAfter(5*time.Second) || spec.Type != Worker {
		t.Errorf("spec: got %+v", spec)
	}
	sys.Exit(rows[0].PID, Killed)
	testutil.Eventually(t, 5*time.Second, func() bool { p, ok := sys.Process(rows[0].Number); return !ok && !p.Running() })
	var st State
	testutil.Eventually(t, 5*time.Second, func() bool { st, err = root.State(); return err != nil || len(st.Restarts) == 1 })
	if err != nil || st.Strategy != RestForOne || st.Intensity != 7 || st.Period != time.Minute || st.AutoShutdown != Never {
		t.Errorf("got %+v, %v", st, err)
	}
	_ = root.Stop(Shutdown)
}

func TestWithinEndsAWait(t *testing.T) {
	release := make(chan struct{})
	block := func(ctx context.Context, _ any) (Start, any, error) { <-release; return Start{}, nil, ErrIgnore }
	_, root := startTree(t, Options{})
	begun := make(chan struct{})
	go func() {
		close(begun)
		_, _ = root.StartChild(ChildSpec{ID: "slow", Start: Func(block)})
	}()
	<-begun
	testutil.Eventually(t, 5*time.Second, func() bool { return !root.sup.calm.Load() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := root.Within(ctx).WhichChildren(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	close(release)
	if _, err := root.Within(t.Context()).WhichChildren(); err != nil {
		t.Error(err)
	}
	_ = root.Stop(Shutdown)
}

// TestProcessTableUnderChange starts and ends children while others look.
func TestProcessTableUnderChange(t *testing.T) {
	d, root := startDynamic(t, DynamicSpec{Template: ChildSpec{
		Restart: Temporary, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	const workers, each = 4, 300
	var changing, looking sync.WaitGroup
	for w := range workers {
		changing.Go(func() {
			for i := range each {
				c, err := d.StartChild(strconv.Itoa(w*each+i), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if p, ok := root.sys.Process(c.Number); !ok || !p.PID.Equal(c.PID) {
					t.Errorf("process %d: got %+v, %v", c.Number, p, ok)
				}
				if i%3 > 0 {
					if err := d.TerminateChild(c.PID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	stop := make(chan struct{})
	looking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			list := root.sys.Processes()
			if !slices.IsSortedFunc(list, func(a, b Process) int { return int(a.Number) - int(b.Number) }) {
				t.Error("processes are not in order")
			}
			_ = root.sys.Numbers()
		}
	})
	changing.Wait()
	close(stop)
	looking.Wait()
	static := len(root.sys.Static())
	if got, want := len(root.sys.Processes())-static, workers*each/3; got != want || d.Count() != want {
		t.Errorf("%d processes, %d children, want %d", got, d.Count(), want)
	}
	_ = root.Stop(Shutdown)
}

// BenchmarkMessage measures a message to a supervised actor, handled on the goroutine that sends it.
func BenchmarkMessage(b *testing.B) {
	b.ReportAllocs()
	d, root := startDynamic(b, DynamicSpec{Template: ChildSpec{
		Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	c, err := d.StartChild("c", nil)
	if err != nil {
		b.Fatal(err)
	}
	var message any = "m"
	for b.Loop() {
		root.sys.as.Root.Send(c.PID, message)
	}
	_ = root.Stop(Shutdown)
}

// BenchmarkWhichChildren asks a supervisor of 25,000 children for them, while a child of it is started and
// stopped over and over; it reports how long that takes at most, with and without the question.
func BenchmarkWhichChildren(b *testing.B) {
	d, root := startDynamic(b, DynamicSpec{Partitions: 1, Template: ChildSpec{
		Restart: Temporary, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	fill(b, d, 25_000, 4)
	part := d.Partitions()[0]
	stop, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most []time.Duration
		for i := 0; ; i++ {
			select {
			case <-stop:
				slices.Sort(most)
				longest <- most[len(most)*99/100]
				return
			default:
			}
			begun := time.Now()
			c, err := d.StartChild("x"+strconv.Itoa(i), nil)
			if err == nil {
				_ = d.TerminateChild(c.PID)
			}
			most = append(most, time.Since(begun))
		}
	}()
	for b.Loop() {
		if list, err := part.WhichChildren(); err != nil || len(list) < 25_000 {
			b.Fatal(len(list), err)
		}
	}
	close(stop)
	b.ReportMetric(float64((<-longest).Microseconds()), "p99-start-stop-µs")
	_ = root.Stop(Shutdown)
}

// BenchmarkProcesses lists 25,000 processes.
func BenchmarkProcesses(b *testing.B) {
	d, root := startDynamic(b, DynamicSpec{Template: ChildSpec{
		Restart: Temporary, Start: Actor(func() actor.Actor { return &idle{} }, lean()...),
	}}, Options{})
	fill(b, d, 25_000, 4)
	for b.Loop() {
		_ = root.sys.Processes()
	}
	_ = root.Stop(Shutdown)
}
