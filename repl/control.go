package repl

import (
	"errors"
	"time"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// caught gives the exception of an error, unless a budget has ended.
func (m *machine) caught(err error) (*Exception, bool) {
	var e *Exception
	if m.dead != nil || !errors.As(err, &e) || e.Fatal {
		return nil, false
	}
	return e, true
}

// evalCatch gives the value, or what an exception is turned into: {'EXIT',
// {Reason,Stack}} for an error, {'EXIT',Reason} for an exit, the term thrown.
func (m *machine) evalCatch(x *syntax.Catch, s *scope) (Term, error) {
	depth := m.depth
	v, err := m.eval(x.X, s)
	if err == nil {
		return v, nil
	}
	e, ok := m.caught(err)
	if !ok {
		return nil, err
	}
	m.depth = depth
	switch e.Class {
	case ClassThrow:
		return e.Reason, nil
	case ClassExit:
		return Tuple{Atom("EXIT"), e.Reason}, nil
	}
	return Tuple{Atom("EXIT"), Tuple{e.Reason, stackTerm(e.Stack)}}, nil
}

// stackTerm gives a stack trace as a term.
func stackTerm(stack []Frame) Term {
	var frames []Term
	for _, f := range stack {
		mod := f.Module
		if mod == "" {
			mod = "erl_eval"
		}
		args := Term(Int(f.Arity))
		if f.Args != nil {
			args = List(f.Args...)
		}
		frames = append(frames, Tuple{Atom(mod), Atom(f.Function), args, Nil{}})
	}
	return List(frames...)
}

// evalTry evaluates try. Variables bound inside stay inside.
func (m *machine) evalTry(x *syntax.Try, s *scope) (Term, error) {
	v, err := m.tryBody(x, &scope{s.vars, s.module})
	if x.After == nil {
		return v, err
	}
	if m.dead != nil {
		return nil, m.dead
	}
	if _, aerr := m.body(x.After, &scope{s.vars, s.module}); aerr != nil {
		return nil, aerr
	}
	return v, err
}

func (m *machine) tryBody(x *syntax.Try, s *scope) (Term, error) {
	outer := s.vars
	v, err := m.body(x.Body, s)
	if err == nil {
		if x.Clauses == nil {
			return v, nil
		}
		c, err := m.choose(x.Clauses, []Term{v}, s, false)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, errorTuple("try_clause", v)
		}
		return m.body(c.Body, s)
	}
	e, ok := m.caught(err)
	if !ok {
		return nil, err
	}
	s.vars = outer
	vals := []Term{Atom(e.Class), e.Reason, stackTerm(e.Stack)}
	c, merr := m.choose(x.Handlers, vals, s, false)
	if merr != nil {
		return nil, merr
	}
	if c == nil {
		return nil, err
	}
	return m.body(c.Body, s)
}

// evalReceive takes a message that the shell has sent to itself, or waits for
// the time after which it gives up. A receive that nothing can end waits until
// the budget does.
func (m *machine) evalReceive(x *syntax.Receive, s *scope) ([]syntax.Node, error) {
	box := m.shell.mailbox
	for i, msg := range box {
		c, err := m.choose(x.Clauses, []Term{msg}, s, false)
		if err != nil {
			return nil, err
		}
		if c != nil {
			m.shell.mailbox = append(append([]Term(nil), box[:i]...), box[i+1:]...)
			return c.Body, nil
		}
	}
	wait := Term(Atom("infinity"))
	if x.After != nil {
		v, err := m.eval(x.After, s)
		if err != nil {
			return nil, err
		}
		wait = v
	}
	if err := m.sleep(wait); err != nil {
		return nil, err
	}
	return x.Then, nil
}

// sleep waits for a number of milliseconds, or until the budget ends.
func (m *machine) sleep(wait Term) error {
	var timer <-chan time.Time
	switch w := wait.(type) {
	case Int:
		if w < 0 || w > 0xffffffff {
			return Raise(ClassError, Atom("timeout_value"))
		}
		if w == 0 {
			return m.step(1)
		}
		t := time.NewTimer(time.Duration(w) * time.Millisecond)
		defer t.Stop()
		timer = t.C
	case Atom:
		if w != "infinity" {
			return Raise(ClassError, Atom("timeout_value"))
		}
	default:
		return Raise(ClassError, Atom("timeout_value"))
	}
	select {
	case <-timer:
		return m.step(1)
	case <-m.ctx.Done():
		return m.kill(ended(m.ctx))
	}
}
