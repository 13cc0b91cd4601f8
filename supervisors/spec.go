package supervisors

import (
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// The default policy of the upper part of a supervision tree: past 3 restarts in 120 s a supervisor
// gives up, so that in the end the process exits and its container's policy acts.
const (
	DefaultIntensity = 3
	DefaultPeriod    = 120 * time.Second
)

// Strategy says which children a restart touches. The zero value is OneForOne.
type Strategy string

// The strategies, named as in OTP. A SimpleOneForOne supervisor has one template and any number of
// children made from it; Dynamic is the ready form of it.
const (
	OneForOne       Strategy = "one_for_one"
	OneForAll       Strategy = "one_for_all"
	RestForOne      Strategy = "rest_for_one"
	SimpleOneForOne Strategy = "simple_one_for_one"
)

// AutoShutdown says whether a supervisor ends with its significant children. The zero value is Never.
type AutoShutdown string

// The kinds of automatic shutdown, named as in OTP.
const (
	Never          AutoShutdown = "never"
	AnySignificant AutoShutdown = "any_significant"
	AllSignificant AutoShutdown = "all_significant"
)

// Restart says after which ends a child is restarted. The zero value is Permanent.
type Restart string

// The restart types: Permanent after each end, Transient after an abnormal one, Temporary never.
const (
	Permanent Restart = "permanent"
	Transient Restart = "transient"
	Temporary Restart = "temporary"
)

// Type says whether a child is a supervisor. The zero value is what Start makes: Supervisor for
// SupervisorOf and Dynamic, else Worker.
type Type string

// The types of children.
const (
	Worker         Type = "worker"
	SupervisorType Type = "supervisor"
)

// ShutdownTime says how a child is stopped: asked and waited for that long (a time.Duration, whole
// milliseconds as in OTP), or one of the constants. The zero value is OTP's default, 5 s for a worker
// and Infinity for a supervisor.
type ShutdownTime time.Duration

// Special shutdown times.
const (
	// BrutalKill does not ask the child. See the package comment for what killing means in Go.
	BrutalKill ShutdownTime = math.MinInt64
	// AtOnce asks and does not wait: the time-out 0 of OTP.
	AtOnce ShutdownTime = math.MinInt64 + 1
	// Infinity asks and waits without limit.
	Infinity ShutdownTime = math.MaxInt64
)

// ShutdownAfter returns the shutdown time d; 0 means AtOnce.
func ShutdownAfter(d time.Duration) ShutdownTime {
	if d == 0 {
		return AtOnce
	}
	return ShutdownTime(d)
}

// NoRestarts as Intensity is OTP's intensity 0: the first restart ends the supervisor.
const NoRestarts = math.MinInt

// Spec describes a supervisor: OTP's supervisor flags and child specifications.
type Spec struct {
	// Name is the name of the supervisor in logs and events, and the last part of its PID. Empty: the
	// id of the child that it is, "root" for the root.
	Name string
	// Strategy is what a restart touches. Default OneForOne.
	Strategy Strategy
	// Intensity is the number of restarts within Period that is allowed; the next one ends the
	// supervisor with reason shutdown. 0 means OTP's default 1; NoRestarts means 0.
	Intensity int
	// Period is compared in whole seconds; it must be whole seconds. 0 means OTP's default 5 s.
	Period time.Duration
	// AutoShutdown is the effect of the end of significant children. Default Never.
	AutoShutdown AutoShutdown
	// Children are started in this order and stopped in the reverse. SimpleOneForOne: the one template.
	Children []ChildSpec
	// Init, where set, is called at each start of the supervisor with a copy of the Spec, which it may
	// change: OTP's init function. ErrIgnore starts nothing; another error is {bad_return,_}. It runs in
	// the supervisor's turn and must not block.
	Init func(*Spec) error

	odd      map[string]string // flags no Go value can express, by OTP key; for replayed scenarios
	dynamic  *Dynamic          // the handle that a partition belongs to
	position int               // of the partition
}

// ChildSpec describes a child. A ChildSpec is immutable once it is in use.
type ChildSpec struct {
	// ID is unique in its supervisor. Mandatory.
	ID string
	// Start makes the child. Mandatory.
	Start Start
	// Restart says after which ends the child is restarted. Default Permanent.
	Restart Restart
	// Shutdown says how the child is stopped. Default 5 s for a worker, Infinity for a supervisor.
	Shutdown ShutdownTime
	// Type is what CountChildren counts the child as. Default SupervisorType for SupervisorOf and a
	// Dynamic, else Worker; it has to be set where a Func starts supervisors.
	Type Type
	// Significant makes the end of the child count for the supervisor's AutoShutdown. Not allowed for
	// Permanent children and where AutoShutdown is Never.
	Significant bool

	odd   map[string]string // as in Spec
	props *actor.Props      // of one supervisor, for Start.options; kept by its shell
}

// withDefaults returns c with OTP's defaults in place of zero values.
func (c ChildSpec) withDefaults() ChildSpec {
	c.props = nil
	if c.Restart == "" {
		c.Restart = Permanent
	}
	if c.Type == "" {
		c.Type = Worker
		if c.Start.kind == startSupervisor {
			c.Type = SupervisorType
		}
	}
	if c.Shutdown == 0 {
		c.Shutdown = ShutdownTime(5 * time.Second)
		if c.Type == SupervisorType {
			c.Shutdown = Infinity
		}
	}
	return c
}

func (s Spec) withDefaults() Spec {
	if s.Strategy == "" {
		s.Strategy = OneForOne
	}
	switch s.Intensity {
	case 0:
		s.Intensity = 1
	case NoRestarts:
		s.Intensity = 0
	}
	if s.Period == 0 {
		s.Period = 5 * time.Second
	}
	if s.AutoShutdown == "" {
		s.AutoShutdown = Never
	}
	return s
}
