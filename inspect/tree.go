package inspect

import (
	"context"
	"time"

	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

func treeFunctions() map[string]function {
	return map[string]function{
		"erlmcp:tree/0": func(ctx context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.tree(ctx) },
	}
}

// treePatience is how long tree waits for supervisors that are busy, all together.
const treePatience = time.Second

// tree is the supervision tree as nested maps:
//
//	#{id, name, pid, type, status, restarts, memory, reductions, messages}   a process
//	#{..., strategy, restarted, active, children}                            a supervisor
//
// status is up, restarting or down; without a process there is neither pid nor what is counted of one. restarts
// is how often the child was started anew, restarted how often the supervisor has restarted children. The
// children of a simple_one_for_one supervisor are one row with their count. A supervisor that does not answer
// in time has the status busy, and those children that run.
func (v *view) tree(ctx context.Context) (repl.Term, error) {
	limited, cancel := context.WithTimeout(ctx, treePatience)
	defer cancel()
	static := v.o.System.Static()
	if len(static) == 0 {
		return nil, repl.Raise(repl.ClassExit, repl.Atom("noproc"))
	}
	t := forest{v: v, ctx: limited, below: map[uint64][]supervisors.Process{}, at: map[uint64]supervisors.Process{}}
	for _, p := range static {
		t.below[p.Parent] = append(t.below[p.Parent], p)
		t.at[p.Number] = p
	}
	return t.row(static[0]), ctx.Err()
}

// forest is what tree walks over.
type forest struct {
	v     *view
	ctx   context.Context
	below map[uint64][]supervisors.Process // by the number of the supervisor, the oldest first
	at    map[uint64]supervisors.Process
}

func (t *forest) row(sp supervisors.Process) repl.Term {
	p := process{Process: sp, name: registeredName(sp)}
	kv := []any{
		"id", repl.Atom(p.ID), "name", registeredTerm(p), "pid", pid(p.Number), "type", repl.Atom(p.Type), "status", repl.Atom("up"),
		"restarts", repl.Int(p.Restart), "memory", repl.Int(p.Memory), "reductions", repl.Int(p.reductions()), "messages", repl.Int(p.Backlog),
	}
	h, ok := p.supervisor()
	if !ok {
		return fields(kv...)
	}
	kv = append(kv, "restarted", repl.Int(h.Restarts()))
	st, err := h.Within(t.ctx).State()
	if err != nil {
		kv = append(kv, "status", repl.Atom("busy"))
	} else {
		kv = append(kv, "strategy", repl.Atom(st.Strategy))
	}
	if st.Strategy == supervisors.SimpleOneForOne || h.Dynamic() > 0 {
		row := fields("id", repl.Atom(st.Template.ID), "type", repl.Atom(st.Template.Type), "count", repl.Int(h.Dynamic()))
		return fields(append(kv, "active", repl.Int(h.Dynamic()-st.Retrying), "children", repl.List(row))...)
	}
	children := t.children(p, h)
	return fields(append(kv, "active", repl.Int(len(t.below[p.Number])), "children", repl.List(children...))...)
}

// children are the rows below a static supervisor, in start order.
func (t *forest) children(p process, h *supervisors.Supervisor) []repl.Term {
	var list []repl.Term
	rows, err := h.Within(t.ctx).WhichChildren()
	if err != nil {
		for _, c := range t.below[p.Number] {
			list = append(list, t.row(c))
		}
		return list
	}
	for i := len(rows) - 1; i >= 0; i-- {
		c := rows[i]
		if running, ok := t.at[c.Number]; ok {
			list = append(list, t.row(running))
			continue
		}
		status := "down"
		if c.Restarting {
			status = "restarting"
		}
		list = append(list, fields("id", repl.Atom(c.ID), "type", repl.Atom(c.Type), "status", repl.Atom(status)))
	}
	return list
}
