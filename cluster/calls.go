package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// CallHandler answers calls of a service. It runs on a goroutine of its own; ctx ends at the caller's
// deadline, when the caller gives up, and when the caller's node leaves the view. It must not keep or
// change request after it has returned, and must not change what it has returned. A panic is the caller's
// *RemoteError with CodePanic.
type CallHandler func(ctx context.Context, from Member, request []byte) ([]byte, error)

// calls is the call table of a node. The caller's side matches answers by id; every call has exactly one
// outcome: whoever takes its waiter out of waiting decides it.
type calls struct {
	w    wire
	opts serviceOptions
	log  func(what string, value any)
	idle sync.Pool // of *waiter

	sent, failed, served atomic.Int64 // calls to others, those of them without an answer, calls of others

	mu       sync.Mutex
	closed   bool
	members  map[string]Member       // the view, by boot, self included
	next     uint64                  // last id given to a call
	waiting  map[uint64]*waiter      // calls of this node
	inFlight map[string]int          // waiting, by boot of the callee; no zeros
	services map[string]CallHandler  // by name
	serving  map[callKey]*servedCall // calls of others
	load     map[string]int          // serving, by boot of the caller; no zeros
	working  sync.WaitGroup          // handlers of serving
}

// callKey names a call of another node.
type callKey struct {
	boot string
	id   uint64
}

type servedCall struct{ cancel context.CancelFunc }

// waiter is one call that waits for its outcome. Waiters are used again: done is empty while one is idle,
// since the outcome is sent by whoever took the waiter out of the table, and received by the caller.
type waiter struct {
	boot string
	done chan outcome // capacity 1
}

type outcome struct {
	body       []byte
	err        error
	unanswered bool // it was decided here
}

func newCalls(w wire, o serviceOptions, log func(string, any)) *calls {
	c := &calls{
		w: w, opts: o, log: log, members: map[string]Member{},
		waiting: map[uint64]*waiter{}, inFlight: map[string]int{}, services: map[string]CallHandler{},
		serving: map[callKey]*servedCall{}, load: map[string]int{},
	}
	c.idle.New = func() any { return &waiter{done: make(chan outcome, 1)} }
	w.handle(kindCall, c.serve)
	w.handle(kindCallDone, c.done)
	w.handle(kindCallCancel, c.cancelled)
	return c
}

// register adds a service.
func (c *calls) register(service string, f CallHandler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.services[service] != nil {
		panic("cluster: ServeCalls: service " + service + " is taken")
	}
	c.services[service] = f
}

// call sends a request and waits for its outcome.
func (c *calls) call(ctx context.Context, to Member, service string, request []byte) ([]byte, error) {
	if len(request) > c.opts.MessageBytes {
		return nil, ErrTooLarge
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	left := c.opts.CallTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left)
		defer cancel()
	}
	if to.Boot == c.w.Self().Boot {
		return c.local(ctx, service, request)
	}
	id, wt, err := c.begin(to)
	if err != nil {
		return nil, err
	}
	header := appendText(binary.AppendUvarint(make([]byte, 0, len(service)+8), uint64(max(left.Milliseconds(), 1))), service)
	if err := c.w.tell(to, packet{kind: kindCall, id: id, header: header, body: request}); err != nil {
		c.settle(id, to.Boot, outcome{err: downIfGone(err), unanswered: true})
	}
	return c.wait(ctx, to, id, wt)
}

func (c *calls) wait(ctx context.Context, to Member, id uint64, wt *waiter) ([]byte, error) {
	var o outcome
	select {
	case o = <-wt.done:
	case <-ctx.Done():
		if c.settle(id, to.Boot, outcome{err: ctx.Err(), unanswered: true}) {
			c.w.tell(to, packet{kind: kindCallCancel, id: id}) // best effort: its deadline ends it as well
		}
		o = <-wt.done
	}
	c.idle.Put(wt)
	return o.body, o.err
}

// downIfGone turns the wire's word for a member that is not there into the services' word.
func downIfGone(err error) error {
	if errors.Is(err, ErrNotMember) {
		return ErrNodeDown
	}
	return err
}

// begin enters a call into the table.
func (c *calls) begin(to Member) (uint64, *waiter, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, nil, ErrClosed
	case c.members[to.Boot].Boot == "":
		return 0, nil, ErrNodeDown
	case c.inFlight[to.Boot] >= c.opts.CallsPerPeer:
		return 0, nil, ErrBusy
	}
	c.next++
	c.sent.Add(1)
	wt := c.idle.Get().(*waiter)
	wt.boot = to.Boot
	c.waiting[c.next] = wt
	c.inFlight[to.Boot]++
	return c.next, wt, nil
}

// settle decides the outcome of call id, made to the node with this boot; false if it is decided.
func (c *calls) settle(id uint64, boot string, o outcome) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	wt := c.waiting[id]
	if wt == nil || wt.boot != boot {
		return false
	}
	c.settleLocked(id, wt, o)
	return true
}

func (c *calls) settleLocked(id uint64, wt *waiter, o outcome) {
	delete(c.waiting, id)
	decrement(c.inFlight, wt.boot)
	if o.unanswered {
		c.failed.Add(1)
	}
	wt.done <- o
}

