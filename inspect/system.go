package inspect

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/erlmcp/erlmcp/repl"
)

func systemFunctions() map[string]function {
	return map[string]function{
		"erlang:system_info/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) {
			f := systemInfo[a[0].(repl.Atom)]
			if f == nil {
				return nil, repl.Badarg()
			}
			return f(v), nil
		},
		"erlang:group_leader/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return v.whereis(repl.Atom("root")), nil
		},
		"application:which_applications/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return repl.List(repl.Tuple{repl.Atom("erlmcp"), repl.String("MCP servers as supervised actors"), repl.String(v.o.Version)}), nil
		},
		"application:get_env/2":     func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.environment(a[0], a[1]) },
		"application:get_all_env/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.allEnvironment(a[0]) },
		"ets:all/0":                 func(context.Context, *view, []repl.Term) (repl.Term, error) { return repl.Nil{}, nil },
		"ets:info/1":                func(context.Context, *view, []repl.Term) (repl.Term, error) { return repl.Atom("undefined"), nil },
		"ets:info/2":                func(context.Context, *view, []repl.Term) (repl.Term, error) { return repl.Atom("undefined"), nil },
	}
}

// The version of Erlang whose shapes and messages the shell has.
const (
	otpRelease  = "25"
	ertsVersion = "13.1.5"
)

// heapSettings is the collector of OTP's processes. Here one collector, which is not generational, serves all:
// every collection is a full sweep, whose pace is gc_percent and memory_limit in the node's configuration.
var heapSettings = []repl.Term{
	repl.Tuple{repl.Atom("max_heap_size"), repl.Int(0)}, repl.Tuple{repl.Atom("min_bin_vheap_size"), repl.Int(0)},
	repl.Tuple{repl.Atom("min_heap_size"), repl.Int(0)}, repl.Tuple{repl.Atom("fullsweep_after"), repl.Int(0)},
}

// heapSetting is one of them by its key.
func heapSetting(i int) func(*view) repl.Term {
	return func(*view) repl.Term { return heapSettings[i] }
}

func fixed(t repl.Term) func(*view) repl.Term { return func(*view) repl.Term { return t } }

func counted(n func() int) func(*view) repl.Term {
	return func(*view) repl.Term { return repl.Int(n()) }
}

func schedulers() int { return runtime.GOMAXPROCS(0) }

// systemInfo is erlang:system_info/1. Actors and tables have no limit of their own beside the node's; a port is
// a client's connection. Dirty schedulers do not exist: the runtime starts threads for what blocks.
var systemInfo = map[repl.Atom]func(*view) repl.Term{
	"garbage_collection":   fixed(repl.List(heapSettings...)),
	"max_heap_size":        heapSetting(0),
	"min_bin_vheap_size":   heapSetting(1),
	"min_heap_size":        heapSetting(2),
	"fullsweep_after":      heapSetting(3),
	"process_count":        func(v *view) repl.Term { return repl.Int(len(v.o.System.Numbers()) + 1) },
	"process_limit":        func(v *view) repl.Term { return repl.Int(v.o.Limits.Processes) },
	"port_count":           func(v *view) repl.Term { return repl.Int(v.o.Gateway.Connections()) },
	"port_limit":           func(v *view) repl.Term { return repl.Int(v.o.Limits.Ports) },
	"ets_count":            fixed(repl.Int(0)),
	"ets_limit":            fixed(repl.Int(math.MaxInt32)),
	"atom_count":           fixed(repl.Int(0)),
	"atom_limit":           fixed(repl.Int(math.MaxInt32)),
	"schedulers":           counted(schedulers),
	"schedulers_online":    counted(schedulers),
	"logical_processors":   counted(runtime.NumCPU),
	"dirty_cpu_schedulers": fixed(repl.Int(0)),
	"dirty_io_schedulers":  fixed(repl.Int(0)),
	"otp_release":          fixed(repl.String(otpRelease)),
	"version":              fixed(repl.String(ertsVersion)),
	"system_version":       systemVersion,
	"system_architecture":  fixed(repl.String(runtime.GOARCH + "-" + runtime.GOOS)),
	"wordsize":             fixed(repl.Int(8)),
	"smp_support":          fixed(repl.True),
	"threads":              fixed(repl.True),
	"kernel_poll":          fixed(repl.True),
	"heap_type":            fixed(repl.Atom("shared")),
	"multi_scheduling":     fixed(repl.Atom("enabled")),
	"start_time":           func(v *view) repl.Term { return repl.Int(v.made.UnixNano()) },
}

func systemVersion(v *view) repl.Term {
	return repl.String(fmt.Sprintf("erlmcp %s [%s] [smp:%d:%d], answering as Erlang/OTP %s [erts-%s]\n",
		v.o.Version, runtime.Version(), schedulers(), schedulers(), otpRelease, ertsVersion))
}

// environment is application:get_env/2 over the node's configuration: {ok,Binary}, or undefined.
func (v *view) environment(app, key repl.Term) (repl.Term, error) {
	if app == repl.Term(repl.Atom("erlmcp")) && v.o.Operator != nil {
		if found, err := v.configOf(key); err == nil {
			return repl.Tuple{repl.Atom("ok"), found.(repl.Tuple)[0]}, nil
		}
	}
	return repl.Atom("undefined"), nil
}

// allEnvironment is application:get_all_env/1: pairs of an atom and a binary.
func (v *view) allEnvironment(app repl.Term) (repl.Term, error) {
	if app != repl.Term(repl.Atom("erlmcp")) || v.o.Operator == nil {
		return repl.Nil{}, nil
	}
	var list []repl.Term
	for _, c := range v.o.Operator.Config() {
		list = append(list, repl.Tuple{repl.Atom(c.Key), repl.Binary(c.Value)})
	}
	return repl.List(list...), nil
}
