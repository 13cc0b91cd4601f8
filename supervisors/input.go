package supervisors

import "time"

// input is what reaches a core. Kinds use the fields named beside them.
type input struct {
	kind    inputKind
	child   *child
	attempt uint32
	token   uint32
	result  startResult
	reason  ExitReason
	call    *call
}

type inputKind uint8

const (
	inBoot    inputKind = iota // start the children
	inCall                     // call: an operation
	inStarted                  // child, attempt, result: a start attempt has ended
	inExited                   // child, attempt, reason: a process has ended
	inRetry                    // child: the next restart attempt
	inTimer                    // token: a timer has run out
	inStop                     // reason: end in order
	inKill                     // end now
)

// action is what a core wants done. Kinds use the fields named beside them.
type action struct {
	kind   actionKind
	child  *child
	proc   process // of child
	token  uint32
	count  int
	after  time.Duration
	call   *call
	err    error
	reason ExitReason
	report reportContext
}

type actionKind uint8

const (
	doStart       actionKind = iota // child: start attempt child.attempt
	doStop                          // child: ask its process to shut down
	doKill                          // child: kill its process
	doOrphan                        // child: its supervisor is killed
	doAbandon                       // child, after: give its process up
	doLeave                         // child: give its process up, unless it ends in order by itself
	doTimedOut                      // child, after: the shutdown time has run out
	doTimer                         // after, token: send inTimer then
	doRetry                         // child: send inRetry to the end of the own mailbox
	doReply                         // call: it has its answer
	doReport                        // report, child, reason or err, count
	doGone                          // child, reason: a dynamic child has ended for good
	doBooted                        // err: the start of the supervisor has ended
	doEnd                           // reason: the supervisor ends
	doNoteStarted                   // child: event
	doNoteIgnored                   // child: event
	doNoteFailed                    // child, err: event
	doNoteRestart                   // child: event
	doNoteLimit                     // child: event
)

// reportContext is the error context of a supervisor report, as in OTP.
type reportContext string

const (
	reportTerminated    reportContext = "child_terminated"
	reportStartError    reportContext = "start_error"
	reportShutdownError reportContext = "shutdown_error"
	reportShutdown      reportContext = "shutdown"
)

// inbox is a queue of inputs that wait for the job under way.
type inbox struct {
	items []input
	head  int
	exits int // of kind inExited
}

const inboxKept = 1024 // capacity that an empty inbox keeps

func (q *inbox) push(in input) {
	if in.kind == inExited {
		q.exits++
	}
	q.items = append(q.items, in)
}

func (q *inbox) pop() (input, bool) {
	if q.head == len(q.items) {
		return input{}, false
	}
	in := q.items[q.head]
	q.items[q.head] = input{}
	q.head++
	if in.kind == inExited {
		q.exits--
	}
	if q.head == len(q.items) {
		q.head = 0
		q.items = q.items[:0]
		if cap(q.items) > inboxKept {
			q.items = nil
		}
	}
	return in, true
}

// takeExit removes the exit of the present process of ch, if it is there.
func (q *inbox) takeExit(ch *child) (ExitReason, bool) {
	for i := q.head; q.exits > 0 && i < len(q.items); i++ {
		in := q.items[i]
		if in.kind == inExited && in.child == ch && in.attempt == ch.attempt {
			copy(q.items[i:], q.items[i+1:])
			q.items[len(q.items)-1] = input{}
			q.items = q.items[:len(q.items)-1]
			q.exits--
			return in.reason, true
		}
	}
	return ExitReason{}, false
}

// takeExits returns the exits of present processes in the inbox and removes them.
func (q *inbox) takeExits() []input {
	var exits []input
	kept := q.items[:q.head]
	for _, in := range q.items[q.head:] {
		if in.kind == inExited && in.child.state == childUp && in.attempt == in.child.attempt {
			exits = append(exits, in)
			q.exits--
			continue
		}
		kept = append(kept, in)
	}
	clear(q.items[len(kept):])
	q.items = kept
	return exits
}
