package inspect

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

func supervisorFunctions() map[string]function {
	return map[string]function{
		"supervisor:which_children/1":  asked(whichChildren),
		"supervisor:count_children/1":  asked(countChildren),
		"supervisor:get_childspec/2":   asked(getChildspec),
		"supervisor:terminate_child/2": asked(terminateChild),
		"supervisor:restart_child/2":   asked(restartChild),
		"supervisor:delete_child/2":    asked(deleteChild),
	}
}

// question is one operation on a supervisor. Its request is how gen_server:call would name it.
type question struct {
	request string
	answer  func(v *view, h *supervisors.Supervisor, id repl.Term) (repl.Term, error)
}

var (
	whichChildren  = question{"which_children", whichChildrenTerm}
	countChildren  = question{"count_children", countChildrenTerm}
	getChildspec   = question{"get_childspec", childSpecTerm}
	terminateChild = question{"terminate_child", terminateChildTerm}
	restartChild   = question{"restart_child", restartChildTerm}
	deleteChild    = question{"delete_child", deleteChildTerm}
)

// asked puts a question to the supervisor that the first argument names, and waits as long as the evaluation
// may take.
func asked(q question) function {
	return func(ctx context.Context, v *view, args []repl.Term) (repl.Term, error) {
		request, id := repl.Term(repl.Atom(q.request)), repl.Term(repl.Nil{})
		if len(args) == 2 {
			id = args[1]
			request = repl.Tuple{repl.Atom(q.request), id}
		}
		exit := func(reason repl.Term) error {
			return callError(reason, "gen_server", "call", args[0], request, repl.Atom("infinity"))
		}
		p, ok := v.find(args[0])
		if !ok {
			return nil, exit(repl.Atom("noproc"))
		}
		h, ok := p.supervisor()
		if !ok {
			return nil, exit(repl.Atom("not_a_supervisor"))
		}
		answer, err := q.answer(v, h.Within(ctx), id)
		if gone := new(*supervisors.ExitError); errors.Is(err, supervisors.ErrNoProc) || errors.As(err, gone) {
			return nil, exit(repl.Atom("noproc"))
		}
		return answer, err
	}
}

func (p process) supervisor() (*supervisors.Supervisor, bool) {
	if p.self {
		return nil, false
	}
	return p.Supervisor()
}

func whichChildrenTerm(_ *view, h *supervisors.Supervisor, _ repl.Term) (repl.Term, error) {
	rows, err := h.WhichChildren()
	if err != nil {
		return nil, err
	}
	list := make([]repl.Term, len(rows))
	var id, kind, code repl.Term // dynamic children share theirs
	for i, c := range rows {
		if i == 0 || c.ID != "" {
			id, kind, code = idTerm(c), repl.Atom(c.Type), modules(c.Spec())
		}
		list[i] = repl.Tuple{id, childTerm(c), kind, code}
	}
	return repl.List(list...), nil
}

// idTerm is the id of a child; undefined for one of a simple_one_for_one supervisor.
func idTerm(c supervisors.ChildInfo) repl.Term {
	if c.ID == "" {
		return repl.Atom("undefined")
	}
	return repl.Atom(c.ID)
}

func childTerm(c supervisors.ChildInfo) repl.Term {
	switch {
	case c.Restarting:
		return repl.Atom("restarting")
	case c.PID == nil:
		return repl.Atom("undefined")
	}
	return pid(c.Number)
}

// module stands for the code of what a specification starts, as process.module does.
func module(s supervisors.ChildSpec) repl.Atom {
	switch kind := s.Start.Kind(); {
	case s.Type == supervisors.SupervisorType:
		return "supervisor"
	case kind == "actor":
		return repl.Atom(s.ID)
	default:
		return "service" // also what a start function decides on
	}
}

func modules(s supervisors.ChildSpec) repl.Term {
	if s.Start.Kind() == "func" {
		return repl.Atom("dynamic")
	}
	return repl.List(module(s))
}

func countChildrenTerm(_ *view, h *supervisors.Supervisor, _ repl.Term) (repl.Term, error) {
	n, err := h.CountChildren()
	if err != nil {
		return nil, err
	}
	return pairs("specs", repl.Int(n.Specs), "active", repl.Int(n.Active), "supervisors", repl.Int(n.Supervisors), "workers", repl.Int(n.Workers)), nil
}

// pairs makes a list of {Key,Value} of keys and values in turn.
func pairs(kv ...any) repl.Term {
	list := make([]repl.Term, 0, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		list = append(list, repl.Tuple{repl.Atom(kv[i].(string)), kv[i+1].(repl.Term)})
	}
	return repl.List(list...)
}

