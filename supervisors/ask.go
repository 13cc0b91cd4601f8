package supervisors

import (
	"context"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// call sends an operation and waits for its answer, no longer than ctx where that is not nil; the fields of q
// belong to s after that. It must not run in a turn of s.
func (s *supervisor) call(ctx context.Context, q *call) error {
	select {
	case <-s.done:
		return ErrNoProc
	default:
	}
	var over <-chan struct{}
	if ctx != nil {
		over = ctx.Done()
	}
	q.done = make(chan struct{}, 1)
	s.post(q)
	select {
	case <-q.done:
		return q.err
	case <-over:
		return ctx.Err()
	case <-s.done:
	}
	select { // an answer may have come just before the end
	case <-q.done:
		return q.err
	default:
		return &ExitError{Reason: s.reason}
	}
}

func (s *supervisor) start1(ctx context.Context, q *call) (Child, error) {
	if err := s.call(ctx, q); err != nil {
		return Child{}, err
	}
	return q.child(), nil
}

// child is the answer of an operation that starts.
func (q *call) child() Child {
	c := Child{ID: q.id, Info: q.info}
	if g, ok := q.started.(*guard); ok {
		c.PID, c.Number = g.pid, g.process
	}
	return c
}

// rows is the answer of which_children.
func (q *call) rows() []ChildInfo {
	list := make([]ChildInfo, len(q.children))
	for i, c := range q.children {
		list[i] = ChildInfo{spec: c.child.spec, Type: c.child.spec.Type, Restarting: c.state == childRestarting}
		if c.child.key == "" {
			list[i].ID = c.child.spec.ID
		}
		if g, ok := c.proc.(*guard); ok && c.state == childUp {
			list[i].PID, list[i].Number = g.pid, g.process
		}
	}
	return list
}

func (s *supervisor) startDynamic(ctx context.Context, key string, arg any) (Child, error) {
	q := &call{op: opStartDynamic, id: key, arg: arg}
	if key == "" {
		q.id = s.sys.as.ProcessRegistry.NextId()
	}
	c, err := s.start1(ctx, q)
	c.ID = ""
	return c, err
}

func (s *supervisor) childSpec(ctx context.Context, q *call) (ChildSpec, error) {
	if err := s.call(ctx, q); err != nil {
		return ChildSpec{}, err
	}
	return q.found, nil
}

// target describes a process to the core.
func (s *supervisor) target(pid *actor.PID) *target {
	t := &target{alive: func() bool { _, ok := s.sys.as.ProcessRegistry.Get(pid); return ok }}
	if key, ok := strings.CutPrefix(pid.GetId(), s.self.Id+"/"); ok {
		t.key = key
	}
	return t
}
