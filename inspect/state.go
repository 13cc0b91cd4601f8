package inspect

import (
	"context"
	"errors"
	"time"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

// stateFunctions look into a process: a supervisor's state is the record of OTP, a session's and a service's a
// map without anything that clients sent.
func stateFunctions() map[string]function {
	return map[string]function{
		"sys:get_state/1":   looked("get_state", (*view).state),
		"sys:get_state/2":   looked("get_state", (*view).state),
		"recon:get_state/1": looked("get_state", (*view).state),
		"recon:get_state/2": looked("get_state", (*view).state),
		"sys:get_status/1":  looked("get_status", (*view).statusOf),
		"sys:get_status/2":  looked("get_status", (*view).statusOf),
	}
}

const sysTimeout = repl.Int(5000) // milliseconds; of the functions without one

func looked(name string, look func(*view, context.Context, process) (repl.Term, error)) function {
	return func(ctx context.Context, v *view, args []repl.Term) (repl.Term, error) {
		timeout := repl.Term(sysTimeout)
		if len(args) == 2 {
			timeout = args[1]
		}
		limited, cancel, err := within(ctx, timeout)
		if err != nil {
			return nil, err
		}
		defer cancel()
		p, ok := v.find(args[0])
		if !ok {
			return nil, callError(repl.Atom("noproc"), "sys", name, args...)
		}
		t, err := look(v, limited, p)
		switch {
		case errors.Is(err, supervisors.ErrNoProc):
			return nil, callError(repl.Atom("noproc"), "sys", name, args...)
		case err != nil && ctx.Err() == nil && limited.Err() != nil:
			return nil, callError(repl.Atom("timeout"), "sys", name, args...)
		}
		return t, err
	}
}

func (v *view) state(ctx context.Context, p process) (repl.Term, error) {
	if h, ok := p.supervisor(); ok {
		return v.supervisorState(ctx, p, h)
	}
	if p.Kind == "session" {
		if info, ok := v.o.Gateway.SessionInfo(sessionID(p)); ok {
			return sessionState(info), nil
		}
	}
	name := p.ID
	if p.name != "" {
		name = p.name
	}
	return fields("name", repl.Atom(name), "kind", p.module(), "since", timeTerm(p.Started), "restarts", repl.Int(p.Restart)), nil
}

// sessionState is what may be known of a session.
func sessionState(i actors.SessionInfo) repl.Term {
	return fields("id", repl.Binary(i.ID), "transport", repl.Atom(i.Transport), "revision", repl.Binary(i.Revision),
		"client", repl.Binary(i.Client), "version", repl.Binary(i.Version), "initialized", repl.Bool(i.Initialized),
		"log_level", repl.Atom(i.LogLevel), "started", timeTerm(i.Started), "last_use", timeTerm(i.LastUse),
		"in_flight", repl.Int(i.InFlight), "waiting", repl.Int(i.Waiting), "connected", repl.Bool(i.Connected),
		"incarnation", repl.Int(i.Incarnation), "restarts", repl.Int(i.Restarts), "subscriptions", repl.Int(i.Watched),
		"handler_ms", repl.Int(i.Work.Milliseconds()), "state_bytes", repl.Int(i.StateBytes))
}

// timeTerm is a time as calendar has it, in UTC.
func timeTerm(t time.Time) repl.Term {
	t = t.UTC()
	day := repl.Tuple{repl.Int(t.Year()), repl.Int(t.Month()), repl.Int(t.Day())}
	return repl.Tuple{day, repl.Tuple{repl.Int(t.Hour()), repl.Int(t.Minute()), repl.Int(t.Second())}}
}

// supervisorState is the record #state{} of OTP's supervisor: name, strategy, children, dynamics, intensity,
// period, restarts (in seconds since 1970), dynamic restarts, automatic shutdown, module, arguments.
func (v *view) supervisorState(ctx context.Context, p process, h *supervisors.Supervisor) (repl.Term, error) {
	h = h.Within(ctx)
	st, err := h.State()
	if err != nil {
		return nil, err
	}
	rows, err := h.WhichChildren()
	if err != nil {
		return nil, err
	}
	var restarts []repl.Term
	for _, at := range st.Restarts {
		restarts = append(restarts, repl.Int(at.Unix()))
	}
	var children []repl.Term
	dynamics := repl.Term(repl.Atom("undefined"))
	if st.Strategy == supervisors.SimpleOneForOne {
		children, dynamics = []repl.Term{record(st.Template, repl.Atom("undefined"))}, dynamicChildren(rows)
	}
	for _, c := range rows {
		if c.ID != "" {
			children = append(children, record(c.Spec(), childTerm(c)))
		}
	}
	return repl.Tuple{
		repl.Atom("state"), nameTerm(p), repl.Atom(st.Strategy), childrenTerm(children), dynamics, repl.Int(st.Intensity),
		repl.Int(st.Period / time.Second), repl.List(restarts...), repl.Int(st.Retrying), repl.Atom(st.AutoShutdown),
		p.module(), repl.List(repl.Atom(p.ID)),
	}, nil
}

// nameTerm is {local,Name}, or {Pid,Module} for a supervisor without a name.
func nameTerm(p process) repl.Term {
	if p.name == "" {
		return repl.Tuple{pid(p.Number), p.module()}
	}
	return repl.Tuple{repl.Atom("local"), repl.Atom(p.name)}
}

// record is the record #child{} of OTP's supervisor: pid, id, start, restart type, significant, shutdown, type,
// modules.
func record(s supervisors.ChildSpec, child repl.Term) repl.Term {
	return repl.Tuple{repl.Atom("child"), child, repl.Atom(s.ID), startTerm(s), repl.Atom(s.Restart), repl.Bool(s.Significant),
		shutdownTerm(s.Shutdown), repl.Atom(s.Type), modules(s)}
}

// childrenTerm is {Ids,#{Id => Child}}.
func childrenTerm(records []repl.Term) repl.Term {
	ids := make([]repl.Term, len(records))
	byID := make([][2]repl.Term, len(records))
	for i, r := range records {
		ids[i] = r.(repl.Tuple)[2]
		byID[i] = [2]repl.Term{ids[i], r}
	}
	return repl.Tuple{repl.List(ids...), repl.NewMap(byID...)}
}

// dynamicChildren is {maps,#{Pid => Arguments}}; the arguments are Go values and not shown.
func dynamicChildren(rows []supervisors.ChildInfo) repl.Term {
	var list [][2]repl.Term
	for _, c := range rows {
		if c.PID != nil {
			list = append(list, [2]repl.Term{pid(c.Number), repl.Nil{}})
		}
	}
	return repl.Tuple{repl.Atom("maps"), repl.NewMap(list...)}
}

// statusOf is sys:get_status.
func (v *view) statusOf(ctx context.Context, p process) (repl.Term, error) {
	state, err := v.state(ctx, p)
	if err != nil {
		return nil, err
	}
	header := "Status for generic server " + p.name
	if p.name == "" {
		header = "Status for generic server " + repl.Format(pid(p.Number))
	}
	dictionary, _ := itemOf(repl.Atom("dictionary"))
	data := func(items ...repl.Term) repl.Term { return repl.Tuple{repl.Atom("data"), repl.List(items...)} }
	named := func(name string, t repl.Term) repl.Term { return repl.Tuple{repl.String(name), t} }
	misc := []repl.Term{
		repl.Tuple{repl.Atom("header"), repl.String(header)},
		data(named("Status", repl.Atom("running")), named("Parent", parentTerm(p)), named("Logged events", repl.Nil{})),
		data(named("State", state)),
	}
	if p.Type == supervisors.SupervisorType {
		callback := repl.Tuple{repl.String("Callback"), p.module()}
		misc = append(misc, repl.Tuple{repl.Atom("supervisor"), repl.List(callback)})
	}
	return repl.Tuple{
		repl.Atom("status"), pid(p.Number), repl.Tuple{repl.Atom("module"), repl.Atom("gen_server")},
		repl.List(dictionary.value(v, p), repl.Atom("running"), parentTerm(p), repl.Nil{}, repl.List(misc...)),
	}, nil
}
