package supervisors

import (
	"errors"
	"slices"
	"time"
)

// call is one operation on a supervisor and, once it is answered, its result.
type call struct {
	op   operation
	id   string    // child id, or key of a new dynamic child
	arg  any       // of a new dynamic child
	spec ChildSpec // startChild
	proc *target   // terminateChild, getChildSpec: a process in place of the id

	started  process // startChild, restartChild: nil where nothing was started
	info     any
	found    ChildSpec
	children []childInfo
	counts   Counts
	state    State
	err      error
	done     chan struct{} // of the caller, who waits; one element
}

type operation uint8

const (
	opStartChild operation = iota
	opStartDynamic
	opRestartChild
	opTerminateChild
	opDeleteChild
	opGetChildSpec
	opWhichChildren
	opCountChildren
	opState
)

// target is a process that a caller names.
type target struct {
	key   string // of the dynamic child that it is, if it is one of this supervisor
	alive func() bool
}

// childInfo is one row of which_children: what of a child its supervisor may change. It is small, since a
// supervisor collects the rows of all of its children in one turn.
type childInfo struct {
	child *child
	proc  process
	state childState
}

// Counts is the answer of CountChildren. All but Active count specifications, or the children of a
// dynamic supervisor, whether their process runs or not.
type Counts struct{ Specs, Active, Supervisors, Workers int }

func (c *core) call(q *call) {
	done := true
	switch q.op {
	case opStartChild:
		done = c.startChild(q)
	case opStartDynamic:
		done = c.startDynamic(q)
	case opRestartChild:
		done = c.restartChild(q)
	case opTerminateChild:
		done = c.terminateChild(q)
	case opDeleteChild:
		q.err = c.deleteChild(q.id)
	case opGetChildSpec:
		q.found, q.err = c.childSpec(q)
	case opWhichChildren:
		q.children = c.whichChildren(q.children)
	case opCountChildren:
		q.counts = c.countChildren()
	case opState:
		q.state = c.state()
	}
	if done {
		c.answer(q)
	}
}

func (c *core) answer(q *call) { c.do(action{kind: doReply, call: q}) }

func (c *core) find(id string) *child {
	for _, ch := range c.children {
		if ch.spec.ID == id {
			return ch
		}
	}
	return nil
}

// startChild reports whether the call has its answer already.
func (c *core) startChild(q *call) bool {
	if c.dynamic != nil {
		q.err = ErrDynamic
		return true
	}
	if err := checkChild(q.spec, c.spec.AutoShutdown); err != nil {
		q.err = err
		return true
	}
	spec := q.spec.withDefaults()
	if old := c.find(spec.ID); old != nil {
		q.err = ErrAlreadyPresent
		if old.state == childUp {
			q.started = old.proc
			q.err = errAlreadyStarted
		}
		return true
	}
	ch := &child{spec: &spec}
	c.begin(ch, func(r startResult) {
		if failed(r) {
			q.err = &StartError{Child: spec.ID, Reason: r.err}
			c.answer(q)
			return
		}
		c.settle(ch, r)
		if ch.state == childUp || spec.Restart != Temporary {
			c.children = append(c.children, ch)
		}
		c.answerStarted(q, ch, r)
	})
	return false
}

func (c *core) answerStarted(q *call, ch *child, r startResult) {
	q.started, q.info = ch.proc, r.info
	c.answer(q)
}

func (c *core) startDynamic(q *call) bool {
	if c.dynamic == nil {
		q.err = ErrNotDynamic
		return true
	}
	if old := c.dynamic[q.id]; old != nil {
		q.err = ErrAlreadyPresent
		if old.state == childUp {
			q.started = old.proc
			q.err = errAlreadyStarted
		}
		return true
	}
	ch := &child{spec: c.children[0].spec, key: q.id, arg: q.arg}
	c.dynamic[ch.key] = ch // before it runs, so that a kill finds it
	c.peak = max(c.peak, len(c.dynamic))
	c.begin(ch, func(r startResult) {
		if r.err != nil {
			c.remove(ch)
			if failed(r) {
				q.err = r.err
			}
			c.answer(q)
			return
		}
		ch.state = childUp
		c.answerStarted(q, ch, r)
	})
	return false
}

// errAlreadyStarted is completed by the shell, which knows the PID of call.started.
var errAlreadyStarted = errors.New("supervisors: already started")

