package streamable

import "sync"

// tally counts what Serve has to wait for. Unlike a sync.WaitGroup it may grow from zero while someone
// waits: owners call Conn.Go when they like.
type tally struct {
	mu   sync.Mutex
	n    int
	zero chan struct{} // closed and dropped when n becomes 0; nil if nobody waits
}

func (t *tally) add() {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
}

func (t *tally) done() {
	t.mu.Lock()
	t.n--
	if t.n == 0 && t.zero != nil {
		close(t.zero)
		t.zero = nil
	}
	t.mu.Unlock()
}

func (t *tally) run(fn func()) {
	t.add()
	go func() {
		defer t.done()
		fn()
	}()
}

// idle returns a channel that is closed when the count is, or next becomes, zero.
func (t *tally) idle() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.zero == nil {
		t.zero = make(chan struct{})
	}
	zero := t.zero
	if t.n == 0 {
		close(t.zero)
		t.zero = nil
	}
	return zero
}
