package supervisors

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// perform carries out the actions of one step, in order. None blocks.
func (s *supervisor) perform(actions []action) {
	for _, a := range actions {
		switch a.kind {
		case doStart:
			s.start(a.child, a.child.spec.Start)
		case doStop:
			s.order(a, toShutdown)
		case doKill:
			s.order(a, toDie)
		case doOrphan:
			s.order(a, toFollow)
		case doAbandon:
			s.abandon(a)
		case doLeave:
			if g, ok := a.proc.(*guard); ok && !isSupervisor(g.inner) {
				s.abandon(a)
			}
		case doTimedOut:
			s.timedOut(a, false)
		case doTimer:
			s.timer(a.after, a.token)
		case doRetry:
			s.post(&again{a.child})
		case doReply:
			s.reply(a.call)
		case doGone:
			if d := s.core.spec.dynamic; d != nil {
				d.gone(a.child, a.reason)
			}
		case doBooted:
			s.booted(a.err)
		case doEnd:
			s.g.leave(s.ctx, a.reason)
		case doReport:
			s.report(a)
		default:
			s.note(a)
		}
	}
}

// start makes the start attempt that the core has numbered.
func (s *supervisor) start(ch *child, start Start) {
	switch start.kind {
	case startFunc:
		s.decide(ch, start.decide)
	case startService:
		s.spawn(ch, &start, newService(start.run))
	case startSupervisor:
		spec := *start.spec
		if spec.Name == "" {
			spec.Name = ch.spec.ID
		}
		s.spawn(ch, &start, newSupervisor(s.sys, spec, s.path+"/"+ch.name()))
	default:
		inner, err := produce(start.produce, ch.arg)
		if err != nil {
			s.refused(ch, err)
			return
		}
		s.spawn(ch, &start, inner)
	}
}

// produce calls the producer of an actor; a panic in it is a failed start.
func produce(f func(any) actor.Actor, arg any) (a actor.Actor, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &ExitError{Reason: Crash(&PanicError{Value: v, Stack: debug.Stack()}), caught: true}
		}
	}()
	if a = f(arg); a == nil {
		err = Term("nil_actor")
	}
	return a, err
}

// refused ends a start attempt that did not come to a process. It goes through the mailbox, so that a
// failing start function cannot keep the supervisor in a loop.
func (s *supervisor) refused(ch *child, err error) {
	s.post(&guardStarted{&guard{child: ch, number: ch.attempt}, startResult{err: err}})
}

// decide runs a start function on its own goroutine. A killed supervisor cancels it and does not look
// at its answer.
func (s *supervisor) decide(ch *child, f StartFunc) {
	if s.starts == nil {
		s.starts, s.cancel = context.WithCancel(context.Background())
	}
	d := &decided{child: ch, attempt: ch.attempt}
	ctx := s.starts
	go func() {
		d.call(ctx, f)
		s.post(d)
	}()
}

func (d *decided) call(ctx context.Context, f StartFunc) {
	defer func() {
		if v := recover(); v != nil {
			d.r.err = &ExitError{Reason: Crash(&PanicError{Value: v, Stack: debug.Stack()}), caught: true}
		}
	}()
	d.start, d.r.info, d.r.err = f(ctx, d.child.arg)
	if d.r.err == nil && (d.start.kind == startMissing || d.start.kind == startFunc) {
		d.r.err = Term("bad_start")
	}
	if errors.Is(d.r.err, ErrIgnore) {
		d.r.err = ErrIgnore
	}
}

// decided goes on with a start whose function has returned.
func (s *supervisor) decided(d *decided) {
	if d.attempt != d.child.attempt || s.core.phase >= phaseDying {
		return
	}
	if d.r.err != nil {
		s.step(input{kind: inStarted, child: d.child, attempt: d.attempt, result: d.r})
		return
	}
	s.info = d.r.info
	s.start(d.child, d.start)
}

