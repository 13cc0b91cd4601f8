package inspect

import (
	"context"
	"strings"

	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

// item is one key of process_info.
type item struct {
	key    string
	listed bool // part of process_info/1
	value  func(v *view, p process) repl.Term
}

// items are the keys of process_info in the order of OTP. Where a Go program has nothing of the kind, the value
// is a constant and the line says so.
var items = []item{
	{"registered_name", true, func(_ *view, p process) repl.Term { return registeredTerm(p) }},
	{"current_function", true, func(_ *view, p process) repl.Term { return p.current() }}, // between turns: where an Erlang process would wait
	{"initial_call", true, func(_ *view, p process) repl.Term { return p.initial() }},
	{"status", true, func(_ *view, p process) repl.Term { return p.status() }},
	{"message_queue_len", true, func(_ *view, p process) repl.Term { return repl.Int(p.Backlog) }},
	{"links", true, func(v *view, p process) repl.Term { return v.links(p) }}, // no links in Go: supervisor and children
	{"dictionary", true, func(v *view, p process) repl.Term { return v.dictionary(p) }},
	{"trap_exit", true, func(_ *view, p process) repl.Term { return repl.Bool(p.Type == supervisors.SupervisorType) }}, // it ignores all but kill
	{"error_handler", true, constant(repl.Atom("error_handler"))},                                                      // no code loading
	{"priority", true, constant(repl.Atom("normal"))},                                                                  // no priorities
	{"group_leader", true, func(v *view, _ process) repl.Term { return v.root() }},                                     // no IO of its own: the root
	{"total_heap_size", true, func(_ *view, p process) repl.Term { return repl.Int(p.words()) }},                       // no heap of its own: memory in words
	{"heap_size", true, func(_ *view, p process) repl.Term { return repl.Int(p.words()) }},                             // the same
	{"stack_size", true, constant(repl.Int(0))},                                                                        // no stack between turns
	{"reductions", true, func(_ *view, p process) repl.Term { return repl.Int(p.reductions()) }},
	{"garbage_collection", true, constant(collection())}, // one collector for all processes: the defaults of OTP
	{"suspending", true, constant(repl.Nil{})},           // no suspension

	{"memory", false, func(_ *view, p process) repl.Term { return repl.Int(p.Memory) }}, // what is accounted to it
	{"messages", false, constant(repl.Nil{})},                                           // not shown: they are what clients send
	{"monitors", false, constant(repl.Nil{})},                                           // no monitors
	{"monitored_by", false, constant(repl.Nil{})},                                       // no monitors
	{"binary", false, constant(repl.Nil{})},                                             // no binaries beside the heap
	{"current_location", false, func(_ *view, p process) repl.Term { return append(p.current(), repl.Nil{}) }},
	{"current_stacktrace", false, func(_ *view, p process) repl.Term { return repl.List(append(p.current(), repl.Nil{})) }},
	{"message_queue_data", false, constant(repl.Atom("on_heap"))},
	{"catchlevel", false, constant(repl.Int(0))},
	{"trace", false, constant(repl.Int(0))},
	{"last_calls", false, constant(repl.False)},
	{"min_heap_size", false, constant(repl.Int(0))}, // as system_info has it
	{"parent", false, func(_ *view, p process) repl.Term { return parentTerm(p) }},
	{"sequential_trace_token", false, constant(repl.Nil{})},
	{"backtrace", false, constant(repl.Binary(""))}, // no stack between turns
}

func constant(t repl.Term) func(*view, process) repl.Term {
	return func(*view, process) repl.Term { return t }
}

func itemOf(key repl.Term) (item, bool) {
	name, ok := key.(repl.Atom)
	if !ok {
		return item{}, false
	}
	for _, i := range items {
		if i.key == string(name) {
			return i, true
		}
	}
	return item{}, false
}

func (i item) pair(v *view, p process) repl.Term {
	return repl.Tuple{repl.Atom(i.key), i.value(v, p)}
}

func (v *view) processInfo(t repl.Term) (repl.Term, error) {
	n, ok := ownNumber(t)
	if !ok {
		return nil, repl.Badarg()
	}
	p, ok := v.process(n)
	if !ok {
		return repl.Atom("undefined"), nil
	}
	var pairs []repl.Term
	for _, i := range items {
		if i.listed && (i.key != "registered_name" || p.name != "") {
			pairs = append(pairs, i.pair(v, p))
		}
	}
	return repl.List(pairs...), nil
}

// processItems is process_info/2: one pair, or a list of them.
func (v *view) processItems(t, keys repl.Term) (repl.Term, error) {
	n, ok := ownNumber(t)
	if !ok {
		return nil, repl.Badarg()
	}
	list, several := repl.Slice(keys)
	if !several {
		list = []repl.Term{keys}
	}
	wanted := make([]item, len(list))
	for i, key := range list {
		if wanted[i], ok = itemOf(key); !ok {
			return nil, repl.Badarg()
		}
	}
	p, ok := v.process(n)
	if !ok {
		return repl.Atom("undefined"), nil
	}
	if !several {
		if wanted[0].key == "registered_name" && p.name == "" {
			return repl.Nil{}, nil
		}
		return wanted[0].pair(v, p), nil
	}
	pairs := make([]repl.Term, len(wanted))
	for i := range wanted {
		pairs[i] = wanted[i].pair(v, p)
	}
	return repl.List(pairs...), nil
}

func registeredTerm(p process) repl.Term {
	if p.name == "" {
		return repl.Nil{}
	}
	return repl.Atom(p.name)
}

func parentTerm(p process) repl.Term {
	if p.Parent == 0 {
		return repl.Atom("undefined")
	}
	return pid(p.Parent)
}

// module stands for the code of a process: supervisor, service, or the id of its child specification.
func (p process) module() repl.Atom {
	switch {
	case p.Type == supervisors.SupervisorType:
		return "supervisor"
	case p.Kind == "service":
		return "service"
	}
	return repl.Atom(p.ID)
}

func (p process) initial() repl.Tuple {
	name := "init"
	if p.name != "" {
		name = p.name
	}
	return repl.Tuple{p.module(), repl.Atom(name), repl.Int(1)}
}

func (p process) current() repl.Tuple {
	switch {
	case p.self:
		return repl.Tuple{repl.Atom("erl_eval"), repl.Atom("do_apply"), repl.Int(6)}
	case p.Kind == "service":
		return repl.Tuple{repl.Atom("service"), repl.Atom("run"), repl.Int(1)}
	}
	return repl.Tuple{repl.Atom("gen_server"), repl.Atom("loop"), repl.Int(7)}
}

func (p process) status() repl.Term {
	switch {
	case p.self, p.Backlog > 0:
		return repl.Atom("running")
	case !p.Running():
		return repl.Atom("exiting")
	}
	return repl.Atom("waiting")
}

// reductions are messages handled, and a microsecond of handler time each.
func (p process) reductions() int64 { return int64(p.Handled) + p.Work.Microseconds() }

// words is the memory in words of eight bytes.
func (p process) words() int { return p.Memory / 8 }

// links are the supervisor of a process and its children.
func (v *view) links(p process) repl.Term {
	var list []repl.Term
	if p.Parent != 0 {
		list = append(list, pid(p.Parent))
	}
	if p.Type != supervisors.SupervisorType {
		return repl.List(list...)
	}
	others := v.o.System.Static()
	if h, ok := p.Supervisor(); ok && h.Dynamic() > 0 {
		others = v.o.System.Processes()
	}
	for _, o := range others {
		if o.Parent == p.Number {
			list = append(list, pid(o.Number))
		}
	}
	return repl.List(list...)
}

// dictionary is what OTP's behaviours keep there; of a session also its id.
func (v *view) dictionary(p process) repl.Term {
	list := []repl.Term{
		repl.Tuple{repl.Atom("$initial_call"), p.initial()},
		repl.Tuple{repl.Atom("$ancestors"), v.ancestors(p)},
	}
	if p.Kind == "session" {
		list = append(list, repl.Tuple{repl.Atom("session"), repl.Binary(sessionID(p))})
	}
	return repl.List(list...)
}

func sessionID(p process) string { return p.Name[strings.LastIndexByte(p.Name, '/')+1:] }

// ancestors are the supervisors above, the nearest first, by name where they have one.
func (v *view) ancestors(p process) repl.Term {
	var list []repl.Term
	for p.Parent != 0 {
		above, ok := v.process(p.Parent)
		if !ok {
			break
		}
		if p = above; p.name != "" {
			list = append(list, repl.Atom(p.name))
		} else {
			list = append(list, pid(p.Number))
		}
	}
	return repl.List(list...)
}

// root is the pid of the root supervisor, which is the oldest process.
func (v *view) root() repl.Term {
	if all := v.o.System.Static(); len(all) > 0 {
		return pid(all[0].Number)
	}
	return pid(v.self)
}

func collection() repl.Term {
	limit := repl.NewMap([2]repl.Term{repl.Atom("error_logger"), repl.True}, [2]repl.Term{repl.Atom("kill"), repl.True}, [2]repl.Term{repl.Atom("size"), repl.Int(0)})
	return repl.List(
		repl.Tuple{repl.Atom("max_heap_size"), limit},
		heapSettings[1], heapSettings[2], heapSettings[3],
		repl.Tuple{repl.Atom("minor_gcs"), repl.Int(0)},
	)
}

// callError is the exit of a call to a process: reason, and what was called.
func callError(reason repl.Term, module, name string, args ...repl.Term) error {
	return repl.Raise(repl.ClassExit, repl.Tuple{reason, repl.Tuple{repl.Atom(module), repl.Atom(name), repl.List(args...)}})
}

// within is ctx with a time-out as gen_server:call takes it: milliseconds or infinity.
func within(ctx context.Context, t repl.Term) (context.Context, context.CancelFunc, error) {
	if t == repl.Term(repl.Atom("infinity")) {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	d, ok := milliseconds(t)
	if !ok {
		return nil, nil, repl.Badarg()
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}
