package ws

import "sync"

// crew runs functions on goroutines that are used again: the stack of a fresh one would have to grow with
// each call. It is as large as the work at hand needs and shrinks by trim. The zero value is ready.
type crew struct {
	fault func(any) // gets what a function panicked with; nil lets it through

	mu      sync.Mutex
	idle    []chan func() // of workers; the one used last is the last
	least   int           // fewest idle ones since the last trim
	workers int
	closed  bool
	zero    chan struct{} // made by close
}

// run runs fn and never blocks. After close it runs on a goroutine that nobody waits
// for.
func (c *crew) run(fn func()) {
	c.mu.Lock()
	if n := len(c.idle) - 1; n >= 0 {
		w := c.idle[n]
		c.idle[n] = nil
		c.idle = c.idle[:n]
		c.least = min(c.least, n)
		c.mu.Unlock()
		w <- fn
		return
	}
	if c.closed {
		c.mu.Unlock()
		go c.do(fn)
		return
	}
	c.workers++
	c.mu.Unlock()
	go c.work(fn)
}

func (c *crew) work(fn func()) {
	inbox := make(chan func(), 1)
	for ok := true; ok; fn, ok = <-inbox {
		c.do(fn)
		c.rest(inbox)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers--
	if c.closed && c.workers == 0 {
		close(c.zero)
	}
}

func (c *crew) do(fn func()) {
	if c.fault != nil {
		defer func() {
			if fault := recover(); fault != nil {
				c.fault(fault)
			}
		}()
	}
	fn()
}

func (c *crew) rest(inbox chan func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		close(inbox)
		return
	}
	c.idle = append(c.idle, inbox)
}

// trim ends the workers that have not been needed since the last call.
func (c *crew) trim() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.idle[:c.least] {
		close(w)
	}
	left := copy(c.idle, c.idle[c.least:])
	clear(c.idle[left:])
	c.idle = c.idle[:left]
	c.least = left
}

// close ends the workers once they are idle; the channel is closed when none is left. It is called once.
func (c *crew) close() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.zero = true, make(chan struct{})
	for _, w := range c.idle {
		close(w)
	}
	c.idle = nil
	if c.workers == 0 {
		close(c.zero)
	}
	return c.zero
}
