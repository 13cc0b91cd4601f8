package supervisors

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Options of a System. The zero value works.
type Options struct {
	// Logger gets supervisor reports, and what protoactor logs one level lower. nil discards.
	Logger *slog.Logger
	// Events gets each event, on the goroutine where it happens. It must be quick, must not block, must
	// not panic and must not call operations. nil: no events.
	Events func(Event)
	// KillGrace is how long a killed actor may take to end before it is abandoned. It matters only for
	// actors that are blocked in a turn. 0 means 100 ms; negative is an abandonment without waiting.
	KillGrace time.Duration

	now func() time.Time // for tests; nil means time.Now
	as  *actor.ActorSystem
}

// System is an actor system with one supervision tree. It is safe for concurrent use.
type System struct {
	as     *actor.ActorSystem
	log    *slog.Logger
	events func(Event)
	grace  time.Duration
	now    func() time.Time
	epoch  time.Time
	boot   string // random part of names, so that a stale PID of an earlier boot hits nobody

	mu   sync.RWMutex
	sups map[string]*supervisor // that have booted and not ended, by PID id

	processes processes

	crashes, restarts, timedOut, abandoned, deadLetters atomic.Int64
}

// Stats counts since the System was made.
type Stats struct {
	Crashes   int64 // children that ended abnormally, killed ones included
	Restarts  int64 // restart attempts; a group restart counts once
	TimedOut  int64 // children that did not end within their shutdown time
	Abandoned int64 // children given up because they are blocked and cannot be killed
	// DeadLetters are messages to actors that do not run, such as those sent between an end and a restart.
	DeadLetters int64
}

// NewSystem makes an actor system. It starts nothing; Start does.
func NewSystem(o Options) *System {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.KillGrace == 0 {
		o.KillGrace = 100 * time.Millisecond
	}
	if o.as == nil {
		log := slog.New(quiet{o.Logger.Handler()})
		o.as = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }),
			// protoactor keeps a goroutine through each interval in which there are dead letters
			actor.WithDeadLetterThrottleInterval(100*time.Millisecond))
	}
	s := &System{
		as: o.as, log: o.Logger, events: o.Events, grace: max(o.KillGrace, 0), now: o.now,
		epoch: o.now(), boot: strings.ToLower(rand.Text()[:10]), sups: make(map[string]*supervisor),
	}
	s.as.EventStream.Subscribe(s.countDeadLetter)
	return s
}

// countDeadLetter counts messages that reached nobody, but not our own to processes that have ended.
func (s *System) countDeadLetter(event any) {
	if e, ok := event.(*actor.DeadLetterEvent); ok {
		if _, own := e.Message.(actor.IgnoreDeadLetterLogging); !own {
			s.deadLetters.Add(1)
		}
	}
}

// ActorSystem returns the actor system. What is spawned on it directly is not supervised.
func (s *System) ActorSystem() *actor.ActorSystem { return s.as }

// Boot returns the random part of all names of supervised actors of this System.
func (s *System) Boot() string { return s.boot }

// Stats returns the counters.
func (s *System) Stats() Stats {
	return Stats{s.crashes.Load(), s.restarts.Load(), s.timedOut.Load(), s.abandoned.Load(), s.deadLetters.Load()}
}

// Start starts the root supervisor and its tree, and returns when all of it runs or has failed to: OTP's
// start_link. Errors: *SpecError, *InitError (after what was started has been stopped), ErrIgnore. A
// System has one tree; starting a root of the same name while one runs fails with *AlreadyStartedError.
func (s *System) Start(spec Spec) (*Supervisor, error) {
	if spec.Name == "" {
		spec.Name = "root"
	}
	sup := newSupervisor(s, spec, spec.Name)
	w := &rootWatch{sys: s, started: make(chan error, 1), ended: make(chan struct{})}
	g := s.newGuard(sup, w, nil, 1)
	name := s.boot + "/" + spec.Name
	pid, err := s.spawn(actor.PropsFromProducer(func() actor.Actor { return g }), name)
	if err != nil {
		return nil, &AlreadyStartedError{s.as.NewLocalPID(name)}
	}
	g.pid = pid
	s.processes.add(g)
	if err := <-w.started; err != nil {
		s.emit(rootEvent(spec.Name, err))
		return nil, err
	}
	s.emit(ChildStarted{Child: spec.Name, PID: pid})
	return &Supervisor{sys: s, pid: pid, sup: sup, ended: w.ended}, nil
}

func rootEvent(name string, err error) Event {
	if err == ErrIgnore {
		return ChildIgnored{Child: name}
	}
	return StartFailed{Child: name, Err: err}
}

// Supervisor returns a handle of the supervisor with this PID; false if none is running.
func (s *System) Supervisor(pid *actor.PID) (*Supervisor, bool) {
	if pid == nil {
		return nil, false
	}
	s.mu.RLock()
	sup := s.sups[pid.Id]
	s.mu.RUnlock()
	if sup == nil {
		return nil, false
	}
	return &Supervisor{sys: s, pid: pid, sup: sup, ended: sup.done}, true
}

// Exit ends the supervised actor with this PID, as Erlang's exit/2 does with a process that does not trap
// exits. A supervisor only takes Killed, and then ends without stopping its children in order.
func (s *System) Exit(pid *actor.PID, reason ExitReason) {
	if sup, ok := s.Supervisor(pid); ok {
		if reason.kind == exitKilled {
			sup.sup.post(&ordered{toDie, reason})
		}
		return
	}
	s.as.Root.Send(pid, &exitSignal{reason: reason})
}

func (s *System) emit(e Event) {
	if s.events != nil {
		s.events(e)
	}
}

func (s *System) countExit(reason ExitReason) {
	if !reason.IsNormal() {
		s.crashes.Add(1)
	}
}

// newGuard makes the guard of a new process; the attempt is that of child, counted from 1.
func (s *System) newGuard(inner actor.Actor, k keeper, ch *child, attempt uint32) *guard {
	born := uint32(s.now().Sub(s.epoch) / time.Second)
	return &guard{inner: inner, keeper: k, child: ch, number: attempt, process: s.processes.last.Add(1), born: born}
}

// spawn makes an actor without a parent in protoactor, under its full name.
func (s *System) spawn(props *actor.Props, name string) (*actor.PID, error) {
	return s.as.Root.SpawnNamed(props, name)
}

func (s *System) register(sup *supervisor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sups[sup.self.Id] = sup
}

func (s *System) unregister(sup *supervisor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sup.self != nil && s.sups[sup.self.Id] == sup {
		delete(s.sups, sup.self.Id)
	}
}

// rootWatch keeps the root supervisor, in place of a supervisor above it.
type rootWatch struct {
	sys     *System
	started chan error
	ended   chan struct{}
}

var _ keeper = (*rootWatch)(nil)

func (w *rootWatch) system() *System { return w.sys }

// acknowledged implements keeper.
func (w *rootWatch) acknowledged(g *guard, r startResult) {
	if r.err != nil {
		w.sys.unregister(g.inner.(*supervisor))
	}
	w.started <- r.err
}

// exited implements keeper.
func (w *rootWatch) exited(g *guard, pid *actor.PID, reason ExitReason) {
	sup := g.inner.(*supervisor)
	w.sys.countExit(reason)
	w.sys.emit(ChildExited{Child: sup.core.spec.Name, PID: pid, Reason: reason})
	w.sys.unregister(sup)
	close(w.ended)
}
