package supervisors

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// service is the actor over the goroutine of a service child.
type service struct {
	run    func(context.Context) error
	ctx    context.Context
	cancel context.CancelFunc
	asked  atomic.Bool
}

var (
	_ steered  = (*service)(nil)
	_ Reporter = (*service)(nil)
)

// serviceEnded says that the function of a service has returned.
type serviceEnded struct{ err error }

func (*serviceEnded) IgnoreDeadLetterLogging() {}

func newService(run func(context.Context) error) *service {
	s := &service{run: run}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Receive implements actor.Actor.
func (s *service) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		self, root := ctx.Self(), ctx.ActorSystem().Root
		go func() { root.Send(self, &serviceEnded{s.call()}) }()
	case *serviceEnded:
		Exit(ctx, s.reason(m.err))
	case *actor.Stopped:
		s.cancel() // a bare stop from outside leaves nobody who waits
	}
}

// call runs the function, and turns a panic into an error.
func (s *service) call() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return s.run(s.ctx)
}

func (s *service) reason(err error) ExitReason {
	switch asked := s.asked.Load(); {
	case asked && (err == nil || errors.Is(err, context.Canceled)):
		return Shutdown
	case err == nil:
		return Normal
	default:
		return Crash(err)
	}
}

// Report implements Reporter.
func (s *service) Report() Report { return Report{Kind: "service", Memory: serviceBytes} }

func (s *service) steersStart() bool { return false }

func (s *service) steer(*actor.PID, order) {
	s.asked.Store(true)
	s.cancel()
}
