package supervisors

import (
	"time"

	"github.com/erlmcp/erlmcp/internal/invariants"
)

// core is one supervisor without its actor: a state machine that takes inputs and returns actions. It
// follows the module supervisor of OTP 25. Where OTP waits, for a start function or for the end of a
// child, core keeps what to do next in wait and queues other inputs in inbox.
type core struct {
	spec     Spec // checked, with defaults
	grace    time.Duration
	epoch    time.Time
	children []*child          // start order; of a dynamic supervisor the template only
	dynamic  map[string]*child // by key; nil in a static supervisor
	peak     int               // most dynamic children since the map was made
	retrying int               // dynamic children in state restarting
	restarts []int64           // whole seconds since epoch, oldest first, within the period
	phase    phase
	reason   ExitReason // why the supervisor ends; from phase stopping on
	gaveUp   bool       // ends by its own decision
	wait     wait       // what the job under way waits for
	token    uint32     // of the latest timer
	inbox    inbox
	now      time.Time // of this step
	out      []action
}

type phase uint8

const (
	phaseNew      phase = iota
	phaseStarting       // children of the spec are being started
	phaseRunning
	phaseStopping // children are being stopped in order
	phaseDying    // killed; children are being killed
	phaseEnded
)

// child is a child specification and its process.
type child struct {
	spec    *ChildSpec // of a dynamic child the template
	key     string     // of a dynamic child
	arg     any        // of a dynamic child
	proc    process    // running or starting; nil else
	attempt uint32     // number of the latest start attempt, so of the process
	names   uint16     // names given up, since an abandoned process may hold them; kept by the shell
	state   childState
	booked  bool // has run, so its owner is told when it has ended for good
}

type childState uint8

const (
	childDown       childState = iota // undefined in OTP
	childUp                           // a process, perhaps ended with its exit still in the inbox
	childRestarting                   // between two restart attempts
)

// name is the key of a dynamic child, the id of another.
func (ch *child) name() string {
	if ch.key != "" {
		return ch.key
	}
	return ch.spec.ID
}

// process is one incarnation of a child, as the shell knows it.
type process interface{ running() bool }

// wait is what the job under way waits for. At most one of onStart, onExit and left is set.
type wait struct {
	child   *child // that starts or ends
	onStart func(startResult)
	onExit  func(ExitReason)
	left    int    // children that have to end, all at once
	onAll   func() // after the last of them
	each    func(*child, ExitReason)
	onTime  func() // when the timer runs out
}

func (w *wait) idle() bool { return w.onStart == nil && w.onExit == nil && w.left == 0 }

// startResult is the end of a start attempt.
type startResult struct {
	info any
	err  error // nil: started; ErrIgnore: nothing started
}

// step takes one input and returns the actions that follow, in order. The slice is valid until the next
// step.
func (c *core) step(now time.Time, in input) []action {
	if c.phase == phaseNew {
		c.epoch = now
	}
	c.now = now
	clear(c.out)
	c.out = c.out[:0]
	if cap(c.out) > inboxKept {
		c.out = nil
	}
	if !c.awaited(in) {
		c.inbox.push(in)
	}
	for c.wait.idle() && c.phase != phaseEnded {
		next, ok := c.inbox.pop()
		if !ok {
			break
		}
		c.handle(next)
	}
	if c.phase == phaseEnded {
		c.refuse()
	}
	if invariants.Enabled {
		c.verify()
	}
	return c.out
}

// awaited handles an input that must not wait in the inbox.
func (c *core) awaited(in input) bool {
	w := c.wait
	switch in.kind {
	case inKill:
		c.die()
		return true
	case inStarted:
		c.startAwaited(in)
		return true
	case inTimer:
		if in.token == c.token && w.onTime != nil {
			c.wait.onTime = nil
			w.onTime()
		}
		return true
	case inExited:
		return c.exitAwaited(in)
	default:
		return false
	}
}

func (c *core) startAwaited(in input) {
	w := c.wait
	switch {
	case in.attempt != in.child.attempt:
	case w.onStart != nil && in.child == w.child:
		c.wait = wait{}
		w.onStart(in.result)
	case c.phase == phaseDying && in.child.state == childUp && in.result.err != nil:
		c.oneLess(in.child, Killed)
	}
}

