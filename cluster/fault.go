package cluster

import (
	"context"
	"errors"
	"fmt"
)

// Errors of the services. They are returned as they are or wrapped; compare with errors.Is.
var (
	// ErrNodeDown: the other node is not a member, or ceased to be one while something was under way. What
	// was asked may or may not have been done.
	ErrNodeDown = errors.New("cluster: node is down")
	// ErrNoService: the other node serves nothing under this name.
	ErrNoService = errors.New("cluster: no such service")
	// ErrClosed: the stream or the node has been closed on this side.
	ErrClosed = errors.New("cluster: closed")
	// ErrBroken: messages of a stream were lost on the way, so the stream has ended.
	ErrBroken = errors.New("cluster: stream is broken")
	// ErrSelf: a stream cannot be opened to the node itself.
	ErrSelf = errors.New("cluster: stream to the node itself")
	// ErrNoQuorum: too few members are in reach to decide this without the risk of two owners. Try later.
	ErrNoQuorum = errors.New("cluster: no quorum")
	// ErrUnsettled: the members do not agree yet who has the session, as in the seconds after a node was
	// lost. Try later.
	ErrUnsettled = errors.New("cluster: ownership is not settled")
	// ErrGone: nobody has the session or a snapshot of it.
	ErrGone = errors.New("cluster: session is gone")
	// ErrBadID: the text is not a session id of this cluster.
	ErrBadID = errors.New("cluster: not a session id of this cluster")
)

// MovedError says that a session is active on another member.
type MovedError struct{ Owner Member }

// Error implements error.
func (e *MovedError) Error() string { return "cluster: session is active on " + e.Owner.Name }

// RemoteError is a failure that the other node reports: an error of a call's handler, or of the function
// that accepts streams. A handler returns one to choose the code; every other error becomes CodeFailed with
// its text.
type RemoteError struct {
	Code uint32 // own codes are CodeUser and above
	Text string
}

// Error implements error.
func (e *RemoteError) Error() string {
	return fmt.Sprintf("cluster: remote error %d: %s", e.Code, e.Text)
}

// Codes of ends and outcomes on the wire. Streams and calls of users have codes from CodeUser on.
const (
	CodeOK        uint32 = iota // the end that was meant
	CodeFailed                  // the handler failed; the text says why
	CodeNoService               // ErrNoService
	CodeBusy                    // ErrBusy
	CodeDeadline                // context.DeadlineExceeded
	CodeCanceled                // context.Canceled
	CodePanic                   // the handler panicked
	CodeNodeDown                // ErrNodeDown
	CodeBroken                  // ErrBroken
	CodeTooLarge                // ErrTooLarge
	CodeClosed                  // ErrClosed: the other node is stopping
	CodeNoQuorum                // ErrNoQuorum
	CodeUnsettled               // ErrUnsettled
	CodeGone                    // ErrGone
	CodeBadID                   // ErrBadID
	CodeUser      uint32 = 100
)

// codeErrors pairs codes and the errors that they stand for.
var codeErrors = []struct {
	code uint32
	err  error
}{
	{CodeNoService, ErrNoService}, {CodeBusy, ErrBusy}, {CodeDeadline, context.DeadlineExceeded},
	{CodeCanceled, context.Canceled}, {CodeNodeDown, ErrNodeDown}, {CodeBroken, ErrBroken},
	{CodeTooLarge, ErrTooLarge}, {CodeClosed, ErrClosed}, {CodeNoQuorum, ErrNoQuorum},
	{CodeUnsettled, ErrUnsettled}, {CodeGone, ErrGone}, {CodeBadID, ErrBadID},
}

// CodeError returns the error that a code and a text from the wire stand for; nil for CodeOK.
func CodeError(code uint32, text string) error {
	if code == CodeOK {
		return nil
	}
	for _, c := range codeErrors {
		if c.code == code {
			return c.err
		}
	}
	return &RemoteError{code, text}
}

// codeOf returns what is written to the wire for err.
func codeOf(err error) (code uint32, text string) {
	if err == nil {
		return CodeOK, ""
	}
	if remote := (*RemoteError)(nil); errors.As(err, &remote) {
		return remote.Code, remote.Text
	}
	for _, c := range codeErrors {
		if errors.Is(err, c.err) {
			return c.code, err.Error()
		}
	}
	return CodeFailed, err.Error()
}
