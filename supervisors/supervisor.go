package supervisors

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// supervisor is the actor of one supervisor: it turns messages into inputs of its core and performs the
// actions. It is the inner actor of a guard, and the keeper of the guards of its children.
type supervisor struct {
	sys  *System
	core core
	path string // names from the root, without the boot part
	self *actor.PID
	proc actor.Process // of self: reaches this actor also when it was abandoned for being slow
	g    *guard        // around this actor
	ctx  actor.Context // of the present turn

	spawning actor.Actor  // for the producer of shared props, while it spawns
	plain    *actor.Props // for starts without options
	info     any          // of the start under way, from a start function
	clock    *time.Timer
	starts   context.Context // of running start functions
	cancel   context.CancelFunc

	done    chan struct{} // closed when it has ended
	reason  ExitReason    // set before done is closed
	closed  bool
	backlog atomic.Int64 // messages on their way
	calm    atomic.Bool  // running, and no job is under way

	restarted atomic.Int64 // restarts; a group restart counts once
	dynamic   atomic.Int64 // dynamic children
}

var (
	_ steered  = (*supervisor)(nil)
	_ keeper   = (*supervisor)(nil)
	_ Reporter = (*supervisor)(nil)
)

// Messages to a supervisor, besides *call. None may be logged as a dead letter: they outlive it.
type (
	guardStarted struct {
		g *guard
		r startResult
	}
	guardExited struct {
		g      *guard
		reason ExitReason
	}
	decided struct { // a start function has returned
		child   *child
		attempt uint32
		start   Start
		r       startResult
	}
	timeUp  struct{ token uint32 }
	again   struct{ child *child }
	ordered struct {
		order  order
		reason ExitReason
	}
)

func (*guardStarted) IgnoreDeadLetterLogging() {}
func (*guardExited) IgnoreDeadLetterLogging()  {}
func (*decided) IgnoreDeadLetterLogging()      {}
func (*timeUp) IgnoreDeadLetterLogging()       {}
func (*again) IgnoreDeadLetterLogging()        {}
func (*ordered) IgnoreDeadLetterLogging()      {}
func (*call) IgnoreDeadLetterLogging()         {}

func newSupervisor(sys *System, spec Spec, path string) *supervisor {
	s := &supervisor{sys: sys, path: path, done: make(chan struct{})}
	s.core.spec = spec
	s.core.grace = sys.grace
	return s
}

// Receive implements actor.Actor.
func (s *supervisor) Receive(ctx actor.Context) {
	s.ctx = ctx
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.boot(ctx)
		s.calm.Store(s.core.calm())
	case *actor.Stopping, *actor.Stopped:
		s.close()
	default:
		s.take(m)
		s.calm.Store(s.core.calm())
		s.dynamic.Store(int64(len(s.core.dynamic)))
		s.backlog.Add(-1)
	}
}

// take handles a message that came through post.
func (s *supervisor) take(m any) {
	switch m := m.(type) {
	case *call:
		s.step(input{kind: inCall, call: m})
	case *guardStarted:
		if m.r.err == nil {
			m.r.info, s.info = s.info, nil
		}
		s.step(input{kind: inStarted, child: m.g.child, attempt: m.g.number, result: m.r})
	case *guardExited:
		s.step(input{kind: inExited, child: m.g.child, attempt: m.g.number, reason: m.reason})
	case *decided:
		s.decided(m)
	case *timeUp:
		s.step(input{kind: inTimer, token: m.token})
	case *again:
		s.step(input{kind: inRetry, child: m.child})
	case *ordered:
		s.ordered(m)
	}
}

// boot checks the spec and starts the children.
func (s *supervisor) boot(ctx actor.Context) {
	s.self, s.g = ctx.Self(), guardOf(ctx)
	s.proc, _ = s.sys.as.ProcessRegistry.Get(s.self)
	if err := s.prepare(); err != nil {
		s.g.failure = err
		s.g.leave(ctx, Normal)
		return
	}
	s.sys.register(s)
	if d := s.core.spec.dynamic; d != nil {
		d.attach(s)
	}
	s.step(input{kind: inBoot})
}

