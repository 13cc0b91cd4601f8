package supervisors

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"
)

// sentinel is an error that OTP writes as one atom.
type sentinel struct{ term, text string }

func (e *sentinel) Error() string { return "supervisors: " + e.text }
func (e *sentinel) Term() string  { return e.term }

// Answers of the operations, in OTP {error,Term}. Compare with errors.Is.
var (
	ErrNotFound       error = &sentinel{"not_found", "no such child"}
	ErrRunning        error = &sentinel{"running", "child is running"}
	ErrRestarting     error = &sentinel{"restarting", "child is being restarted"}
	ErrAlreadyPresent error = &sentinel{"already_present", "a child with this id is present"}
	ErrDynamic        error = &sentinel{"simple_one_for_one", "not for dynamic supervisors"}
	// ErrNotDynamic is the answer of StartDynamic of a static supervisor.
	ErrNotDynamic error = &sentinel{"not_simple_one_for_one", "not a dynamic supervisor"}
	// ErrNoProc is the answer where no such supervisor is running.
	ErrNoProc error = &sentinel{"noproc", "no such supervisor is running"}
	// ErrMaxChildren is the answer of a Dynamic that has DynamicSpec.MaxChildren children.
	ErrMaxChildren error = &sentinel{"max_children", "too many children"}
	// ErrIgnore is what a start function returns to start nothing without an error, and what
	// System.Start returns when Spec.Init does so.
	ErrIgnore error = &sentinel{"ignore", "start ignored"}
)

// AlreadyStartedError is the answer of StartChild when a child with this id or key is running.
type AlreadyStartedError struct{ PID *actor.PID }

func (e *AlreadyStartedError) Error() string {
	return "supervisors: already started: " + pidText(e.PID)
}

// Term returns {already_started,<pid>}.
func (e *AlreadyStartedError) Term() string { return "{already_started,<" + pidText(e.PID) + ">}" }

// StartError is the answer of StartChild of a static supervisor when the start function fails. It wraps
// the error of the start function.
type StartError struct {
	Child  string // id
	Reason error
}

func (e *StartError) Error() string {
	return fmt.Sprintf("supervisors: start child %s: %s", e.Child, errorText(e.Reason))
}

// Unwrap returns Reason.
func (e *StartError) Unwrap() error { return e.Reason }

// Term returns {Reason,<child:Id>}.
func (e *StartError) Term() string {
	return "{" + termOf(e.Reason) + ",<child:" + e.Child + ">}"
}

// InitError is the failed start of a supervisor because a child of it did not start. Those already
// started have been stopped. It wraps the error of the child's start function.
type InitError struct {
	Supervisor string
	Child      string
	Reason     error
}

func (e *InitError) Error() string {
	return fmt.Sprintf("supervisors: start %s: child %s failed to start: %s", e.Supervisor, e.Child, errorText(e.Reason))
}

// Unwrap returns Reason.
func (e *InitError) Unwrap() error { return e.Reason }

// Term returns {shutdown,{failed_to_start_child,Child,Reason}}.
func (e *InitError) Term() string {
	return "{shutdown,{failed_to_start_child," + e.Child + "," + termOf(e.Reason) + "}}"
}

// SpecError is an invalid Spec or ChildSpec. Nothing has been started.
type SpecError struct {
	Field string // the Go field, such as Children[1].Shutdown
	term  string
}

func (e *SpecError) Error() string {
	return "supervisors: invalid " + e.Field + ": " + e.term
}

// Term returns OTP's term, such as {start_spec,{invalid_shutdown,-1}}.
func (e *SpecError) Term() string { return e.term }

// ExitError is a start function that failed by itself, or a call that failed because the supervisor
// ended before it answered.
type ExitError struct {
	Reason ExitReason
	caught bool // a start function panicked, which OTP writes as {'EXIT',Reason}
}

func (e *ExitError) Error() string { return "supervisors: exit: " + e.Reason.String() }

// Unwrap returns the error of a Crash, and nil for other reasons.
func (e *ExitError) Unwrap() error { return e.Reason.Err() }

// Term returns the reason, in {'EXIT',_} if a start function panicked.
func (e *ExitError) Term() string {
	if e.caught {
		return "{'EXIT'," + e.Reason.String() + "}"
	}
	return e.Reason.String()
}

func pidText(pid *actor.PID) string {
	if pid == nil {
		return "undefined"
	}
	return pid.Id
}

func errorText(err error) string {
	if t, ok := errors.AsType[Term](err); ok {
		return string(t)
	}
	return err.Error()
}

func itoa[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }
