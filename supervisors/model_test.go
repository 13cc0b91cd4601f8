package supervisors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is the naive supervisor: it blocks, as OTP's does, in a world where starts are scripted and every
// child ends when asked.
type model struct {
	strategy  Strategy
	intensity int
	period    int64
	outcome   func(id string, attempt int) error
	now       int64
	children  []*modelChild // start order
	restarts  []int64
	retry     []string // ids waiting for their next attempt
	attempts  map[string]int
	ended     bool
	trace     []string
}

type modelChild struct {
	id      string
	restart Restart
	state   childState
}

func (m *model) start(c *modelChild) error {
	m.attempts[c.id]++
	err := m.outcome(c.id, m.attempts[c.id])
	m.trace = append(m.trace, fmt.Sprintf("start %s: %v", c.id, err))
	switch err {
	case nil:
		c.state = childUp
		return nil
	case ErrIgnore:
		c.state = childDown
		return nil
	}
	return err
}

func (m *model) stop(c *modelChild) {
	if c.state == childUp {
		m.trace = append(m.trace, "stop "+c.id)
	}
	c.state = childDown
	if c.restart == Temporary {
		m.children = slices.DeleteFunc(m.children, func(o *modelChild) bool { return o == c })
	}
}

func (m *model) stopAll(list []*modelChild) {
	for _, c := range slices.Backward(slices.Clone(list)) {
		m.stop(c)
	}
}

// startAll starts list up to the first failure, whose child it returns.
func (m *model) startAll(list []*modelChild) *modelChild {
	for _, c := range slices.Clone(list) {
		if c.restart == Temporary && !slices.Contains(m.children, c) {
			continue
		}
		if m.start(c) != nil {
			return c
		}
		if c.state == childDown && c.restart == Temporary {
			m.stop(c)
		}
	}
	return nil
}

func (m *model) find(id string) *modelChild {
	for _, c := range m.children {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (m *model) exit(id string, normal bool) {
	c := m.find(id)
	if c == nil || c.state != childUp {
		return
	}
	if c.restart == Permanent || c.restart == Transient && !normal {
		m.again(c)
	} else {
		c.state = childDown
		if c.restart == Temporary {
			m.stop(c)
		}
	}
	for !m.ended && len(m.retry) > 0 {
		id := m.retry[0]
		m.retry = m.retry[1:]
		if c := m.find(id); c != nil && c.state == childRestarting {
			m.again(c)
		}
	}
}

// again is one restart attempt.
func (m *model) again(c *modelChild) {
	m.restarts = append(m.restarts, m.now)
	m.restarts = slices.DeleteFunc(m.restarts, func(at int64) bool { return m.now-at > m.period })
	if len(m.restarts) > m.intensity {
		c.state = childDown
		m.stopAll(m.children)
		m.ended = true
		return
	}
	group := []*modelChild{c}
	switch m.strategy {
	case OneForAll:
		group = m.children
	case RestForOne:
		group = m.children[slices.Index(m.children, c):]
	}
	if m.strategy != OneForOne {
		c.state = childDown
		group = slices.Clone(group)
		m.stopAll(group)
	}
	if failed := m.startAll(group); failed != nil {
		failed.state = childRestarting
		m.retry = append(m.retry, failed.id)
	}
}

// bench drives a core in the same world.
type bench struct {
	core     core
	outcome  func(id string, attempt int) error
	attempts map[string]int
	now      time.Time
	ended    bool
	booted   error
	trace    []string
}

type modelProcess bool

func (p modelProcess) running() bool { return bool(p) }

func (b *bench) send(in input) {
	queue := []input{in}
	for len(queue) > 0 {
		in, queue = queue[0], queue[1:]
		for _, a := range slices.Clone(b.core.step(b.now, in)) {
			switch a.kind {
			case doStart:
				id := a.child.spec.ID
				b.attempts[id]++
				err := b.outcome(id, b.attempts[id])
				b.trace = append(b.trace, fmt.Sprintf("start %s: %v", id, err))
				a.child.proc = modelProcess(true)
				queue = append(queue, input{kind: inStarted, child: a.child, attempt: a.child.attempt, result: startResult{err: err}})
			case doStop:
				b.trace = append(b.trace, "stop "+a.child.spec.ID)
				queue = append(queue, input{kind: inExited, child: a.child, attempt: a.child.attempt, reason: Shutdown})
			case doRetry:
				queue = append(queue, input{kind: inRetry, child: a.child})
			case doEnd:
				b.ended = true
			case doBooted:
				b.booted, b.ended = a.err, b.ended || a.err != nil
			}
		}
	}
}

// TestCoreAgainstNaiveModel compares the core with the naive supervisor over random trees and operations.
func TestCoreAgainstNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, b := newModels(t)
		check := func(what string) {
			if got, want := b.String(), m.String(); got != want {
				t.Fatalf("after %s: got %s, want %s\ncore  %v\nmodel %v", what, got, want, b.trace, m.trace)
			}
		}
		if failed := m.startAll(m.children); failed != nil {
			m.stopAll(m.children)
			m.ended = true
		}
		b.send(input{kind: inBoot})
		check("boot")
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if m.ended {
				return
			}
			check(modelStep(t, m, b))
		}
	})
}

func newModels(t *rapid.T) (*model, *bench) {
	strategy := rapid.SampledFrom([]Strategy{OneForOne, OneForAll, RestForOne}).Draw(t, "strategy")
	outcomes := rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, nil, nil, nil, ErrIgnore, Term("no")}), 32, 32).Draw(t, "outcomes")
	outcome := func(id string, attempt int) error {
		if attempt == 1 && id != "b" {
			return nil
		}
		return outcomes[(int(id[0])*7+attempt)%len(outcomes)]
	}
	intensity := rapid.IntRange(0, 4).Draw(t, "intensity")
	m := &model{strategy: strategy, intensity: intensity, period: 5, outcome: outcome, attempts: map[string]int{}}
	b := &bench{outcome: outcome, attempts: map[string]int{}, now: time.Unix(1000, 0)}
	b.core.spec = Spec{Strategy: strategy, Intensity: intensity, Period: 5 * time.Second, AutoShutdown: Never}
	for i := range rapid.IntRange(0, 4).Draw(t, "children") {
		restart := rapid.SampledFrom([]Restart{Permanent, Transient, Temporary}).Draw(t, "restart")
		spec := modelSpec(string(rune('a'+i)), restart)
		m.children = append(m.children, &modelChild{id: spec.ID, restart: restart})
		b.core.children = append(b.core.children, &child{spec: &spec})
	}
	return m, b
}

func modelSpec(id string, restart Restart) ChildSpec {
	return ChildSpec{ID: id, Restart: restart, Start: Start{kind: startActor}, Shutdown: Infinity, Type: Worker}
}

// modelStep carries out one random operation on both.
func modelStep(t *rapid.T, m *model, b *bench) string {
	id := string(rune('a' + rapid.IntRange(0, 5).Draw(t, "id")))
	c := m.find(id)
	switch op := rapid.IntRange(0, 9).Draw(t, "op"); {
	case op < 5:
		normal := rapid.Bool().Draw(t, "normal")
		reason := Crash(Term("crash"))
		if normal {
			reason = Normal
		}
		if ch := b.core.find(id); ch != nil && ch.state == childUp {
			b.send(input{kind: inExited, child: ch, attempt: ch.attempt, reason: reason})
		}
		m.exit(id, normal)
		return fmt.Sprintf("exit %s %v", id, reason)
	case op < 6:
		m.now += 4
		b.now = b.now.Add(4 * time.Second)
		return "advance"
	case op < 7:
		b.send(input{kind: inCall, call: &call{op: opTerminateChild, id: id}})
		if c != nil {
			m.stop(c)
		}
		return "terminate " + id
	case op < 8:
		b.send(input{kind: inCall, call: &call{op: opRestartChild, id: id}})
		if c != nil && c.state == childDown {
			_ = m.start(c)
		}
		return "restart " + id
	case op < 9:
		b.send(input{kind: inCall, call: &call{op: opDeleteChild, id: id}})
		if c != nil && c.state == childDown {
			m.children = slices.DeleteFunc(m.children, func(o *modelChild) bool { return o == c })
		}
		return "delete " + id
	default:
		restart := rapid.SampledFrom([]Restart{Permanent, Transient, Temporary}).Draw(t, "restart")
		b.send(input{kind: inCall, call: &call{op: opStartChild, spec: modelSpec(id, restart)}})
		if c == nil {
			n := &modelChild{id: id, restart: restart}
			if m.start(n) == nil && (n.state == childUp || restart != Temporary) {
				m.children = append(m.children, n)
			}
		}
		return "start " + id
	}
}

func (m *model) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "ended=%v trace=%d", m.ended, len(m.trace))
	if !m.ended {
		for _, c := range m.children {
			fmt.Fprintf(&s, " %s:%s:%d", c.id, c.restart, c.state)
		}
	}
	return s.String() + " " + strings.Join(m.trace, ";")
}

func (b *bench) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "ended=%v trace=%d", b.ended, len(b.trace))
	if !b.ended {
		for _, c := range b.core.children {
			fmt.Fprintf(&s, " %s:%s:%d", c.spec.ID, c.spec.Restart, c.state)
		}
	}
	return s.String() + " " + strings.Join(b.trace, ";")
}
