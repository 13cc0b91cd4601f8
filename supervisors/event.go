package supervisors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Event is something that happened to a child. The set is closed: ChildStarted, ChildIgnored,
// StartFailed, ChildExited, ChildRestarting, IntensityReached, ShutdownTimedOut. Supervisor is the path
// of the supervisor, without the boot part, such as root/sessions; it is empty for the root itself.
type Event interface{ event() }

// ChildStarted says that a child is running. A supervisor has started when all its children have.
type ChildStarted struct {
	Supervisor, Child string
	Arg               any // of a dynamic child
	PID               *actor.PID
	Restarted         bool // not the first start of this child
}

// ChildIgnored says that the start function of a child started nothing and that this is no failure.
type ChildIgnored struct {
	Supervisor, Child string
	Arg               any
}

// StartFailed says that a start attempt has failed, of a supervisor after the children that it had
// started were stopped.
type StartFailed struct {
	Supervisor, Child string
	Arg               any
	Err               error
}

// ChildExited says that a child has ended or, where it was abandoned, that it counts as ended. It is
// emitted before its supervisor acts on it.
type ChildExited struct {
	Supervisor, Child string
	Arg               any
	PID               *actor.PID
	Reason            ExitReason
}

// ChildRestarting says that a child ended, or failed to restart, and that its supervisor tries to
// restart it now.
type ChildRestarting struct {
	Supervisor, Child string
	Arg               any
}

// IntensityReached says that a supervisor gives up: Child would have been one restart too many.
type IntensityReached struct{ Supervisor, Child string }

// ShutdownTimedOut says that a child did not end within its shutdown time, or that a killed child did
// not end. Abandoned: it is blocked in a turn or a service function, and was given up.
type ShutdownTimedOut struct {
	Supervisor, Child string
	PID               *actor.PID
	After             time.Duration // the shutdown time; 0 for a brutal kill
	Abandoned         bool
}

func (ChildStarted) event()     {}
func (ChildIgnored) event()     {}
func (StartFailed) event()      {}
func (ChildExited) event()      {}
func (ChildRestarting) event()  {}
func (IntensityReached) event() {}
func (ShutdownTimedOut) event() {}
