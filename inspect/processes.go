package inspect

import (
	"context"
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

func processFunctions() map[string]function {
	return map[string]function{
		"erlang:self/0":             func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return pid(v.self), nil },
		"erlang:processes/0":        func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.processes(), nil },
		"erlang:registered/0":       func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.registered(), nil },
		"erlang:whereis/1":          func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.whereis(a[0]), nil },
		"erlang:is_process_alive/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.isAlive(a[0]) },
		"erlang:process_info/1":     func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.processInfo(a[0]) },
		"erlang:process_info/2":     func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.processItems(a[0], a[1]) },
		"erlang:exit/2":             func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.exit(a[0], a[1]) },
	}
}

// process is a process as expressions see it.
type process struct {
	supervisors.Process
	name string // registered; empty for none
	self bool   // the evaluation itself, which is not supervised
}

// pid is <0.N.0>.
func pid(number uint64) repl.Pid { return repl.Pid{ID: number} }

// ownNumber is the number of a process of this node.
func ownNumber(t repl.Term) (uint64, bool) {
	p, ok := t.(repl.Pid)
	return p.ID, ok && p.Node == 0 && p.Serial == 0
}

func (v *view) process(number uint64) (process, bool) {
	if number == v.self {
		return process{Process: supervisors.Process{Number: number, ID: "shell", Report: supervisors.Report{Kind: "shell"}}, self: true}, true
	}
	p, ok := v.o.System.Process(number)
	return process{Process: p, name: registeredName(p)}, ok
}

// registeredName is the name under which a process of the static tree is known: the id that it has there. The
// partitions of a supervisor, whose ids are numbers, have its name before that.
func registeredName(p supervisors.Process) string {
	if p.Dynamic || p.Name == "" {
		return ""
	}
	above, name := "", p.Name
	if i := strings.LastIndexByte(p.Name, '/'); i >= 0 {
		above, name = p.Name[:i], p.Name[i+1:]
	}
	name, _, _ = strings.Cut(name, "~") // a second name, while the first is taken
	if _, err := strconv.Atoi(name); err == nil {
		return above[strings.LastIndexByte(above, '/')+1:] + "_" + name
	}
	return name
}

func (v *view) processes() repl.Term {
	numbers := v.o.System.Numbers()
	list := make([]repl.Term, 0, len(numbers)+1)
	for _, n := range numbers {
		list = append(list, pid(n))
	}
	return repl.List(append(list, pid(v.self))...)
}

func (v *view) registered() repl.Term {
	var names []string
	seen := map[string]bool{}
	for _, p := range v.o.System.Static() {
		if name := registeredName(p); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return atoms(names)
}

// named finds a registered process; of several with one id the oldest has the name.
func (v *view) named(name string) (process, bool) {
	for _, p := range v.o.System.Static() {
		if registeredName(p) == name {
			return process{Process: p, name: name}, true
		}
	}
	return process{}, false
}

func (v *view) whereis(name repl.Term) repl.Term {
	if p, ok := v.named(string(name.(repl.Atom))); ok { // repl has looked at the type
		return pid(p.Number)
	}
	return repl.Atom("undefined")
}

func (v *view) isAlive(t repl.Term) (repl.Term, error) {
	n, ok := ownNumber(t)
	if !ok {
		return nil, repl.Badarg()
	}
	_, alive := v.process(n)
	return repl.Bool(alive), nil
}

// find is the process that a pid, a registered name or {Name,Node} stands for; false if it does not run here.
func (v *view) find(t repl.Term) (process, bool) {
	switch t := t.(type) {
	case repl.Pid:
		if n, ok := ownNumber(t); ok {
			return v.process(n)
		}
	case repl.Atom:
		return v.named(string(t))
	case repl.Tuple:
		if len(t) == 2 && v.isSelf(t[1]) {
			if name, ok := t[0].(repl.Atom); ok {
				return v.named(string(name))
			}
		}
	}
	return process{}, false
}

// isSelf reports whether t is the name of this node, as node() gives it.
func (v *view) isSelf(t repl.Term) bool {
	if v.o.Cluster == nil {
		return t == repl.Term(repl.Atom("nonode@nohost")) || t == repl.Term(repl.Atom(v.o.Name))
	}
	return t == repl.Term(repl.Atom(v.o.Name))
}

// exit is exit/2. Only kill ends a supervisor, which traps exits; nothing happens to a process that has ended.
func (v *view) exit(who, reason repl.Term) (repl.Term, error) {
	n, ok := ownNumber(who)
	if !ok {
		return nil, repl.Badarg()
	}
	p, alive := v.process(n)
	switch {
	case p.self && reason != repl.Term(repl.Atom("normal")):
		return nil, repl.Raise(repl.ClassExit, reason)
	case alive && !p.self:
		if r, some := exitReason(reason); some {
			v.o.System.ExitProcess(p.Process, r)
		}
	}
	return repl.True, nil
}

// exitReason reads a reason; false for normal, which a process ignores when it comes from another.
func exitReason(t repl.Term) (supervisors.ExitReason, bool) {
	switch t := t.(type) {
	case repl.Atom:
		switch t {
		case "normal":
			return supervisors.Normal, false
		case "kill":
			return supervisors.Killed, true
		case "shutdown":
			return supervisors.Shutdown, true
		}
	case repl.Tuple:
		if len(t) == 2 && t[0] == repl.Term(repl.Atom("shutdown")) {
			return supervisors.ShutdownWith(supervisors.Term(repl.Format(t[1]))), true
		}
	}
	return supervisors.Crash(supervisors.Term(repl.Format(t))), true
}