func decrement(m map[string]int, key string) {
	if m[key]--; m[key] <= 0 {
		delete(m, key)
	}
}

// done takes an answer.
func (c *calls) done(from Member, p packet) {
	o := outcome{body: p.body}
	if p.code != CodeOK {
		o = outcome{err: CodeError(p.code, string(p.body))}
	}
	c.settle(p.id, from.Boot, o)
}

// local answers a call of the node to itself, on the caller's goroutine.
func (c *calls) local(ctx context.Context, service string, request []byte) ([]byte, error) {
	c.mu.Lock()
	f, closed := c.services[service], c.closed
	c.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case f == nil:
		return nil, ErrNoService
	}
	body, err := c.run(ctx, f, c.w.Self(), request)
	if err != nil {
		return nil, CodeError(codeOf(err))
	}
	return body, nil
}

// serve starts the handler for a call of another node.
func (c *calls) serve(from Member, p packet) {
	f := fields{rest: p.header}
	left, service := time.Duration(f.uint())*time.Millisecond, f.text()
	handler, code := c.admit(from, p.id, service)
	if f.bad || code != CodeOK {
		c.w.tell(from, packet{kind: kindCallDone, id: p.id, code: max(code, CodeFailed)})
		if handler != nil {
			c.end(callKey{from.Boot, p.id})
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(left, c.opts.CallTimeoutMax))
	key := callKey{from.Boot, p.id}
	c.mu.Lock()
	served := c.serving[key]
	if served == nil { // the caller left in the meantime
		c.mu.Unlock()
		cancel()
		return
	}
	served.cancel = cancel
	c.working.Add(1)
	c.served.Add(1)
	c.mu.Unlock()
	go c.answer(ctx, cancel, handler, from, p)
}

// admit takes a call in, or says by a code why not.
func (c *calls) admit(from Member, id uint64, service string) (CallHandler, uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, key := c.services[service], callKey{from.Boot, id}
	switch {
	case c.closed:
		return nil, CodeClosed
	case c.members[from.Boot].Boot == "":
		return nil, CodeNodeDown
	case f == nil:
		return nil, CodeNoService
	case c.load[from.Boot] >= c.opts.CallsPerPeer || c.serving[key] != nil:
		return nil, CodeBusy
	}
	c.serving[key] = &servedCall{}
	c.load[from.Boot]++
	return f, CodeOK
}

// answer runs the handler and sends what it returns.
func (c *calls) answer(ctx context.Context, cancel context.CancelFunc, f CallHandler, from Member, p packet) {
	defer c.working.Done()
	defer cancel()
	body, err := c.run(ctx, f, from, p.body)
	if err == nil && len(body) > c.opts.MessageBytes {
		err = ErrTooLarge
	}
	done := packet{kind: kindCallDone, id: p.id, body: body}
	if err != nil {
		var text string
		done.code, text = codeOf(err)
		done.body = []byte(text)
	}
	if c.end(callKey{from.Boot, p.id}) {
		c.w.tell(from, done) // where this fails the caller has its deadline, and hears of departures itself
	}
}

// end takes a served call out of the table; false if it is not wanted any more.
func (c *calls) end(key callKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serving[key] == nil {
		return false
	}
	delete(c.serving, key)
	decrement(c.load, key.boot)
	return true
}

// run calls a handler and turns a panic into an error.
func (c *calls) run(ctx context.Context, f CallHandler, from Member, request []byte) (body []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.log("call handler panicked", v)
			err = &RemoteError{CodePanic, fmt.Sprint(v)}
		}
	}()
	return f(ctx, from, request)
}

// cancelled ends a served call that nobody waits for.
func (c *calls) cancelled(from Member, p packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(callKey{from.Boot, p.id})
}

func (c *calls) dropLocked(key callKey) {
	served := c.serving[key]
	if served == nil {
		return
	}
	delete(c.serving, key)
	decrement(c.load, key.boot)
	if served.cancel != nil {
		served.cancel()
	}
}

// topology fails the calls to members that left, and ends those from them.
func (c *calls) topology(v *view) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = v.byBoot
	for id, wt := range c.waiting {
		if !v.has(wt.boot) {
			c.settleLocked(id, wt, outcome{err: ErrNodeDown, unanswered: true})
		}
	}
	for key := range c.serving {
		if !v.has(key.boot) {
			c.dropLocked(key)
		}
	}
}

// connectionLost fails the calls to a member whose answers may be lost. The other services make good for
// losses by themselves.
func (c *calls) connectionLost(m Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, wt := range c.waiting {
		if wt.boot == m.Boot {
			c.settleLocked(id, wt, outcome{err: ErrNodeDown, unanswered: true})
		}
	}
}

// reopen undoes close.
func (c *calls) reopen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = false
}

// close fails all calls and waits for the handlers.
func (c *calls) close() {
	c.mu.Lock()
	c.closed = true
	for id, wt := range c.waiting {
		c.settleLocked(id, wt, outcome{err: ErrClosed, unanswered: true})
	}
	for key := range c.serving {
		c.dropLocked(key)
	}
	c.mu.Unlock()
	c.working.Wait()
}
