package actors

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
)

var (
	errSessionEnded = errors.New("actors: session has ended")
	errCallTimeout  = errors.New("actors: call timed out")
	errCallDone     = errors.New("actors: call has ended")
)

// forever is the time of a call without a limit.
const forever = time.Duration(math.MaxInt64)

// call is one running handler. It is the context the handler runs with and the peer through which the
// handler reaches its session. It reports to the session by message, and only to the incarnation that
// started it.
type call struct {
	a           *anchor
	id          mcp.CallID
	incarnation uint32
	method      mcp.Method
	name        string
	state       *mcp.State
	handler     func(context.Context, mcp.Peer) mcp.Outcome
	timeout     time.Duration // without progress; zero or less: none
	limit       time.Time     // whatever progress is made; zero: none

	mu    sync.Mutex
	timer *time.Timer   // nil without any limit
	done  chan struct{} // made when somebody asks for it
	cause error         // why the call was cancelled; nil while it may run
	token uint64
	asks  map[uint64]chan mcp.Answer
}

var (
	_ mcp.Peer        = (*call)(nil)
	_ context.Context = (*call)(nil)
)

func newCall(a *anchor, incarnation uint32, e mcp.StartCall) *call {
	limits := &a.gw.opts.Limits
	c := &call{
		a: a, id: e.Call, method: e.Method, name: e.Name, incarnation: incarnation, state: a.state.Load(),
		handler: e.Run, timeout: cmp.Or(e.Timeout, limits.CallTimeout),
	}
	now := time.Now()
	if limits.CallTime > 0 {
		c.limit = now.Add(limits.CallTime)
	}
	if d := c.allowance(now); d < forever {
		c.timer = time.AfterFunc(d, c.expire)
	}
	return c
}

// run runs the handler and reports its outcome. It is called once, off the session's turn.
func (c *call) run() {
	begun := time.Now()
	outcome := c.handler(c, c)
	c.a.work.Add(int64(time.Since(begun)))
	if f := outcome.Fault; f != nil {
		c.faulted(f)
	}
	c.report(mcp.CallDone{Call: c.id, Outcome: outcome})
}

// faulted logs what the client is told nothing of.
func (c *call) faulted(f *mcp.Fault) {
	attrs := []slog.Attr{
		slog.String("session", c.a.id), slog.String("method", c.method.String()), slog.String("name", c.name),
	}
	if f.Err != nil {
		attrs = append(attrs, slog.Any("err", f.Err))
	} else {
		c.a.gw.obs.HandlerPanic()
		attrs = append(attrs, slog.Any("panic", f.Panic), slog.String("stack", string(f.Stack)))
	}
	c.a.gw.log.LogAttrs(context.Background(), slog.LevelError, "handler failed", attrs...)
}

// expire answers for a handler that takes too long. What it returns later is dropped by the core.
func (c *call) expire() {
	c.a.gw.obs.LimitHit(LimitCallTime)
	c.cancel(errCallTimeout)
	c.report(mcp.CallDone{Call: c.id, Outcome: mcp.Outcome{Err: &mcp.Error{Code: mcp.CodeDeadline, Message: "the call ran out of time"}}})
}

func (c *call) report(in mcp.Input) {
	c.a.post(&callEvent{incarnation: c.incarnation, in: in})
}

// extend restarts the time-out: the call made progress, or its waiting for the client began or ended.
func (c *call) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil && c.cause == nil {
		c.timer.Reset(c.allowance(time.Now()))
	}
}

// allowance is how long the call may go on from now without progress. c.mu is held.
func (c *call) allowance(now time.Time) time.Duration {
	left := forever
	if !c.limit.IsZero() {
		left = max(c.limit.Sub(now), 0)
	}
	if len(c.asks) > 0 || c.timeout <= 0 {
		return left
	}
	return min(c.timeout, left)
}

// cancel ends the call's context for cause; the first cause wins.
func (c *call) cancel(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return
	}
	c.cause = cause
	if c.done != nil {
		close(c.done)
	}
}

// stop releases what a call that has ended holds.
func (c *call) stop() {
	c.cancel(errCallDone) // from here on nobody sets the timer anew
	if c.timer != nil {
		c.timer.Stop()
	}
}

// answered hands the client's answer to the handler that waits for it.
func (c *call) answered(e mcp.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch, ok := c.asks[e.Token]; ok {
		delete(c.asks, e.Token)
		ch <- e // has room for the one answer
	}
}

// Deadline implements context.Context. The time-out moves with progress, so no fixed deadline is told.
func (c *call) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (c *call) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.cause != nil {
			close(c.done)
		}
	}
	return c.done
}

// Err implements context.Context: context.DeadlineExceeded after the time-out, otherwise
// context.Canceled.
func (c *call) Err() error {
	switch c.why() {
	case nil:
		return nil
	case errCallTimeout:
		return context.DeadlineExceeded
	default:
		return context.Canceled
	}
}

// Value implements context.Context.
func (c *call) Value(any) any { return nil }

func (c *call) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// SessionID implements mcp.Peer.
func (c *call) SessionID() string { return c.a.id }

// State implements mcp.Peer.
func (c *call) State() *mcp.State { return c.state }

// Notify implements mcp.Peer.
func (c *call) Notify(method string, params []byte) error {
	if err := c.why(); err != nil {
		return err
	}
	c.report(mcp.CallNotified{Call: c.id, Method: method, Params: params})
	return nil
}

// Ask implements mcp.Peer. While the client is asked, the call's time-out does not run: people answer
// elicitations.
func (c *call) Ask(ctx context.Context, method string, params []byte) ([]byte, error) {
	token, ch, err := c.open()
	if err != nil {
		return nil, err
	}
	c.extend()
	defer c.extend()
	c.report(mcp.CallAsked{Call: c.id, Token: token, Method: method, Params: params})
	select {
	case answer := <-ch:
		if answer.Err != nil {
			return nil, answer.Err
		}
		return answer.Result, nil
	case <-c.Done():
		err = c.why()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.forget(token)
	c.report(mcp.AskAbandoned{Call: c.id, Token: token})
	return nil, err
}

func (c *call) open() (uint64, chan mcp.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return 0, nil, c.cause
	}
	c.token++
	if c.asks == nil {
		c.asks = make(map[uint64]chan mcp.Answer)
	}
	ch := make(chan mcp.Answer, 1)
	c.asks[c.token] = ch
	return c.token, ch, nil
}

func (c *call) forget(token uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asks, token)
}

// CloseStream implements mcp.Peer.
func (c *call) CloseStream() error {
	if err := c.why(); err != nil {
		return err
	}
	c.report(mcp.CallStreamClosed{Call: c.id})
	return nil
}
