package inspect

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

func reconProcFunctions() map[string]function {
	return map[string]function{
		"recon:proc_count/2": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.procCount(a[0], a[1]) },
		"recon:proc_window/3": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) {
			return v.procWindow(ctx, a[0], a[1], a[2])
		},
		"recon:info/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.info(a) },
		"recon:info/2": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.info(a[:1], a[1]) },
		"recon:info/3": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.info(a) },
		"recon:info/4": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.info(a[:3], a[3]) },
	}
}

// measures are the attributes by which processes can be ranked. There are no binaries beside the heap.
var measures = map[repl.Atom]func(process) int64{
	"reductions":        process.reductions,
	"memory":            func(p process) int64 { return int64(p.Memory) },
	"message_queue_len": func(p process) int64 { return int64(p.Backlog) },
	"total_heap_size":   func(p process) int64 { return int64(p.words()) },
	"heap_size":         func(p process) int64 { return int64(p.words()) },
	"stack_size":        func(process) int64 { return 0 },
	"binary_memory":     func(process) int64 { return 0 },
}

// ranking reads the arguments of a ranking.
func ranking(attribute, most repl.Term) (func(process) int64, int, error) {
	name, _ := attribute.(repl.Atom)
	n, ok := most.(repl.Int)
	measure := measures[name]
	if measure == nil || !ok || n < 0 {
		return nil, 0, repl.Badarg()
	}
	return measure, int(n), nil
}

// sample is a process with the value that it is ranked by.
type sample struct {
	process
	value int64
}

func (v *view) samples(measure func(process) int64) []sample {
	all := v.o.System.Processes()
	list := make([]sample, len(all))
	for i := range all {
		list[i].process.Process = all[i]
		list[i].value = measure(list[i].process)
	}
	return list
}

func (v *view) procCount(attribute, most repl.Term) (repl.Term, error) {
	measure, n, err := ranking(attribute, most)
	if err != nil {
		return nil, err
	}
	return top(v.samples(measure), n), nil
}

// procWindow ranks by the increase during a time. A process that began in it counts from nothing, one that
// ended in it is left out.
func (v *view) procWindow(ctx context.Context, attribute, most, window repl.Term) (repl.Term, error) {
	measure, n, err := ranking(attribute, most)
	d, ok := milliseconds(window)
	if err != nil || !ok {
		return nil, repl.Badarg()
	}
	before := map[uint64]int64{}
	for _, s := range v.samples(measure) {
		before[s.Number] = s.value
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	after := v.samples(measure)
	for i := range after {
		after[i].value -= before[after[i].Number]
	}
	return top(after, n), nil
}

// top is the n highest as {Pid,Value,Info}.
func top(all []sample, n int) repl.Term {
	slices.SortFunc(all, func(a, b sample) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.Number, b.Number))
	})
	all = all[:min(n, len(all))]
	list := make([]repl.Term, len(all))
	for i, s := range all {
		s.name = registeredName(s.Process)
		var info []repl.Term
		if s.name != "" {
			info = append(info, repl.Atom(s.name))
		}
		info = append(info, repl.Tuple{repl.Atom("current_function"), s.current()}, repl.Tuple{repl.Atom("initial_call"), s.initial()})
		list[i] = repl.Tuple{pid(s.Number), repl.Int(s.value), repl.List(info...)}
	}
	return repl.List(list...)
}

// groups are the parts of recon:info, in its order.
var groups = []struct {
	name string
	keys string
}{
	{"meta", "registered_name dictionary group_leader status"},
	{"signals", "links monitors monitored_by trap_exit"},
	{"location", "initial_call current_stacktrace"},
	{"memory_used", "memory message_queue_len heap_size total_heap_size garbage_collection"},
	{"work", "reductions"},
}

// info is recon:info of a process, whole or of one group or attribute. A process that has ended is undefined.
func (v *view) info(who []repl.Term, key ...repl.Term) (repl.Term, error) {
	p, ok, err := v.loosely(who)
	if err != nil {
		return nil, err
	}
	if !ok {
		return repl.Atom("undefined"), nil
	}
	if len(key) == 0 {
		all := make([]repl.Term, len(groups))
		for i, g := range groups {
			all[i] = v.group(p, g.name, g.keys)
		}
		return repl.List(all...), nil
	}
	for _, g := range groups {
		if key[0] == repl.Term(repl.Atom(g.name)) {
			return v.group(p, g.name, g.keys), nil
		}
	}
	if key[0] == repl.Term(repl.Atom("binary_memory")) {
		return repl.Tuple{key[0], repl.Int(0)}, nil
	}
	i, ok := itemOf(key[0])
	if !ok {
		return nil, repl.Badarg()
	}
	return i.pair(v, p), nil
}

func (v *view) group(p process, name, keys string) repl.Term {
	var list []repl.Term
	for key := range strings.FieldsSeq(keys) {
		i, _ := itemOf(repl.Atom(key)) // a test looks at all of them
		list = append(list, i.pair(v, p))
	}
	return repl.Tuple{repl.Atom(name), repl.List(list...)}
}

// loosely finds a process by what recon takes for a pid: a pid, a name, "<0.1.0>", or three numbers.
func (v *view) loosely(who []repl.Term) (process, bool, error) {
	if len(who) == 3 {
		var n [3]uint64
		for i, t := range who {
			x, ok := t.(repl.Int)
			if !ok || x < 0 {
				return process{}, false, repl.Badarg()
			}
			n[i] = uint64(x)
		}
		who = []repl.Term{repl.Pid{Node: n[0], ID: n[1], Serial: n[2]}}
	}
	switch t := who[0].(type) {
	case repl.Pid, repl.Atom, repl.Tuple:
		p, ok := v.find(t)
		return p, ok, nil
	default:
		number, ok := pidText(t)
		if !ok {
			return process{}, false, repl.Badarg()
		}
		p, ok := v.process(number)
		return p, ok, nil
	}
}

// pidText reads the string "<0.N.0>".
func pidText(t repl.Term) (uint64, bool) {
	chars, ok := repl.Slice(t)
	if !ok {
		return 0, false
	}
	var text strings.Builder
	for _, c := range chars {
		n, ok := c.(repl.Int)
		if !ok || n <= 0 || n > 127 {
			return 0, false
		}
		text.WriteByte(byte(n))
	}
	inner, ok1 := strings.CutPrefix(text.String(), "<0.")
	inner, ok2 := strings.CutSuffix(inner, ".0>")
	number, err := strconv.ParseUint(inner, 10, 64)
	return number, ok1 && ok2 && err == nil
}
