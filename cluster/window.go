package cluster

import (
	"context"
	"sync"
)

// window limits the bytes of one stream that wait for their turn. One goroutine acquires; any may
// release.
type window struct {
	limit int

	mu   sync.Mutex
	held int
	free chan struct{} // one slot
}

func newWindow(limit int) *window { return &window{limit: limit, free: make(chan struct{}, 1)} }

// acquire waits until n bytes fit, or nothing else is held. It returns ctx's error if that ends first.
func (w *window) acquire(ctx context.Context, n int) error {
	for !w.tryAcquire(n) {
		select {
		case <-w.free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *window) tryAcquire(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held > 0 && w.held+n > w.limit {
		return false
	}
	w.held += n
	return true
}

func (w *window) release(n int) {
	w.mu.Lock()
	w.held -= n
	w.mu.Unlock()
	select {
	case w.free <- struct{}{}:
	default:
	}
}
