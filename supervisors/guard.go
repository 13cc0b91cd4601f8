package supervisors

import (
	"runtime/debug"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// guard is the actor around each supervised actor, one for each incarnation. It recovers panics, keeps
// the exit reason, and tells its keeper of the start and the end. Nothing reaches protoactor's failure
// handling.
type guard struct {
	inner  actor.Actor
	keeper keeper
	child  *child     // in the keeper's core; nil for the root
	pid    *actor.PID // set and read by the keeper
	orders atomic.Uint32
	number uint32 // of the start attempt

	process uint64        // number of this incarnation in the System
	next    *guard        // in its chain of the process table, which owns the field
	handled atomic.Uint64 // messages
	born    uint32        // seconds since the epoch of the System

	// Owned by the actor's turns.
	leaving bool // the end is decided; messages are no longer handed on
	acked   bool // the start has succeeded
	reason  ExitReason
	failure error // of the start
}

func (g *guard) isDynamic() bool { return g.child != nil && g.child.key != "" }

// Bits of guard.orders.
const (
	orderShutdown  uint32 = 1 << iota // asked by the supervisor
	orderKill                         // must not clean up
	stateEnded                        // the keeper has been told
	stateAbandoned                    // the keeper has given it up and is not told
)

// keeper is who supervises a guard's actor. Methods may be called on any goroutine and do not block.
type keeper interface {
	system() *System
	acknowledged(g *guard, r startResult)
	exited(g *guard, pid *actor.PID, reason ExitReason)
}

// steered is an inner actor that needs more than one turn for its start or its end.
type steered interface {
	actor.Actor
	// steer is an order from the supervisor's turn. It must not block. An actor that is ordered to end
	// calls guard.leave in a later turn.
	steer(pid *actor.PID, o order)
	// steersStart reports whether the actor acknowledges its start itself.
	steersStart() bool
}

type order uint8

const (
	toShutdown order = iota
	toDie
	toFollow // end in order, since the supervisor was killed
)

// exitSignal ends the actor that gets it with a reason, as Erlang's exit/2. With a process it is meant for that
// incarnation only.
type exitSignal struct {
	reason  ExitReason
	process uint64
}

func (*exitSignal) IgnoreDeadLetterLogging() {}

func (g *guard) running() bool { return g.orders.Load()&(stateEnded|stateAbandoned) == 0 }

func (g *guard) killed() bool { return g.orders.Load()&orderKill != 0 }

// Receive implements actor.Actor.
func (g *guard) Receive(ctx actor.Context) {
	g.handled.Add(1)
	switch m := ctx.Message().(type) {
	case *actor.Started:
		g.run(ctx)
		if s, ok := g.inner.(steered); !g.leaving && !(ok && s.steersStart()) {
			g.acknowledge(nil)
		}
	case *actor.Stopping:
		g.stopping(ctx)
	case *actor.Stopped:
		g.run(ctx)
		g.finish(ctx)
	case *exitSignal:
		if m.process != 0 && m.process != g.process {
			return
		}
		if m.reason.kind == exitKilled {
			g.orders.Or(orderKill)
		}
		g.leave(ctx, m.reason)
	case *actor.Restarting:
		// only after a failure that the guard did not see; there is none
	default:
		if !g.leaving {
			g.run(ctx)
		}
	}
}

func (g *guard) stopping(ctx actor.Context) {
	if !g.leaving {
		g.leaving = true
		g.reason = Normal
		if g.orders.Load()&orderShutdown != 0 {
			g.reason = Shutdown
		}
		if g.failure == nil && !g.acked {
			g.failure = &ExitError{Reason: g.reason}
		}
	}
	if g.killed() {
		g.reason = Killed
		return
	}
	g.run(ctx)
}

// run hands the message on. The end of the deferred call is the only recover of supervised actors.
func (g *guard) run(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.failed(ctx, v)
		}
	}()
	g.inner.Receive(ctx)
}

func (g *guard) failed(ctx actor.Context, v any) {
	reason := Crash(&PanicError{Value: v, Stack: debug.Stack()})
	if g.leaving {
		if g.reason.IsNormal() && !g.killed() {
			g.reason = reason
		}
		return
	}
	g.leave(ctx, reason)
}

