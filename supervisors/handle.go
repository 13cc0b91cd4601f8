package supervisors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
)

// Supervisor is the handle of a running supervisor. Its operations are those of OTP's supervisor module;
// they may be called from any goroutine, except from turns of the same supervisor, from the
// actor.Started turn of a child of it and from hooks: those would wait for themselves. They wait without
// limit, as OTP's do. All return ErrNoProc if the supervisor does not run any more, and an *ExitError if
// it ends before it has answered.
//
// A handle belongs to one incarnation of the supervisor.
type Supervisor struct {
	sys   *System
	pid   *actor.PID
	sup   *supervisor
	ended <-chan struct{}
	given context.Context // how long operations wait; nil: without limit
}

// Within returns a handle whose operations stop waiting when ctx ends, with its error. What they asked for is
// then still done when its turn comes.
func (h *Supervisor) Within(ctx context.Context) *Supervisor {
	limited := *h
	limited.given = ctx
	return &limited
}

// Restarts is how often the supervisor has restarted children; a group restart counts once.
func (h *Supervisor) Restarts() int { return int(h.sup.restarted.Load()) }

// Dynamic is the number of children of a SimpleOneForOne supervisor; 0 for any other.
func (h *Supervisor) Dynamic() int { return int(h.sup.dynamic.Load()) }

// Child is a running child. PID is nil if the start function started nothing ({ok,undefined} in OTP).
type Child struct {
	ID     string // empty for a child of a dynamic supervisor
	PID    *actor.PID
	Number uint64 // of the process; 0 without one
	Info   any    // what the start function gave besides
}

// ChildInfo is one row of the answer of WhichChildren.
type ChildInfo struct {
	ID         string     // empty for a child of a dynamic supervisor
	PID        *actor.PID // nil if the child does not run
	Number     uint64     // of the process; 0 if the child does not run
	Restarting bool       // between two restart attempts; PID is nil
	Type       Type

	spec *ChildSpec // immutable but for its props
}

// Spec returns the specification with its defaults: what GetChildSpec gives, without asking the supervisor.
func (c ChildInfo) Spec() ChildSpec {
	return ChildSpec{
		ID: c.spec.ID, Start: c.spec.Start, Restart: c.spec.Restart, Shutdown: c.spec.Shutdown, Type: c.spec.Type,
		Significant: c.spec.Significant,
	}
}

// PID returns the process id of the supervisor.
func (h *Supervisor) PID() *actor.PID { return h.pid }

// Done is closed when the supervisor has ended.
func (h *Supervisor) Done() <-chan struct{} { return h.ended }

// Reason returns why the supervisor has ended; Normal while it runs. A root that gave up because of its
// restart intensity ends with Shutdown, as one that was asked to: GaveUp tells them apart.
func (h *Supervisor) Reason() ExitReason {
	select {
	case <-h.sup.done:
		return h.sup.reason
	default:
		return Normal
	}
}

// GaveUp reports whether the supervisor has ended by itself, over its restart intensity or by automatic
// shutdown, rather than on order. A process whose root gave up exits with a non-zero status.
func (h *Supervisor) GaveUp() bool {
	select {
	case <-h.sup.done:
		return h.sup.core.gaveUp
	default:
		return false
	}
}

// Backlog returns the number of messages on their way to the supervisor.
func (h *Supervisor) Backlog() int { return int(h.sup.backlog.Load()) }

// Stop makes the supervisor stop its children in reverse start order and end with reason, and waits for
// that: gen_server:stop/3. It returns ErrNoProc if the supervisor has ended already.
func (h *Supervisor) Stop(reason ExitReason) error {
	select {
	case <-h.sup.done:
		return ErrNoProc
	default:
	}
	h.sup.post(&ordered{toShutdown, reason})
	<-h.ended
	return nil
}

