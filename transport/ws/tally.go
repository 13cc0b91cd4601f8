package ws

import "sync"

// tally counts what has to end before something larger may. The zero value is open.
type tally struct {
	mu     sync.Mutex
	n      int
	closed bool
	zero   chan struct{} // made by close
}

// add counts one more; false once the tally is closed.
func (t *tally) add() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.n++
	return true
}

// done counts one less.
func (t *tally) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.closed && t.n == 0 {
		close(t.zero)
	}
}

// close refuses further ones; the channel is closed when none is left. It is called once.
func (t *tally) close() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed, t.zero = true, make(chan struct{})
	if t.n == 0 {
		close(t.zero)
	}
	return t.zero
}
