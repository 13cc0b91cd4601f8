package inspect

import (
	"context"
	"runtime"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

func reconNodeFunctions() map[string]function {
	return map[string]function{
		"recon:node_stats_list/2": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) {
			return v.nodeStats(ctx, a[0], a[1])
		},
		"recon:scheduler_usage/1": func(ctx context.Context, _ *view, a []repl.Term) (repl.Term, error) {
			return schedulerUsage(ctx, a[0])
		},
		"recon:bin_leak/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) {
			runtime.GC()
			return v.procCount(repl.Atom("binary_memory"), a[0]) // nothing is held apart from the heap
		},
	}
}

// interval reads a time in milliseconds.
func interval(t repl.Term) (time.Duration, error) {
	ms, ok := t.(repl.Int)
	if !ok || ms < 0 {
		return 0, repl.Badarg()
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// rest waits, unless ctx ends before.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// counters are what node_stats tells the increase of.
type counters struct {
	received, sent uint64
	collections    uint64
	freed          uint64 // words
	reductions     int64
	cpu            time.Duration
	at             time.Time
}

func (v *view) counters() counters {
	m := measure(collections, freedBytes)
	received, sent := v.o.Traffic()
	return counters{received, sent, m[0], m[1] / wordBytes, v.reductions(), cpuTime(), time.Now()}
}

// nodeStats is recon:node_stats_list/2: {Absolutes, Increments} for each interval.
func (v *view) nodeStats(ctx context.Context, repeats, every repl.Term) (repl.Term, error) {
	n, ok := repeats.(repl.Int)
	d, err := interval(every)
	if !ok || n < 0 || err != nil {
		return nil, repl.Badarg()
	}
	var list []repl.Term
	before := v.counters()
	for range n {
		if err := rest(ctx, d); err != nil {
			return nil, err
		}
		now := v.counters()
		list = append(list, repl.Tuple{v.absolutes(), increments(before, now)})
		before = now
	}
	return repl.List(list...), nil
}

func (v *view) absolutes() repl.Term {
	m := memory()
	return pairs(
		"process_count", repl.Int(len(v.o.System.Numbers())+1), "run_queue", count(runnable),
		"memory_total", repl.Int(m[repl.Atom("total")]), "memory_procs", repl.Int(m[repl.Atom("processes")]),
		"memory_atoms", repl.Int(m[repl.Atom("atom_used")]), "memory_bin", repl.Int(m[repl.Atom("binary")]),
		"memory_ets", repl.Int(m[repl.Atom("ets")]),
	)
}

func increments(before, now counters) repl.Term {
	return pairs(
		"bytes_in", repl.Int(now.received-before.received), "bytes_out", repl.Int(now.sent-before.sent),
		"gc_count", repl.Int(now.collections-before.collections), "gc_words_reclaimed", repl.Int(now.freed-before.freed),
		"reductions", repl.Int(now.reductions-before.reductions), "scheduler_usage", usageTerm(before, now),
	)
}

// schedulerUsage is recon:scheduler_usage/1.
func schedulerUsage(ctx context.Context, over repl.Term) (repl.Term, error) {
	d, err := interval(over)
	if err != nil {
		return nil, err
	}
	before := counters{cpu: cpuTime(), at: time.Now()}
	if err := rest(ctx, d); err != nil {
		return nil, err
	}
	return usageTerm(before, counters{cpu: cpuTime(), at: time.Now()}), nil
}

// usageTerm is [{Scheduler, Share}]. The system counts processor time by process, so each scheduler has the
// mean of all; their sum is the number of processors used.
func usageTerm(before, now counters) repl.Term {
	share := 0.0
	if elapsed := now.at.Sub(before.at); elapsed > 0 {
		share = float64(now.cpu-before.cpu) / float64(elapsed) / float64(schedulers())
	}
	var list []repl.Term
	for i := range schedulers() {
		list = append(list, repl.Tuple{repl.Int(i + 1), repl.Float(min(share, 1))})
	}
	return repl.List(list...)
}