// Shutdown is Stop with reason Shutdown that stops waiting when ctx ends, with its error. The children
// are then still being stopped.
func (h *Supervisor) Shutdown(ctx context.Context) error {
	h.sup.post(&ordered{toShutdown, Shutdown})
	select {
	case <-h.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StartChild adds a child and starts it. Errors: *SpecError; *AlreadyStartedError or ErrAlreadyPresent if
// the id is taken; *StartError if the start fails, and then nothing is kept. A start function that
// ignores leaves the specification, unless it is temporary, and Child.PID is nil.
func (h *Supervisor) StartChild(spec ChildSpec) (Child, error) {
	return h.sup.start1(h.given, &call{op: opStartChild, spec: spec, id: spec.ID})
}

// StartDynamic adds a child to a SimpleOneForOne supervisor: the template gets arg at each start. key,
// where not empty, is the last part of the child's PID and unique in the supervisor; if it is taken the
// error is *AlreadyStartedError or, between two restarts, ErrAlreadyPresent. Other errors are those of
// the start function.
func (h *Supervisor) StartDynamic(key string, arg any) (Child, error) {
	return h.sup.startDynamic(h.given, key, arg)
}

// TerminateChild stops the child, whatever the reason of its end is then. The specification stays, unless
// it is temporary. It is no error if the child is not running. Errors: ErrNotFound, ErrDynamic.
func (h *Supervisor) TerminateChild(id string) error {
	return h.sup.call(h.given, &call{op: opTerminateChild, id: id})
}

// TerminateProcess stops the child with this PID of a SimpleOneForOne supervisor. It is no error if the
// process has ended. ErrNotFound: a process that is no child, or any process of a static supervisor.
func (h *Supervisor) TerminateProcess(pid *actor.PID) error {
	return h.sup.call(h.given, &call{op: opTerminateChild, proc: h.sup.target(pid)})
}

// RestartChild starts a child that is not running. It does not count as a restart. Errors: ErrRunning,
// ErrRestarting, ErrNotFound, ErrDynamic, or the error of the start function, and then the child stays
// as it was.
func (h *Supervisor) RestartChild(id string) (Child, error) {
	return h.sup.start1(h.given, &call{op: opRestartChild, id: id})
}

// DeleteChild removes the specification of a child that is not running. Errors: ErrRunning,
// ErrRestarting, ErrNotFound, ErrDynamic.
func (h *Supervisor) DeleteChild(id string) error {
	return h.sup.call(h.given, &call{op: opDeleteChild, id: id})
}

// GetChildSpec returns the specification with its defaults. Error: ErrNotFound.
func (h *Supervisor) GetChildSpec(id string) (ChildSpec, error) {
	return h.sup.childSpec(h.given, &call{op: opGetChildSpec, id: id})
}

// GetProcessSpec is GetChildSpec for the child with this PID of a SimpleOneForOne supervisor.
func (h *Supervisor) GetProcessSpec(pid *actor.PID) (ChildSpec, error) {
	return h.sup.childSpec(h.given, &call{op: opGetChildSpec, proc: h.sup.target(pid)})
}

// WhichChildren lists the children, the latest added first. The order in a SimpleOneForOne supervisor is
// not defined.
func (h *Supervisor) WhichChildren() ([]ChildInfo, error) {
	q := &call{op: opWhichChildren, children: make([]childInfo, 0, h.Dynamic()+16)}
	if err := h.sup.call(h.given, q); err != nil {
		return nil, err
	}
	return q.rows(), nil
}

// CountChildren counts the children.
func (h *Supervisor) CountChildren() (Counts, error) {
	q := &call{op: opCountChildren}
	if err := h.sup.call(h.given, q); err != nil {
		return Counts{}, err
	}
	return q.counts, nil
}

// State returns the supervisor's flags and what counts against its restart intensity.
func (h *Supervisor) State() (State, error) {
	q := &call{op: opState}
	if err := h.sup.call(h.given, q); err != nil {
		return State{}, err
	}
	return q.state, nil
}