// leave decides the end: messages are no longer handed on, and the actor stops. While it stops already,
// it replaces the reason.
func (g *guard) leave(ctx actor.Context, reason ExitReason) {
	if g.killed() {
		reason = Killed
	}
	g.reason = reason
	if !g.acked && g.failure == nil {
		g.failure = &ExitError{Reason: reason}
	}
	if !g.leaving {
		g.leaving = true
		g.stop(ctx)
	}
}

func (g *guard) stop(ctx actor.Context) {
	if s, ok := g.inner.(*supervisor); ok {
		s.proc.Stop(s.self)
		return
	}
	stopProcess(ctx.ActorSystem(), ctx.Self())
}

// acknowledge ends a successful start.
func (g *guard) acknowledge(info any) {
	g.acked = true
	g.keeper.acknowledged(g, startResult{info: info})
}

// finish tells the keeper of the end. The name is free by then.
func (g *guard) finish(ctx actor.Context) {
	if g.killed() {
		g.reason = Killed // also if the kill came while it cleaned up
	}
	first := g.settle(stateEnded)
	g.keeper.system().processes.remove(g)
	if !first {
		if s, ok := g.inner.(*supervisor); ok {
			s.sys.unregister(s)
		}
		return
	}
	if !g.acked {
		g.keeper.acknowledged(g, startResult{err: g.failure})
		return
	}
	g.keeper.exited(g, ctx.Self(), g.reason)
}

// settle sets one of the two final states and reports whether it was the first.
func (g *guard) settle(state uint32) bool {
	return g.orders.Or(state)&(stateEnded|stateAbandoned) == 0
}

// order passes an order of the supervisor on; in its turn.
func (g *guard) order(sys *actor.ActorSystem, o order) {
	switch {
	case o == toShutdown:
		g.orders.Or(orderShutdown)
	case o == toFollow && isSupervisor(g.inner):
	default:
		o = toDie
		g.orders.Or(orderKill)
	}
	if s, ok := g.inner.(steered); ok {
		s.steer(g.pid, o)
		return
	}
	stopProcess(sys, g.pid)
}

// stopProcess stops an actor. Unlike actor.Context.Stop it makes no dead letter of an actor that has ended.
func stopProcess(sys *actor.ActorSystem, pid *actor.PID) {
	if p, ok := sys.ProcessRegistry.Get(pid); ok {
		p.Stop(pid)
	}
}

func isSupervisor(a actor.Actor) bool { _, ok := a.(*supervisor); return ok }

// HandleFailure implements actor.SupervisorStrategy for what a supervised actor has spawned by itself: it
// stops what fails, unless the actor has its own strategy. protoactor's default restarts in place.
func (g *guard) HandleFailure(as *actor.ActorSystem, s actor.Supervisor, pid *actor.PID,
	rs *actor.RestartStatistics, reason, message any) {
	if own, ok := g.inner.(actor.SupervisorStrategy); ok {
		own.HandleFailure(as, s, pid, rs, reason, message)
		return
	}
	s.StopChildren(pid)
}

// Exit ends the supervised actor whose turn ctx is with reason, once the turn has returned. In the turn
// of actor.Started it is a failed start, in that of actor.Stopping it replaces the reason. Further
// messages are not delivered. It panics if ctx is not the context of a supervised actor.
func Exit(ctx actor.Context, reason ExitReason) { guardOf(ctx).leave(ctx, reason) }

// Ignore ends the start of a supervised actor, in its actor.Started turn, without an error: {ok,undefined}
// in OTP, where the start function returns ignore.
func Ignore(ctx actor.Context) {
	g := guardOf(ctx)
	if !g.acked {
		g.failure = ErrIgnore
	}
	g.leave(ctx, Normal)
}

// Reason returns, in the turns of actor.Stopping and actor.Stopped, the reason with which the actor ends
// as things are: Shutdown if its supervisor asked for it.
func Reason(ctx actor.Context) ExitReason { return guardOf(ctx).reason }

func guardOf(ctx actor.Context) *guard {
	g, ok := ctx.Actor().(*guard)
	if !ok {
		panic("supervisors: not the context of a supervised actor")
	}
	return g
}
