package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/erlmcp/erlmcp/config"
)

// Exit statuses. A test compares them with the help text.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitNotRunning = 3
	exitRefused    = 4
	exitTimeout    = 5
	exitException  = 6
	exitConfig     = 78 // EX_CONFIG of sysexits.h
)

// failure is an error with the exit status that it ends the process with.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(status int, layout string, args ...any) error {
	return &failure{status, fmt.Errorf(layout, args...)}
}

// errSaid ends a command that has told everything already.
var errSaid = errors.New("said")

// maxComplaint bounds a message: it may quote what the caller gave.
const maxComplaint = 4 << 10

// finish prints why a command failed and returns the exit status.
func (p *program) finish(err error) int {
	if err == nil {
		return exitOK
	}
	status := exitUsage // errors of cobra itself are about usage
	if f, ok := errors.AsType[*failure](err); ok {
		status = f.status
	}
	if errors.Is(err, errSaid) {
		return status
	}
	if problems, ok := errors.AsType[config.Errors](err); ok {
		fmt.Fprintf(p.stderr, "erlmcp: the configuration is wrong in %s\n", places(len(problems)))
		for _, problem := range problems {
			fmt.Fprintf(p.stderr, "  %s\n", printable(problem.Error()))
		}
		return status
	}
	fmt.Fprintf(p.stderr, "erlmcp: %s\n", printable(err.Error()))
	return status
}

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

// printable escapes what a terminal would act on, line ends apart, and bounds the length.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if b.Len() > maxComplaint {
			return b.String() + "..."
		}
		switch {
		case r == '\n' || unicode.IsPrint(r) && r != unicode.ReplacementChar:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
