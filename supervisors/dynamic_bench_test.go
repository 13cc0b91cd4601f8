package supervisors

import (
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// idle is an actor that does nothing, as a session without work.
type idle struct{}

func (*idle) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(error); ok {
		panic(m)
	}
}

// lean are the options of a session actor: turns on the delivering goroutine, lock-free mailbox.
func lean() []actor.PropsOption {
	return []actor.PropsOption{
		actor.WithDispatcher(actor.NewSynchronizedDispatcher(300)), actor.WithMailbox(actor.UnboundedLockfree()),
	}
}

func startDynamic(tb testing.TB, spec DynamicSpec, o Options) (*Dynamic, *Supervisor) {
	tb.Helper()
	if spec.Name == "" {
		spec.Name = "pool"
	}
	d := NewDynamic(spec)
	root, err := NewSystem(o).Start(Spec{Children: []ChildSpec{d.ChildSpec()}})
	if err != nil {
		tb.Fatal(err)
	}
	return d, root
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// fill starts n children from some goroutines.
func fill(tb testing.TB, d *Dynamic, n, goroutines int) {
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < n; i += goroutines {
				if _, err := d.StartChild("c"+strconv.Itoa(i), nil); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkDynamicStartStop starts and stops 100,000 children, and measures what each of them holds.
func BenchmarkDynamicStartStop(b *testing.B) {
	const children = 100_000
	for _, kind := range []struct {
		name string
		opts []actor.PropsOption
	}{{"default", nil}, {"lean", lean()}} {
		b.Run(kind.name, func(b *testing.B) {
			b.ReportAllocs()
			var start, stop time.Duration
			var bytes uint64
			for b.Loop() {
				d, root := startDynamic(b, DynamicSpec{Template: ChildSpec{
					Restart: Transient, Start: Actor(func() actor.Actor { return &idle{} }, kind.opts...),
				}}, Options{})
				before, began := heap(), time.Now()
				fill(b, d, children, 8)
				start += time.Since(began)
				if d.Count() != children {
					b.Fatalf("%d children, want %d", d.Count(), children)
				}
				bytes += heap() - before
				began = time.Now()
				if err := root.Stop(Shutdown); err != nil {
					b.Fatal(err)
				}
				stop += time.Since(began)
			}
			b.ReportMetric(float64(bytes)/float64(b.N)/children, "B/child")
			b.ReportMetric(start.Seconds()/float64(b.N), "start-s/100k")
			b.ReportMetric(stop.Seconds()/float64(b.N), "stop-s/100k")
		})
	}
}

// BenchmarkDynamicRestart measures from the crash of a child to the first turn of its next incarnation.
func BenchmarkDynamicRestart(b *testing.B) {
	b.ReportAllocs()
	running := make(chan time.Time, 1)
	d, root := startDynamic(b, DynamicSpec{Intensity: 1 << 30, Template: ChildSpec{
		Restart: Transient, Start: Actor(func() actor.Actor { return &announcer{running} }, lean()...),
	}}, Options{})
	c, err := d.StartChild("c", nil)
	if err != nil {
		b.Fatal(err)
	}
	<-running
	var took []time.Duration
	ctx := root.sys.ActorSystem().Root
	for b.Loop() {
		began := time.Now()
		ctx.Send(c.PID, Term("crash"))
		took = append(took, (<-running).Sub(began))
	}
	_ = root.Stop(Shutdown)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns")
}

// announcer says when it has started, and panics on an error.
type announcer struct{ running chan time.Time }

func (a *announcer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.running <- time.Now()
	case error:
		panic(m)
	}
}
