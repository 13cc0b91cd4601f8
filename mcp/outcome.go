package mcp

import (
	"context"
	"errors"
	"runtime/debug"
)

// recovered turns a panic of a handler into an outcome without details. It is to be deferred directly.
func (s *Server) recovered(method, name string, out *Outcome) {
	value := recover()
	if value == nil {
		return
	}
	fault := &Fault{Panic: value, Stack: debug.Stack()}
	*out = Outcome{Err: Internal(), Fault: fault}
	if s.opts.OnPanic != nil {
		defer func() { _ = recover() }() // a report that fails must not cost more than itself
		s.opts.OnPanic(method, name, value, fault.Stack)
	}
}

// broken is the outcome of a handler that has not kept its promise: clients get no details of err.
func (s *Server) broken(method, name string, err error) Outcome {
	if s.opts.OnError != nil {
		s.opts.OnError(method, name, err)
	}
	return Outcome{Err: Internal(), Fault: &Fault{Err: err}}
}

// failed is the outcome of a handler that returned err: an *Error in it goes to the client, and so does the
// *Error that ended the call; others are internal.
func (s *Server) failed(ctx context.Context, method, name string, err error) Outcome {
	if e := wireError(ctx, err); e != nil {
		return Outcome{Err: e}
	}
	return s.broken(method, name, err)
}

// wireError is the *Error in err, or else the one that ended ctx; nil if there is neither.
func wireError(ctx context.Context, err error) *Error {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &e) && e != nil {
		return e
	}
	return nil
}

var errNoResult = errors.New("mcp: the handler returned neither a result nor an error")

// inputError says what is wrong with arguments of a tool.
type inputError struct{ err error }

func (e *inputError) Error() string { return e.err.Error() }

// maxInputError bounds what a client is told about its arguments, since the text repeats parts of them.
const maxInputError = 1024

// badArguments is the outcome of a call whose arguments break the input schema. From 2025-11-25 on it is a
// result, so that the model sees what it did wrong (SEP-1303).
func badArguments(rev *Revision, err error) Outcome {
	text := shorten("invalid arguments: "+err.Error(), maxInputError)
	if !rev.InputErrorsInResult {
		return Outcome{Err: InvalidParams(text)}
	}
	return errorResult(text)
}

// errorResult is the outcome of a tool that failed.
func errorResult(text string) Outcome {
	dst := append(make([]byte, 0, len(text)+64), `{"content":[`...)
	dst, _ = (&TextContent{Text: text}).appendJSON(dst) // without Meta it cannot fail
	return Outcome{Result: append(dst, `],"isError":true}`...)}
}

// shorten cuts s to at most n bytes and a mark.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// revisionOf is the revision that is spoken with the client; without a session, the latest one.
func revisionOf(ss *ServerSession) *Revision {
	if ss == nil {
		return LatestRevision()
	}
	return ss.peer.State().Revision()
}
