package supervisors

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOTPScenarios replays what the module supervisor of Erlang/OTP 25 did: results, events and their
// order, reports, and the tree after each step.
func TestOTPScenarios(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	as := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }))
	for _, s := range readScenarios(t) {
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s, as)
			defer w.close()
			for i, step := range s.Steps {
				if !w.replay(i, step) {
					return
				}
			}
		})
	}
}

// replay carries out one step and reports whether all is as recorded.
func (w *world) replay(i int, step stepJSON) bool {
	w.mu.Lock()
	w.events, w.reports, w.pending = nil, nil, nil
	w.mu.Unlock()
	result := w.do(step)
	w.settle()
	w.mu.Lock()
	events, reports, pending := w.events, w.reports, w.pending
	w.mu.Unlock()
	got := expectJSON{Result: result, EventsOrder: step.Expect.EventsOrder, Events: events, Reports: reports, State: w.state()}
	for _, d := range pending {
		r := d.result()
		d.step.Result = &r
		got.During = append(got.During, d.step)
	}
	want := *step.Expect
	if want.EventsOrder == "any" {
		slices.SortFunc(got.Events, byPath)
		slices.SortFunc(want.Events, byPath)
		slices.SortFunc(got.Reports, bySup)
		slices.SortFunc(want.Reports, bySup)
	}
	slices.SortFunc(want.State.Supervisors, func(a, b supStateJSON) int { return cmp.Compare(a.Path, b.Path) })
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("step %d, %s: want (-), got (+):\n%s", i, step.Op, diff)
		return false
	}
	return true
}

func byPath(a, b eventJSON) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Incarnation, b.Incarnation), cmp.Compare(a.Event, b.Event))
}

func bySup(a, b reportJSON) int {
	return cmp.Or(cmp.Compare(a.Sup, b.Sup), cmp.Compare(a.Context, b.Context), cmp.Compare(a.Child, b.Child),
		cmp.Compare(a.Reason, b.Reason))
}

// do carries out one step and waits for its result.
func (w *world) do(step stepJSON) resultJSON {
	switch step.Op {
	case "start_supervisor":
		return w.startRoot()
	case "exit_child":
		return w.exitChild(step)
	case "stop_supervisor":
		p := w.find(step.Target)
		if p == nil || p.ended {
			return resultJSON{Status: "not_running"}
		}
		_ = p.sup.Stop(parseReason(step.Reason))
		w.awaitEnd(p)
		return resultJSON{Status: "done"}
	case "advance_ms":
		w.mu.Lock()
		w.skew += time.Duration(step.MS) * time.Millisecond
		w.mu.Unlock()
		return resultJSON{Status: "done"}
	case "check_childspecs":
		return w.checkSpecs(step)
	default:
		return w.send(step)()
	}
}

func (w *world) startRoot() resultJSON {
	root, err := w.sys.Start(w.spec(w.tree.Supervisor, "/"))
	switch {
	case err == ErrIgnore:
		return resultJSON{Status: "ignore", Term: "ignore"}
	case err != nil:
		return resultJSON{Status: "error", Reason: w.term(err), Term: "{error," + w.term(err) + "}"}
	}
	w.root = root
	return w.started(Child{PID: root.PID()})
}

func (w *world) exitChild(step stepJSON) resultJSON {
	p := w.find(step.Target)
	if p == nil || p.ended {
		return resultJSON{Status: "not_running"}
	}
	if p.sup != nil {
		p.sup.sup.post(&ordered{toDie, Killed})
	} else {
		w.sys.Exit(p.pid, parseReason(step.Reason))
	}
	w.awaitEnd(p)
	return resultJSON{Status: "done"}
}

func (w *world) checkSpecs(step stepJSON) resultJSON {
	var specs []ChildSpec
	for _, c := range step.Children {
		specs = append(specs, w.child(c, "/", false))
	}
	var auto AutoShutdown
	if step.AutoShutdown != nil {
		auto = AutoShutdown(*step.AutoShutdown)
	}
	if err := CheckChildSpecs(specs, auto); err != nil {
		return w.failed(err)
	}
	return resultJSON{Status: "ok", Term: "ok"}
}

