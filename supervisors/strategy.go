package supervisors

import (
	"slices"
	"time"
)

// childExited decides what follows the end of a child by itself (do_restart in OTP).
func (c *core) childExited(ch *child, reason ExitReason) {
	ch.proc = nil
	if ch.spec.Restart == Permanent || ch.spec.Restart == Transient && !reason.IsNormal() {
		c.report(reportTerminated, ch, reason)
		c.restart(ch, reason)
		return
	}
	if !reason.IsNormal() {
		c.report(reportTerminated, ch, reason)
	}
	c.drop(ch, reason)
	c.maybeAutoShutdown(ch)
}

// drop takes the process of ch out of the books: a temporary or dynamic child goes with it.
func (c *core) drop(ch *child, reason ExitReason) {
	if ch.state == childRestarting && c.dynamic != nil {
		c.retrying--
	}
	ch.state, ch.proc = childDown, nil
	if c.dynamic != nil || ch.spec.Restart == Temporary {
		c.remove(ch)
		c.gone(ch, reason)
	}
}

func (c *core) remove(ch *child) {
	if c.dynamic == nil {
		if i := slices.Index(c.children, ch); i >= 0 {
			c.children = slices.Delete(c.children, i, i+1)
		}
		return
	}
	if c.dynamic[ch.key] != ch {
		return
	}
	delete(c.dynamic, ch.key)
	if len(c.dynamic) == 0 && c.peak > 1024 { // a map does not shrink
		c.dynamic, c.peak = make(map[string]*child), 0
	}
}

// gone tells the owner of a dynamic supervisor that a child has ended for good.
func (c *core) gone(ch *child, reason ExitReason) {
	if c.dynamic != nil && ch.booked {
		c.do(action{kind: doGone, child: ch, reason: reason})
	}
}

func (c *core) maybeAutoShutdown(ch *child) {
	if !ch.spec.Significant {
		return
	}
	switch c.spec.AutoShutdown {
	case AnySignificant:
		c.giveUp()
	case AllSignificant:
		if !c.significantLeft() {
			c.giveUp()
		}
	case Never:
	}
}

// giveUp ends the supervisor by its own decision.
func (c *core) giveUp() {
	c.gaveUp = true
	c.stop(Shutdown)
}

func (c *core) significantLeft() bool {
	if c.dynamic != nil {
		return len(c.dynamic) > 0
	}
	return slices.ContainsFunc(c.children, func(ch *child) bool {
		return ch.state != childDown && ch.spec.Significant
	})
}

// restart is one restart attempt after the end of ch with reason, or after a failed attempt.
func (c *core) restart(ch *child, reason ExitReason) {
	if !c.addRestart() {
		c.reportLimit(ch)
		c.drop(ch, reason)
		c.giveUp()
		return
	}
	c.do(action{kind: doNoteRestart, child: ch})
	switch c.spec.Strategy {
	case OneForOne:
		c.restartOne(ch)
	case OneForAll:
		c.restartGroup(ch, slices.Clone(c.children))
	case RestForOne:
		c.restartGroup(ch, slices.Clone(c.children[slices.Index(c.children, ch):]))
	case SimpleOneForOne:
		c.restartDynamic(ch)
	}
}

func (c *core) restartOne(ch *child) {
	c.begin(ch, func(r startResult) {
		if failed(r) {
			c.report(reportStartError, ch, r.err)
			c.tryAgain(ch)
			return
		}
		c.settle(ch, r)
	})
}

// restartGroup stops the children of group in reverse order and starts them again in order. ch, which
// has ended, is among them.
func (c *core) restartGroup(ch *child, group []*child) {
	ch.state = childDown
	c.stopEach(group, func() {
		group = slices.DeleteFunc(group, func(g *child) bool { return g.spec.Restart == Temporary })
		c.startEach(group, func(failed *child, _ error) {
			if failed != nil {
				c.tryAgain(failed)
			}
		})
	})
}

func (c *core) restartDynamic(ch *child) {
	c.begin(ch, func(r startResult) {
		switch {
		case failed(r):
			if ch.state != childRestarting {
				c.retrying++
			}
			c.report(reportStartError, ch, r.err)
			c.tryAgain(ch)
		case r.err == ErrIgnore:
			c.drop(ch, Normal)
		default:
			if ch.state == childRestarting {
				c.retrying--
			}
			ch.state = childUp
		}
	})
}

func (c *core) tryAgain(ch *child) {
	ch.state = childRestarting
	c.do(action{kind: doRetry, child: ch})
}

// retry is the next attempt, if the child still waits for one.
func (c *core) retry(in input) {
	ch := in.child
	if c.dynamic == nil {
		ch = c.find(ch.spec.ID)
	}
	if ch != nil && ch.state == childRestarting {
		c.restart(ch, Killed)
	}
}

// failed reports whether a start attempt has failed; one that was ignored has not.
func failed(r startResult) bool { return r.err != nil && r.err != ErrIgnore }

// settle books a start that did not fail.
func (c *core) settle(ch *child, r startResult) {
	ch.state = childUp
	if r.err == ErrIgnore {
		ch.state, ch.proc = childDown, nil
	}
}

