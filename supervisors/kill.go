package supervisors

import (
	"slices"

	"github.com/erlmcp/erlmcp/internal/invariants"
)

// die is a kill: children that are workers are killed, those that are supervisors end in order with
// reason killed, as if they noticed the end of this one. It waits for them no longer than its grace.
func (c *core) die() {
	if c.phase >= phaseDying {
		return
	}
	c.phase, c.reason = phaseDying, Killed
	starting := c.wait.child
	if c.wait.onStart == nil || starting.proc == nil {
		starting = nil
	}
	c.wait = wait{}
	for _, in := range c.inbox.takeExits() {
		in.child.state, in.child.proc = childDown, nil
		c.gone(in.child, in.reason)
	}
	if starting != nil && c.dynamic == nil && !slices.Contains(c.children, starting) {
		c.children = append(c.children, starting)
	}
	left := 0
	for ch := range c.all() {
		switch {
		case ch == starting, ch.state == childUp && ch.proc != nil:
			ch.state = childUp
			left++
			c.do(action{kind: doOrphan, child: ch})
		default:
			ch.state = childDown
			c.gone(ch, Killed)
		}
	}
	if left == 0 {
		c.end()
		return
	}
	c.wait = wait{left: left, each: c.gone, onAll: c.end}
	c.timer(c.grace, func() { c.leaveAll(); c.end() })
}

// leaveAll stops waiting for the children of a killed supervisor.
func (c *core) leaveAll() {
	c.wait = wait{}
	for ch := range c.all() {
		if ch.state == childUp {
			c.do(action{kind: doLeave, child: ch})
			ch.state, ch.proc = childDown, nil
			c.gone(ch, Killed)
		}
	}
}

// cutOff ends a supervisor that cannot wait for the children it has killed.
func (c *core) cutOff() []action {
	c.out = c.out[:0]
	for ch := range c.all() {
		if ch.state == childUp {
			ch.state = childDown
			c.gone(ch, Killed)
		}
	}
	c.wait, c.phase = wait{}, phaseEnded
	return c.out
}

// verify checks the books of a supervisor that is not in the middle of a job. Large ones are left out:
// the check would make each step linear.
func (c *core) verify() {
	if !c.calm() || len(c.dynamic) > 64 {
		return
	}
	retrying := 0
	for ch := range c.all() {
		if ch.state == childRestarting {
			retrying++
		}
		invariants.Check(c.dynamic != nil || c.find(ch.spec.ID) == ch, "supervisors: two children with one id")
		invariants.Check((ch.state == childUp) == (ch.proc != nil), "supervisors: state and process of a child differ")
	}
	invariants.Check(c.dynamic == nil || retrying == c.retrying, "supervisors: count of restarting children")
	invariants.Check(c.inbox.head == len(c.inbox.items), "supervisors: inbox is not empty at rest")
}