// spawn starts the actor of a child under its name: the same at each restart, unless an earlier process
// may still hold it.
func (s *supervisor) spawn(ch *child, start *Start, inner actor.Actor) {
	g := s.sys.newGuard(inner, s, ch, ch.attempt)
	ch.proc = g
	props := s.propsOf(ch, start)
	for range 16 {
		s.spawning = g
		pid, err := s.sys.spawn(props, s.self.Id+"/"+childName(ch))
		if err == nil {
			g.pid = pid
			s.sys.processes.add(g)
			return
		}
		ch.names++
	}
	ch.proc = nil
	s.refused(ch, Term("name_in_use"))
}

// childName is the last part of the name of a child's actor.
func childName(ch *child) string {
	name := ch.name()
	if ch.names > 0 {
		name += "~" + strconv.Itoa(int(ch.names))
	}
	return name
}

// propsOf returns props that children share where they can: the producer hands out what is being spawned.
func (s *supervisor) propsOf(ch *child, start *Start) *actor.Props {
	produce := func() actor.Actor { return s.spawning }
	if len(start.options) == 0 {
		if s.plain == nil {
			s.plain = actor.PropsFromProducer(produce)
		}
		return s.plain
	}
	if ch.spec.props != nil && ch.spec.Start.kind != startFunc {
		return ch.spec.props
	}
	p := actor.PropsFromProducer(produce, start.options...)
	p.Configure(actor.WithProducer(produce))
	ch.spec.props = p
	return p
}

func (s *supervisor) order(a action, o order) {
	if g, ok := a.proc.(*guard); ok {
		g.order(s.sys.as, o)
	}
}

// abandon gives up a process that does not end: it is no longer reachable, and counts as killed.
func (s *supervisor) abandon(a action) {
	g, ok := a.proc.(*guard)
	if !ok || !g.settle(stateAbandoned) {
		return
	}
	s.sys.as.ProcessRegistry.Remove(g.pid)
	s.sys.processes.remove(g)
	a.child.names++
	s.sys.abandoned.Add(1)
	s.timedOut(a, true)
	s.sys.logAbandoned(s.path, a.child, g.pid)
	s.noteExit(g, g.pid, Killed)
}

func (s *supervisor) timedOut(a action, abandoned bool) {
	if !abandoned {
		s.sys.timedOut.Add(1)
	}
	if g, ok := a.proc.(*guard); ok && s.sys.events != nil {
		s.sys.events(ShutdownTimedOut{s.path, a.child.spec.ID, g.pid, a.after, abandoned})
	}
}

func (s *supervisor) timer(after time.Duration, token uint32) {
	if s.clock != nil {
		s.clock.Stop()
	}
	s.clock = time.AfterFunc(after, func() { s.post(&timeUp{token}) })
}

func (s *supervisor) reply(q *call) {
	if q.err == errAlreadyStarted {
		q.err = &AlreadyStartedError{q.started.(*guard).pid}
		q.started = nil
	}
	q.done <- struct{}{}
}

// booted ends the start of this supervisor.
func (s *supervisor) booted(err error) {
	if err == nil {
		s.g.acknowledge(nil)
		return
	}
	s.g.failure = err
	s.g.leave(s.ctx, Shutdown)
}

// note emits the events that belong to actions.
func (s *supervisor) note(a action) {
	if a.kind == doNoteRestart {
		s.sys.restarts.Add(1)
		s.restarted.Add(1)
	}
	if s.sys.events == nil {
		return
	}
	ch := a.child
	switch a.kind {
	case doNoteStarted:
		s.sys.events(ChildStarted{s.path, ch.spec.ID, ch.arg, a.proc.(*guard).pid, ch.attempt > 1})
	case doNoteIgnored:
		s.sys.events(ChildIgnored{s.path, ch.spec.ID, ch.arg})
	case doNoteFailed:
		s.sys.events(StartFailed{s.path, ch.spec.ID, ch.arg, a.err})
	case doNoteRestart:
		s.sys.events(ChildRestarting{s.path, ch.spec.ID, ch.arg})
	case doNoteLimit:
		s.sys.events(IntensityReached{s.path, ch.spec.ID})
	default: // no note
	}
}