// startEach starts list in order, up to the first failure. An ignored temporary child is removed.
func (c *core) startEach(list []*child, then func(failed *child, err error)) {
	list = slices.Clone(list)
	var next func(i int)
	next = func(i int) {
		if i == len(list) {
			then(nil, nil)
			return
		}
		ch := list[i]
		c.begin(ch, func(r startResult) {
			if failed(r) {
				ch.state = childDown
				c.report(reportStartError, ch, r.err)
				then(ch, r.err)
				return
			}
			c.settle(ch, r)
			if ch.state == childDown && ch.spec.Restart == Temporary {
				c.remove(ch)
			}
			next(i + 1)
		})
	}
	next(0)
}

// stopEach stops list in reverse order, one after the other, and drops the processes from the books:
// temporary children are removed, others are down.
func (c *core) stopEach(list []*child, then func()) {
	list = slices.Clone(list)
	var next func(i int)
	next = func(i int) {
		for i >= 0 && list[i].state != childUp {
			c.drop(list[i], Shutdown)
			i--
		}
		if i < 0 {
			then()
			return
		}
		c.stopChild(list[i], func(reason ExitReason) {
			c.drop(list[i], reason)
			next(i - 1)
		})
	}
	next(len(list) - 1)
}

// stopChild ends the process of ch as its Shutdown says (shutdown in OTP). An exit that is already in
// the inbox is its end.
func (c *core) stopChild(ch *child, then func(ExitReason)) {
	if reason, ok := c.inbox.takeExit(ch); ok {
		c.reportStop(ch, reason)
		then(reason)
		return
	}
	c.wait = wait{child: ch, onExit: func(reason ExitReason) {
		c.reportStop(ch, reason)
		then(reason)
	}}
	if ch.spec.Shutdown == BrutalKill {
		c.killAwaited(ch, 0)
		return
	}
	c.do(action{kind: doStop, child: ch})
	if d, ok := ch.spec.stopTime(); ok {
		c.timer(d, func() {
			c.do(action{kind: doTimedOut, child: ch, after: d})
			c.killAwaited(ch, d)
		})
	}
}

// killAwaited kills the process that the job waits for, and abandons it if that does not help.
func (c *core) killAwaited(ch *child, after time.Duration) {
	c.do(action{kind: doKill, child: ch})
	c.timer(c.graceOf(ch), func() {
		c.do(action{kind: doAbandon, child: ch, after: after})
		then := c.wait.onExit
		c.wait = wait{}
		then(Killed)
	})
}

// graceOf is longer for a supervisor, which itself may have to wait for its children.
func (c *core) graceOf(ch *child) time.Duration {
	if ch.spec.Type == SupervisorType {
		return 3 * c.grace
	}
	return c.grace
}

// stopTime returns how long a child that was asked may take; false: without limit.
func (s *ChildSpec) stopTime() (time.Duration, bool) {
	switch s.Shutdown {
	case Infinity:
		return 0, false
	case AtOnce:
		return 0, true
	default:
		return time.Duration(s.Shutdown), true
	}
}

// stopDynamic stops all children at once; the shutdown time is for all of them together.
func (c *core) stopDynamic(then func()) {
	var errs reasonCounts
	each := func(ch *child, reason ExitReason) {
		if unexpected(ch.spec, reason) {
			errs.add(reason)
		}
		c.remove(ch)
		c.gone(ch, reason)
	}
	for _, in := range c.inbox.takeExits() {
		in.child.state, in.child.proc = childDown, nil
		each(in.child, in.reason)
	}
	template := c.children[0].spec
	kind := doStop
	if template.Shutdown == BrutalKill {
		kind = doKill
	}
	left := 0
	for _, ch := range c.dynamic {
		if ch.state == childUp {
			left++
			c.do(action{kind: kind, child: ch})
		}
	}
	all := func() {
		for _, ch := range c.dynamic { // those between two attempts
			c.drop(ch, Shutdown)
		}
		errs.each(func(reason ExitReason, n int) {
			c.do(action{kind: doReport, report: reportShutdownError, child: c.children[0], reason: reason, count: n})
		})
		then()
	}
	if left == 0 {
		all()
		return
	}
	c.wait = wait{left: left, each: each, onAll: all}
	abandon := func() {
		for _, ch := range c.dynamic {
			if ch.state == childUp {
				c.do(action{kind: doAbandon, child: ch})
				c.oneLess(ch, Killed)
			}
		}
	}
	c.limitDynamic(template, abandon)
}

// limitDynamic sets the timers of stopDynamic.
func (c *core) limitDynamic(template *ChildSpec, abandon func()) {
	grace := c.graceOf(c.children[0])
	if template.Shutdown == BrutalKill {
		c.timer(grace, abandon)
		return
	}
	if d, ok := template.stopTime(); ok {
		c.timer(d, func() {
			for _, ch := range c.dynamic {
				if ch.state == childUp {
					c.do(action{kind: doTimedOut, child: ch, after: d})
					c.do(action{kind: doKill, child: ch})
				}
			}
			c.timer(grace, abandon)
		})
	}
}
