package admin

import (
	"errors"

	"github.com/erlmcp/erlmcp/repl"
)

// Class is how an evaluation ended without a value. ClassValue is the zero value.
type Class string

// The classes.
const (
	ClassValue     Class = ""          // there is a value
	ClassSyntax    Class = "syntax"    // the text is no expression
	ClassError     Class = "error"     // the exception error
	ClassExit      Class = "exit"      // the exception exit
	ClassThrow     Class = "throw"     // a term that was thrown and not caught
	ClassDenied    Class = "denied"    // the role does not allow a function that it calls
	ClassLimit     Class = "limit"     // a budget was used up: reductions, memory, depth, output, or the size of the answer
	ClassTimeout   Class = "timeout"   // the time was used up
	ClassCancelled Class = "cancelled" // whoever asked gave up, or the node stops
	ClassBusy      Class = "busy"      // too many evaluations run and wait: it did not run
	ClassNodeDown  Class = "nodedown"  // the node that was named is no member that can be reached
	ClassQuit      Class = "quit"      // q() in a console
	ClassInternal  Class = "internal"  // a fault of the evaluator; the log has more
)

// Classes lists the classes of evaluations without a value.
func Classes() []Class {
	return []Class{
		ClassSyntax, ClassError, ClassExit, ClassThrow, ClassDenied, ClassLimit, ClassTimeout, ClassCancelled,
		ClassBusy, ClassNodeDown, ClassQuit, ClassInternal,
	}
}

// classOf gives the class of what repl.Shell.Eval fails with.
func classOf(err error) Class {
	if err == nil {
		return ClassValue
	}
	if errors.Is(err, repl.ErrQuit) {
		return ClassQuit
	}
	if _, syntax := errors.AsType[*repl.SyntaxError](err); syntax {
		return ClassSyntax
	}
	e, ok := errors.AsType[*repl.Exception](err)
	switch {
	case !ok:
		return ClassInternal
	case e.Denied:
		return ClassDenied
	case e.Fatal && e.Class == repl.ClassError:
		return ClassLimit
	case e.Fatal && e.Reason == repl.Term(repl.Atom("timeout")):
		return ClassTimeout
	case e.Fatal:
		return ClassCancelled
	default:
		return Class(e.Class)
	}
}
