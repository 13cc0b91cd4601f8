package inspect

import (
	"context"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

func statisticsFunctions() map[string]function {
	return map[string]function{
		"erlang:statistics/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) {
			f := statistics[a[0].(repl.Atom)]
			if f == nil {
				return nil, repl.Badarg()
			}
			return f(v), nil
		},
	}
}

// statistics is erlang:statistics/1. The runtime does not tell how its run queues share what is runnable, so the
// first has it all. Scheduler times are not kept.
var statistics = map[repl.Atom]func(*view) repl.Term{
	"run_queue":                   func(*view) repl.Term { return count(runnable) },
	"total_run_queue_lengths":     func(*view) repl.Term { return count(runnable) },
	"total_run_queue_lengths_all": func(*view) repl.Term { return count(runnable) },
	"run_queue_lengths":           func(*view) repl.Term { return perScheduler(measure(runnable)[0], 1) },
	"run_queue_lengths_all":       func(*view) repl.Term { return perScheduler(measure(runnable)[0], 2) },
	"total_active_tasks":          func(*view) repl.Term { return repl.Int(active()) },
	"total_active_tasks_all":      func(*view) repl.Term { return repl.Int(active()) },
	"active_tasks":                func(*view) repl.Term { return perScheduler(active(), 1) },
	"active_tasks_all":            func(*view) repl.Term { return perScheduler(active(), 2) },
	"reductions":                  func(v *view) repl.Term { return v.since.step("reductions", v.reductions()) },
	"exact_reductions":            func(v *view) repl.Term { return v.since.step("exact_reductions", v.reductions()) },
	"runtime":                     func(v *view) repl.Term { return v.since.step("runtime", cpuTime().Milliseconds()) },
	"wall_clock":                  func(v *view) repl.Term { return v.since.step("wall_clock", time.Since(v.made).Milliseconds()) },
	"io": func(v *view) repl.Term {
		received, sent := v.o.Traffic()
		return repl.Tuple{repl.Tuple{repl.Atom("input"), repl.Int(received)}, repl.Tuple{repl.Atom("output"), repl.Int(sent)}}
	},
	"garbage_collection": func(*view) repl.Term {
		m := measure(collections, freedBytes)
		return repl.Tuple{repl.Int(m[0]), repl.Int(m[1] / wordBytes), repl.Int(0)}
	},
	"context_switches":    func(*view) repl.Term { return repl.Tuple{repl.Int(contextSwitches()), repl.Int(0)} },
	"scheduler_wall_time": func(*view) repl.Term { return repl.Atom("undefined") },
}

const wordBytes = 8

func count(name string) repl.Term { return repl.Int(measure(name)[0]) }

// active is how many goroutines run or could run.
func active() uint64 {
	m := measure(runnable, running)
	return m[0] + m[1]
}

// perScheduler is a list with an element for each scheduler and for the dirty ones, which have nothing.
func perScheduler(sum uint64, dirty int) repl.Term {
	list := make([]repl.Term, schedulers()+dirty)
	for i := range list {
		list[i] = repl.Int(0)
	}
	list[0] = repl.Int(sum)
	return repl.List(list...)
}

// reductions are the messages handled since the start, and a microsecond of handler time each.
func (v *view) reductions() int64 {
	return int64(v.o.System.Handled()) + v.o.Gateway.Work().Microseconds()
}

// since remembers what each statistic was when it was asked for last.
type since struct {
	mu   sync.Mutex
	last map[string]int64
}

// step is {Total, SinceLastCall}.
func (s *since) step(name string, total int64) repl.Term {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[string]int64{}
	}
	before := s.last[name]
	s.last[name] = total
	return repl.Tuple{repl.Int(total), repl.Int(max(0, total-before))}
}
