package supervisors

import (
	"fmt"
	"strings"
)

// ExitReason says why a supervised actor ended. The zero value is Normal. Values are immutable and may
// be copied; compare with IsNormal or String, not with ==.
type ExitReason struct {
	kind   exitKind
	detail any // shutdownWith: the term; crash: an error
}

type exitKind uint8

const (
	exitNormal exitKind = iota
	exitShutdown
	exitShutdownWith
	exitKilled
	exitCrash
)

// The exit reasons without further data. Normal is an end by itself, Shutdown one that the supervisor
// asked for, Killed one without a chance to clean up.
var (
	Normal   = ExitReason{kind: exitNormal}
	Shutdown = ExitReason{kind: exitShutdown}
	Killed   = ExitReason{kind: exitKilled}
)

// ShutdownWith returns the reason {shutdown,x}: a normal end that carries data. A Term or error is
// written as its term, anything else as text.
func ShutdownWith(x any) ExitReason { return ExitReason{kind: exitShutdownWith, detail: x} }

// Crash returns an abnormal reason that carries err. A nil err counts as an unknown error.
func Crash(err error) ExitReason {
	if err == nil {
		err = Term("unknown")
	}
	return ExitReason{kind: exitCrash, detail: err}
}

// IsNormal reports whether r is one of normal, shutdown and {shutdown,_}: an end after which a transient
// child is not restarted.
func (r ExitReason) IsNormal() bool { return r.kind <= exitShutdownWith }

// Err returns what a Crash carries, and nil for any other reason.
func (r ExitReason) Err() error {
	err, _ := r.detail.(error)
	if r.kind != exitCrash {
		return nil
	}
	return err
}

// String returns r as an Erlang term without blanks, such as normal, {shutdown,saved} or "disk full".
func (r ExitReason) String() string {
	switch r.kind {
	case exitNormal:
		return "normal"
	case exitShutdown:
		return "shutdown"
	case exitKilled:
		return "killed"
	case exitShutdownWith:
		return "{shutdown," + termOf(r.detail) + "}"
	default:
		return termOf(r.detail)
	}
}

// Term is an error whose text is an Erlang term, such as no_db or {badmatch,1}.
type Term string

// Error returns the term.
func (t Term) Error() string { return string(t) }

// Term returns the term.
func (t Term) Term() string { return string(t) }

// PanicError is the error of a Crash that a panic caused.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the panicking goroutine
}

// Error returns the text of the panic, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Term returns the term of Value where it has one, else {panic,"text"}.
func (e *PanicError) Term() string {
	if t, ok := e.Value.(interface{ Term() string }); ok {
		return t.Term()
	}
	return "{panic," + quote(fmt.Sprint(e.Value)) + "}"
}

// TermOf returns err as an Erlang term without blanks: what an error of this package stands for in OTP,
// such as {already_started,<pid>}, and the text in quotes for any other error.
func TermOf(err error) string { return termOf(err) }

func termOf(x any) string {
	switch v := x.(type) {
	case interface{ Term() string }:
		return v.Term()
	case nil:
		return "undefined"
	case error:
		return quote(v.Error())
	default:
		return quote(fmt.Sprint(v))
	}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
