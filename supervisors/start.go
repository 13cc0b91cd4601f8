package supervisors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
)

// Start says how a child is started. Values come from Actor, ActorWith, Service, SupervisorOf and Func;
// the zero value is a missing start function. A Start is immutable and may be used by several specs.
type Start struct {
	kind    startKind
	produce func(arg any) actor.Actor
	options []actor.PropsOption
	run     func(ctx context.Context) error
	spec    *Spec
	decide  StartFunc
}

type startKind uint8

const (
	startMissing startKind = iota
	startActor
	startService
	startSupervisor
	startFunc
)

// StartFunc decides at each start attempt what is started. It runs on a goroutine of its own, so it may
// block; its supervisor waits for it as in OTP and answers no other operation meanwhile. ctx ends when
// the supervisor is killed. arg is the argument of a dynamic child, else nil.
//
// It returns what is to be started now, which must not come from Func, and an info for the caller of
// StartChild ({ok,Pid,Info} in OTP). The error ErrIgnore starts nothing and is no failure; any other
// error is the reason of a failed start, and so is a panic, as {'EXIT',Reason}.
type StartFunc func(ctx context.Context, arg any) (start Start, info any, err error)

// Kind is "actor", "service", "supervisor" or "func"; empty for the zero value.
func (s Start) Kind() string {
	return [...]string{startActor: "actor", startService: "service", startSupervisor: "supervisor", startFunc: "func"}[s.kind]
}

// Actor starts the actor that produce returns, which is called at each (re)start in the supervisor's
// turn and must not block. The child counts as started when its actor.Started turn has returned; a panic
// or an Exit in that turn is a failed start.
//
// Options are protoactor's: with actor.WithDispatcher(actor.NewSynchronizedDispatcher(300)) and
// actor.WithMailbox(actor.UnboundedLockfree()) the actor's turns run on the goroutine that delivers,
// which may be its supervisor's, so they must never block. A producer in the options is replaced.
func Actor(produce func() actor.Actor, opts ...actor.PropsOption) Start {
	return ActorWith(func(any) actor.Actor { return produce() }, opts...)
}

// ActorWith is Actor for a dynamic child: produce gets the argument of StartChild at each (re)start.
func ActorWith(produce func(arg any) actor.Actor, opts ...actor.PropsOption) Start {
	if produce == nil {
		panic("supervisors: ActorWith: nil producer")
	}
	return Start{kind: startActor, produce: produce, options: opts}
}

// Service starts a goroutine that runs the blocking function run, under an actor. Returning nil is the
// normal end, an error or a panic is a crash. To shut the service down its context is cancelled; it then
// has the child's shutdown time to return, and what it returns then does not matter if it is nil or the
// context's error.
func Service(run func(ctx context.Context) error) Start {
	if run == nil {
		panic("supervisors: Service: nil function")
	}
	return Start{kind: startService, run: run}
}

// SupervisorOf starts a supervisor.
func SupervisorOf(spec Spec) Start { return Start{kind: startSupervisor, spec: &spec} }

// Func starts what decide returns, which is asked at each attempt.
func Func(decide StartFunc) Start {
	if decide == nil {
		panic("supervisors: Func: nil function")
	}
	return Start{kind: startFunc, decide: decide}
}
