package inspect

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

// erlmcpFunctions are the node's own: what it is, what it offers, how it is configured.
func erlmcpFunctions() map[string]function {
	return map[string]function{
		"erlmcp:status/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.status(), nil },
		"erlmcp:uptime/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.uptime(), nil },
		"erlmcp:tools/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return binaries(v.o.Server.ToolNames()), nil
		},
		"erlmcp:resources/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return binaries(v.o.Server.ResourceURIs()), nil
		},
		"erlmcp:prompts/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			return binaries(v.o.Server.PromptNames()), nil
		},
		"erlmcp:config/0":        ofOperator(func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.config(), nil }),
		"erlmcp:config/1":        ofOperator(func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.configOf(a[0]) }),
		"erlmcp:reload_config/0": ofOperator(func(ctx context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.reload(ctx) }),
		"erlmcp:log_level/0":     ofOperator(func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.logLevels(), nil }),
		"erlmcp:log_level/1":     ofOperator(func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.setLogLevel(a[0]) }),
		"erlmcp:drain/0":         ending(func(l *Life) func() { return l.Drain }),
	}
}

// ofOperator leaves f undefined where nothing is known of the process around the node.
func ofOperator(f function) function {
	return func(ctx context.Context, v *view, args []repl.Term) (repl.Term, error) {
		if v.o.Operator == nil {
			return nil, errAbsent
		}
		return f(ctx, v, args)
	}
}

// status is one map of what matters first. uptime is in seconds, memory in bytes as erlang:memory(total).
func (v *view) status() repl.Term {
	own := Member{State: "up"}
	members := v.o.Members()
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == v.o.Name }); i >= 0 {
		own = members[i]
	}
	return fields(
		"name", repl.Atom(v.o.Name), "version", repl.Binary(v.o.Version), "state", repl.Atom(own.State),
		"uptime", v.uptime(), "sessions", repl.Int(v.o.Gateway.Count()), "connections", repl.Int(v.o.Gateway.Connections()),
		"processes", repl.Int(len(v.o.System.Numbers())), "memory", repl.Int(memory()[repl.Atom("total")]),
		"members", repl.Int(len(members)), "clustered", repl.Bool(v.o.Cluster != nil),
	)
}

// uptime is the time since the node was made, in seconds.
func (v *view) uptime() repl.Term { return repl.Int(time.Since(v.made) / time.Second) }

// config is the effective configuration: a list of {Key, Value, Origin}, all binaries, in the order of the
// documentation. Secrets are redacted.
func (v *view) config() repl.Term {
	var list []repl.Term
	for _, c := range v.o.Operator.Config() {
		list = append(list, repl.Tuple{repl.Binary(c.Key), repl.Binary(c.Value), repl.Binary(c.Origin)})
	}
	return repl.List(list...)
}

// configOf is {Value, Origin} of one key, a binary, string or atom; badarg if there is no such key.
func (v *view) configOf(key repl.Term) (repl.Term, error) {
	name, ok := name(key)
	for _, c := range v.o.Operator.Config() {
		if ok && c.Key == name {
			return repl.Tuple{repl.Binary(c.Value), repl.Binary(c.Origin)}, nil
		}
	}
	return nil, repl.Badarg()
}

// reload is #{applied, needs_restart}, lists of keys, or {error, Text}; then nothing has changed.
func (v *view) reload(ctx context.Context) (repl.Term, error) {
	applied, later, err := v.o.Operator.ReloadConfig(ctx)
	if err != nil {
		return repl.Tuple{repl.Atom("error"), repl.Binary(err.Error())}, nil
	}
	return fields("applied", binaries(applied), "needs_restart", binaries(later)), nil
}

// logLevels is #{Subsystem => Level}.
func (v *view) logLevels() repl.Term {
	levels := v.o.Operator.LogLevels()
	var pairs [][2]repl.Term
	for _, subsystem := range slices.Sorted(maps.Keys(levels)) {
		pairs = append(pairs, [2]repl.Term{repl.Atom(subsystem), repl.Atom(levels[subsystem])})
	}
	return repl.NewMap(pairs...)
}

// setLogLevel takes Level, for all subsystems, or {Subsystem, Level}.
func (v *view) setLogLevel(arg repl.Term) (repl.Term, error) {
	subsystem, level := repl.Term(nil), arg
	if pair, ok := arg.(repl.Tuple); ok && len(pair) == 2 {
		subsystem, level = pair[0], pair[1]
	}
	where, known := "", true
	if subsystem != nil {
		where, known = name(subsystem)
	}
	to, ok := name(level)
	if !ok || !known {
		return nil, repl.Badarg()
	}
	if err := v.o.Operator.SetLogLevel(where, to); err != nil {
		return repl.Tuple{repl.Atom("error"), repl.Binary(err.Error())}, nil
	}
	return repl.Atom("ok"), nil
}

// name reads a name, written as an atom, a binary or a string.
func name(t repl.Term) (string, bool) {
	switch t := t.(type) {
	case repl.Atom:
		return string(t), true
	case repl.Bits:
		return string(t.Data), t.N%8 == 0
	}
	return repl.Text(t)
}

func binaries(texts []string) repl.Term {
	list := make([]repl.Term, len(texts))
	for i, s := range texts {
		list[i] = repl.Binary(s)
	}
	return repl.List(list...)
}