func (s *supervisor) prepare() error {
	spec := s.core.spec
	if spec.Init != nil {
		spec.Children = append([]ChildSpec(nil), spec.Children...)
		switch err := spec.Init(&spec); err {
		case nil:
		case ErrIgnore:
			return err
		default:
			return &SpecError{"Init", "{bad_return,{" + spec.Name + ",init," + termOf(err) + "}}"}
		}
	}
	spec = spec.withDefaults()
	if err := checkSpec(spec); err != nil {
		return err
	}
	s.core.spec = spec
	for _, c := range spec.Children {
		c = c.withDefaults()
		s.core.children = append(s.core.children, &child{spec: &c})
	}
	return nil
}

func (s *supervisor) ordered(m *ordered) {
	switch m.order {
	case toDie:
		s.step(input{kind: inKill})
	case toFollow:
		s.step(input{kind: inStop, reason: Killed})
	default:
		s.step(input{kind: inStop, reason: m.reason})
	}
}

// close is the end of the actor. If its core has not ended, the actor was stopped from outside or has
// panicked: the children are killed, nobody waits for them.
func (s *supervisor) close() {
	if s.closed {
		return
	}
	s.closed = true
	if s.core.phase != phaseEnded && s.core.phase != phaseNew {
		s.step(input{kind: inKill})
		s.perform(s.core.cutOff())
	}
	if s.cancel != nil {
		s.cancel()
	}
	if s.clock != nil {
		s.clock.Stop()
	}
	if d := s.core.spec.dynamic; d != nil {
		d.detach(s)
	}
	s.reason = s.g.reason
	close(s.done)
}

func (s *supervisor) step(in input) {
	s.perform(s.core.step(s.sys.now(), in))
	if s.clock != nil && s.core.wait.onTime == nil {
		s.clock.Stop()
		s.clock = nil
	}
}

// steersStart implements steered: a supervisor has started when its children have.
func (s *supervisor) steersStart() bool { return true }

// steer implements steered.
func (s *supervisor) steer(pid *actor.PID, o order) {
	if p, ok := s.sys.as.ProcessRegistry.Get(pid); ok {
		s.backlog.Add(1)
		p.SendUserMessage(pid, &ordered{o, Shutdown})
	}
}

func (s *supervisor) system() *System { return s.sys }

// Report implements Reporter.
func (s *supervisor) Report() Report {
	return Report{
		Kind: string(SupervisorType), Backlog: int(s.backlog.Load()),
		Memory: supervisorBytes + int(s.dynamic.Load())*childBytes,
	}
}

// post sends m to this supervisor, from any goroutine once it has booted.
func (s *supervisor) post(m any) {
	s.backlog.Add(1)
	s.proc.SendUserMessage(s.self, m)
}

// acknowledged implements keeper.
func (s *supervisor) acknowledged(g *guard, r startResult) {
	s.post(&guardStarted{g, r})
	s.release(g)
}

// exited implements keeper.
func (s *supervisor) exited(g *guard, pid *actor.PID, reason ExitReason) {
	s.backlog.Add(1) // before the event, so that who waits for it finds this supervisor busy
	s.noteExit(g, pid, reason)
	s.proc.SendUserMessage(s.self, &guardExited{g, reason})
	s.release(g)
}

// release forgets a supervisor that has ended, after its own supervisor was told.
func (s *supervisor) release(g *guard) {
	if sub, ok := g.inner.(*supervisor); ok && !g.running() {
		s.sys.unregister(sub)
	}
}

func (s *supervisor) noteExit(g *guard, pid *actor.PID, reason ExitReason) {
	s.sys.countExit(reason)
	if s.sys.events != nil {
		s.sys.events(ChildExited{s.path, g.child.spec.ID, g.child.arg, pid, reason})
	}
}