// fields makes a map of keys and values in turn.
func fields(kv ...any) repl.Term {
	list := make([][2]repl.Term, 0, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		list = append(list, [2]repl.Term{repl.Atom(kv[i].(string)), kv[i+1].(repl.Term)})
	}
	return repl.NewMap(list...)
}

func childSpecTerm(v *view, h *supervisors.Supervisor, id repl.Term) (repl.Term, error) {
	spec, err := v.childSpec(h, id)
	if err != nil {
		return refusal(err)
	}
	return repl.Tuple{repl.Atom("ok"), specTerm(spec)}, nil
}

// childSpec finds the specification of a child by its id, or by its pid in a simple_one_for_one supervisor.
func (v *view) childSpec(h *supervisors.Supervisor, id repl.Term) (supervisors.ChildSpec, error) {
	if p, ok := id.(repl.Pid); ok {
		child, running := v.find(p)
		if !running || child.self {
			return supervisors.ChildSpec{}, supervisors.ErrNotFound
		}
		return h.GetProcessSpec(child.PID)
	}
	name, ok := id.(repl.Atom)
	if !ok {
		return supervisors.ChildSpec{}, supervisors.ErrNotFound
	}
	return h.GetChildSpec(string(name))
}

func specTerm(s supervisors.ChildSpec) repl.Term {
	return fields("id", repl.Atom(s.ID), "modules", modules(s), "restart", repl.Atom(s.Restart), "shutdown", shutdownTerm(s.Shutdown),
		"significant", repl.Bool(s.Significant), "start", startTerm(s), "type", repl.Atom(s.Type))
}

// startTerm stands for the start function, which is a Go value.
func startTerm(s supervisors.ChildSpec) repl.Term {
	return repl.Tuple{module(s), repl.Atom("start_link"), repl.List(repl.Atom(s.ID))}
}

func shutdownTerm(d supervisors.ShutdownTime) repl.Term {
	switch d {
	case supervisors.BrutalKill:
		return repl.Atom("brutal_kill")
	case supervisors.Infinity:
		return repl.Atom("infinity")
	case supervisors.AtOnce:
		return repl.Int(0)
	}
	return repl.Int(time.Duration(d).Milliseconds())
}

// terminateChildTerm takes an id, or in a simple_one_for_one supervisor a pid; that of a process which has ended
// is no error, as in OTP.
func terminateChildTerm(v *view, h *supervisors.Supervisor, id repl.Term) (repl.Term, error) {
	if p, ok := id.(repl.Pid); ok {
		child, running := v.find(p)
		switch st, err := h.State(); {
		case err != nil:
			return nil, err
		case st.Strategy != supervisors.SimpleOneForOne, child.self:
			return refusal(supervisors.ErrNotFound)
		case !running:
			return repl.Atom("ok"), nil
		}
		return done(h.TerminateProcess(child.PID))
	}
	return done(h.TerminateChild(idOf(id)))
}

// idOf is the id that a term names; a term that is no atom is no id here.
func idOf(t repl.Term) string {
	name, _ := t.(repl.Atom)
	return string(name)
}

func restartChildTerm(_ *view, h *supervisors.Supervisor, id repl.Term) (repl.Term, error) {
	c, err := h.RestartChild(idOf(id))
	switch {
	case err != nil:
		return refusal(err)
	case c.PID == nil:
		return repl.Tuple{repl.Atom("ok"), repl.Atom("undefined")}, nil
	}
	return repl.Tuple{repl.Atom("ok"), pid(c.Number)}, nil
}

func deleteChildTerm(_ *view, h *supervisors.Supervisor, id repl.Term) (repl.Term, error) {
	return done(h.DeleteChild(idOf(id)))
}

func done(err error) (repl.Term, error) {
	if err != nil {
		return refusal(err)
	}
	return repl.Atom("ok"), nil
}

// refusal is {error,Reason}, or the error itself if it is not the supervisor's answer.
func refusal(err error) (repl.Term, error) {
	var answer interface{ Term() string }
	switch {
	case errors.Is(err, supervisors.ErrNoProc), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case errors.As(err, &answer) && strings.Trim(answer.Term(), "abcdefghijklmnopqrstuvwxyz_") == "":
		return repl.Tuple{repl.Atom("error"), repl.Atom(answer.Term())}, nil
	}
	return repl.Tuple{repl.Atom("error"), repl.Binary(err.Error())}, nil // of a start function
}

// milliseconds reads a time that is not negative.
func milliseconds(t repl.Term) (time.Duration, bool) {
	n, ok := t.(repl.Int)
	if !ok || n < 0 || int64(n) > math.MaxInt64/int64(time.Millisecond) {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}
