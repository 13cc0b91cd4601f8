package repl

import (
	"context"
	"errors"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// SyntaxError is an expression that cannot be evaluated: its text does not
// scan or parse, or (Lint) it uses an unbound variable, an illegal pattern or
// guard. Its message reads as the shell's: * 1:7: syntax error before: ')'.
type SyntaxError struct {
	Line, Column int    // from 1
	Text         string // without the position
	Lint         bool
	Incomplete   bool // the text ends before its full stop: more lines may follow
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return (&syntax.Error{Pos: syntax.Pos{Line: e.Line, Column: e.Column}, Text: e.Text}).Error()
}

func syntaxError(err error) error {
	var e *syntax.Error
	if errors.As(err, &e) {
		return &SyntaxError{e.Pos.Line, e.Pos.Column, e.Text, e.Lint, e.Incomplete}
	}
	return err
}

// Class is the class of an exception.
type Class string

// The classes.
const (
	ClassError Class = "error"
	ClassExit  Class = "exit"
	ClassThrow Class = "throw"
)

// Exception is an exception that an evaluation ended with. Its message is the
// shell's, over several lines: ** exception error: bad argument, then where.
type Exception struct {
	Class  Class
	Reason Term
	Stack  []Frame // innermost first
	Fatal  bool    // a budget or the context ended: cannot be caught
	Denied bool    // the role does not allow the function

	text string // instead of the text of Reason
}

// Frame is a call on the stack of an exception. Args is nil when only the
// arity is known; Notes explains arguments by their number, 0 being general.
type Frame struct {
	Module, Function string
	Arity            int
	Args             []Term
	Notes            map[int]string
}

// StackTerm gives the stack as {'EXIT',{Reason,Stack}} has it.
func (e *Exception) StackTerm() Term { return stackTerm(e.Stack) }

// Raise makes an exception.
func Raise(class Class, reason Term) *Exception { return &Exception{Class: class, Reason: reason} }

// Badarg makes the exception error badarg.
func Badarg() *Exception { return Raise(ClassError, Atom("badarg")) }

// errorTuple makes an exception error with the reason {tag, value}.
func errorTuple(tag string, value Term) *Exception {
	return Raise(ClassError, Tuple{Atom(tag), value})
}

func limitReached(what string) *Exception {
	e := Raise(ClassError, Atom("system_limit"))
	e.Fatal = true
	e.text = "a system limit has been reached: " + what + " of one evaluation"
	return e
}

// ended is the exception of an evaluation whose context has ended: timeout at
// its deadline, killed when it was cancelled.
func ended(ctx context.Context) *Exception {
	e := Raise(ClassExit, Atom("timeout"))
	e.text = "timeout: the evaluation took too long"
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Reason = Atom("killed")
		e.text = "killed: the evaluation was cancelled"
	}
	e.Fatal = true
	return e
}