func (c *core) exitAwaited(in input) bool {
	w := c.wait
	if in.attempt != in.child.attempt {
		return true
	}
	if w.onExit != nil && w.child == in.child {
		c.wait = wait{}
		w.onExit(in.reason)
		return true
	}
	if w.left > 0 && w.each != nil && in.child.state == childUp {
		c.oneLess(in.child, in.reason)
		return true
	}
	return c.phase >= phaseDying
}

// oneLess counts the end of one of the children that the job waits for all at once.
func (c *core) oneLess(ch *child, reason ExitReason) {
	ch.state, ch.proc = childDown, nil
	c.wait.each(ch, reason)
	c.wait.left--
	if c.wait.left == 0 {
		then := c.wait.onAll
		c.wait = wait{}
		then()
	}
}

// handle takes an input from the inbox; no job is under way.
func (c *core) handle(in input) {
	switch in.kind {
	case inBoot:
		c.boot()
	case inCall:
		c.call(in.call)
	case inExited:
		if in.child.state == childUp && in.attempt == in.child.attempt {
			c.childExited(in.child, in.reason)
		}
	case inRetry:
		c.retry(in)
	case inStop:
		c.stop(in.reason)
	case inStarted, inTimer, inKill: // never wait in the inbox
	}
}

// begin is the start of the job that starts ch; then gets the result.
func (c *core) begin(ch *child, then func(startResult)) {
	ch.attempt++
	c.wait = wait{child: ch, onStart: func(r startResult) {
		if r.err != nil {
			ch.proc = nil
		} else {
			ch.booked = true
		}
		c.noteStart(ch, r)
		then(r)
	}}
	c.do(action{kind: doStart, child: ch})
}

func (c *core) noteStart(ch *child, r startResult) {
	switch r.err {
	case nil:
		c.do(action{kind: doNoteStarted, child: ch})
	case ErrIgnore:
		c.do(action{kind: doNoteIgnored, child: ch})
	default:
		c.do(action{kind: doNoteFailed, child: ch, err: r.err})
	}
}

// boot starts the children of the spec, in order.
func (c *core) boot() {
	c.phase = phaseStarting
	if c.spec.Strategy == SimpleOneForOne {
		c.dynamic = make(map[string]*child)
		c.booted()
		return
	}
	c.startEach(c.children, func(failed *child, err error) {
		if failed == nil {
			c.booted()
			return
		}
		c.stopEach(c.children, func() {
			c.phase = phaseEnded
			c.do(action{kind: doBooted, err: &InitError{Supervisor: c.spec.Name, Child: failed.spec.ID, Reason: err}})
		})
	})
}

func (c *core) booted() {
	c.phase = phaseRunning
	c.do(action{kind: doBooted})
}

// stop is the order to end: the children are stopped, then the supervisor ends with reason.
func (c *core) stop(reason ExitReason) {
	c.phase, c.reason = phaseStopping, reason
	if c.dynamic != nil {
		c.stopDynamic(c.end)
		return
	}
	c.stopEach(c.children, c.end)
}

func (c *core) end() {
	c.phase = phaseEnded
	c.do(action{kind: doEnd, reason: c.reason})
}

// all yields every child that may have a process.
func (c *core) all() func(yield func(*child) bool) {
	return func(yield func(*child) bool) {
		if c.dynamic == nil {
			for _, ch := range c.children {
				if !yield(ch) {
					return
				}
			}
			return
		}
		for _, ch := range c.dynamic {
			if !yield(ch) {
				return
			}
		}
	}
}

// refuse answers the calls that an ended supervisor leaves in its inbox.
func (c *core) refuse() {
	for {
		in, ok := c.inbox.pop()
		if !ok {
			return
		}
		if in.kind == inCall {
			in.call.err = &ExitError{Reason: c.reason}
			c.do(action{kind: doReply, call: in.call})
		}
	}
}

// calm reports whether the supervisor runs and no job is under way.
func (c *core) calm() bool { return c.phase == phaseRunning && c.wait.idle() }

// do adds an action. The process that the child has at this point goes with it, since the books may go on
// before the action is carried out.
func (c *core) do(a action) {
	if a.child != nil {
		a.proc = a.child.proc
	}
	c.out = append(c.out, a)
}

// timer calls then after d, unless the job has gone on by then.
func (c *core) timer(d time.Duration, then func()) {
	c.token++
	c.wait.onTime = then
	c.do(action{kind: doTimer, after: d, token: c.token})
}