// during carries out operations while a start function runs: calls are sent and not waited for.
func (w *world) during(steps []stepJSON) {
	for _, step := range steps {
		d := &duringCall{step: step}
		switch step.Op {
		case "exit_child", "advance_ms", "check_childspecs":
			r := w.do(step)
			d.result = func() resultJSON { return r }
		case "stop_supervisor":
			d.result = w.sendStop(step)
		default:
			d.result = w.send(step)
		}
		w.mu.Lock()
		w.pending = append(w.pending, d)
		w.mu.Unlock()
	}
}

func (w *world) sendStop(step stepJSON) func() resultJSON {
	p := w.find(step.Target)
	if p == nil || p.ended {
		return func() resultJSON { return resultJSON{Status: "not_running"} }
	}
	p.sup.sup.post(&ordered{toShutdown, parseReason(step.Reason)})
	return func() resultJSON { w.awaitEnd(p); return resultJSON{Status: "done"} }
}

// send sends an operation to a supervisor and returns what waits for its answer.
func (w *world) send(step stepJSON) func() resultJSON {
	p := w.find(step.Sup)
	if p == nil || p.ended {
		return func() resultJSON { return w.failed(ErrNoProc) }
	}
	q := w.request(step, p)
	q.done = make(chan struct{}, 1)
	s := p.sup.sup
	s.post(q)
	return func() resultJSON {
		select {
		case <-q.done:
			return w.answer(step, q, q.err)
		case <-s.done:
		}
		select {
		case <-q.done:
			return w.answer(step, q, q.err)
		default:
			return w.failed(&ExitError{Reason: s.reason})
		}
	}
}

func (w *world) request(step stepJSON, p *processAt) *call {
	q := &call{id: step.ID}
	if step.Process != "" {
		var pid *actor.PID
		if proc := w.find(step.Process); proc != nil {
			pid = proc.pid
		}
		q.proc = p.sup.sup.target(pid)
	}
	switch step.Op {
	case "start_child":
		q.op = opStartChild
		if step.Spec == nil {
			q.op = opStartDynamic
			q.id = step.Key
			q.arg = &dynamicArg{join(p.path, step.Key), step.Starts, step.OnShutdown}
			break
		}
		q.spec = w.child(*step.Spec, p.path, false)
		q.id = q.spec.ID
	case "restart_child":
		q.op = opRestartChild
	case "terminate_child":
		q.op = opTerminateChild
	case "delete_child":
		q.op = opDeleteChild
	case "get_childspec":
		q.op = opGetChildSpec
	case "which_children":
		q.op = opWhichChildren
	case "count_children":
		q.op = opCountChildren
	default:
		w.t.Errorf("unknown operation %q", step.Op)
	}
	return q
}

func (w *world) answer(step stepJSON, q *call, err error) resultJSON {
	if err != nil {
		return w.failed(err)
	}
	switch q.op {
	case opStartChild, opStartDynamic, opRestartChild:
		return w.started(q.child())
	case opGetChildSpec:
		return resultJSON{Status: "ok", Spec: specOf(q.found)}
	case opWhichChildren:
		return resultJSON{Status: "ok", Children: w.rows(q.rows())}
	case opCountChildren:
		return resultJSON{Status: "ok", Counts: &q.counts}
	}
	return resultJSON{Status: "ok", Term: "ok"}
}

func (w *world) started(c Child) resultJSON {
	r := resultJSON{Status: "ok", Term: "{ok,undefined}"}
	if c.PID != nil {
		proc := w.proc(c.PID)
		r.Pid = &proc
		r.Term = "{ok,<" + proc + ">}"
	}
	if c.Info != nil {
		r.Info = c.Info.(string)
		r.Term = r.Term[:len(r.Term)-1] + "," + r.Info + "}"
	}
	return r
}

func (w *world) failed(err error) resultJSON {
	var already *AlreadyStartedError
	var start *StartError
	var exit *ExitError
	term := w.term(err)
	r := resultJSON{Status: "error", Reason: term, Term: "{error," + term + "}"}
	switch {
	case errors.As(err, &already):
		proc := w.proc(already.PID)
		r.Reason, r.Pid, r.Term = "already_started", &proc, "{error,{already_started,<"+proc+">}}"
	case errors.As(err, &start):
		r.Reason, r.Child = w.term(start.Reason), start.Child
	case errors.As(err, &exit) && !exit.caught, err == ErrNoProc:
		return resultJSON{Status: "exit", Reason: term, Term: "exit:" + term}
	}
	return r
}