func (c *core) restartChild(q *call) bool {
	if c.dynamic != nil {
		q.err = ErrDynamic
		return true
	}
	ch := c.find(q.id)
	if q.err = notDown(ch); q.err != nil {
		return true
	}
	c.begin(ch, func(r startResult) {
		if failed(r) {
			q.err = r.err
			c.answer(q)
			return
		}
		c.settle(ch, r)
		c.answerStarted(q, ch, r)
	})
	return false
}

func notDown(ch *child) error {
	switch {
	case ch == nil:
		return ErrNotFound
	case ch.state == childRestarting:
		return ErrRestarting
	case ch.state == childUp:
		return ErrRunning
	}
	return nil
}

func (c *core) deleteChild(id string) error {
	if c.dynamic != nil {
		return ErrDynamic
	}
	ch := c.find(id)
	if err := notDown(ch); err != nil {
		return err
	}
	c.remove(ch)
	return nil
}

func (c *core) terminateChild(q *call) bool {
	ch, err := c.named(q)
	switch {
	case c.dynamic != nil && q.proc == nil:
		q.err = ErrDynamic
		return true
	case err != nil:
		q.err = err
		return true
	case ch == nil:
		return true
	case ch.state != childUp:
		c.drop(ch, Shutdown)
		return true
	}
	c.stopChild(ch, func(reason ExitReason) {
		c.drop(ch, reason)
		c.answer(q)
	})
	return false
}

// named finds the child that a call names. As in OTP a process that has ended counts as a child of a
// dynamic supervisor, nil, and a process is never found in a static one.
func (c *core) named(q *call) (*child, error) {
	switch {
	case q.proc == nil:
		if ch := c.find(q.id); ch != nil {
			return ch, nil
		}
		return nil, ErrNotFound
	case c.dynamic == nil:
		return nil, ErrNotFound
	}
	if ch := c.dynamic[q.proc.key]; ch != nil && q.proc.key != "" {
		return ch, nil
	}
	if q.proc.alive() {
		return nil, ErrNotFound
	}
	return nil, nil
}

func (c *core) childSpec(q *call) (ChildSpec, error) {
	ch, err := c.named(q)
	if err != nil {
		return ChildSpec{}, err
	}
	if ch == nil {
		ch = c.children[0]
	}
	spec := *ch.spec
	spec.props = nil
	return spec, nil
}

// whichChildren appends the children to list, the latest first; the order in a dynamic supervisor is not
// defined.
func (c *core) whichChildren(list []childInfo) []childInfo {
	if c.dynamic != nil {
		for _, ch := range c.dynamic {
			list = append(list, childInfo{ch, ch.proc, ch.state})
		}
		return list
	}
	for _, ch := range slices.Backward(c.children) {
		list = append(list, childInfo{ch, ch.proc, ch.state})
	}
	return list
}

func (c *core) countChildren() Counts {
	if c.dynamic != nil {
		n := Counts{Specs: 1, Active: len(c.dynamic) - c.retrying}
		if c.children[0].spec.Type == SupervisorType {
			n.Supervisors = len(c.dynamic)
		} else {
			n.Workers = len(c.dynamic)
		}
		return n
	}
	var n Counts
	for _, ch := range c.children {
		n.Specs++
		if ch.state == childUp && ch.proc.running() {
			n.Active++
		}
		if ch.spec.Type == SupervisorType {
			n.Supervisors++
		} else {
			n.Workers++
		}
	}
	return n
}

// State is the inner state of a supervisor, but for its children.
type State struct {
	Strategy     Strategy
	Intensity    int
	Period       time.Duration
	AutoShutdown AutoShutdown
	Restarts     []time.Time // within the period, the oldest first
	Template     ChildSpec   // of a SimpleOneForOne supervisor
	Retrying     int         // dynamic children between two restart attempts
}

func (c *core) state() State {
	st := State{
		Strategy: c.spec.Strategy, Intensity: c.spec.Intensity, Period: c.spec.Period,
		AutoShutdown: c.spec.AutoShutdown, Retrying: c.retrying,
	}
	if c.dynamic != nil {
		st.Template = *c.children[0].spec
		st.Template.props = nil
	}
	for _, at := range c.restarts {
		st.Restarts = append(st.Restarts, c.epoch.Add(time.Duration(at)*time.Second))
	}
	return st
}
