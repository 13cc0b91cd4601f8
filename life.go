package erlmcp

import (
	"errors"
	"sync/atomic"

	"github.com/erlmcp/erlmcp/inspect"
)

// ErrRestart is what Run ends with, in order and after the drain, when an operator has asked for a restart: the
// process should start the node again, best by replacing itself.
var ErrRestart = errors.New("erlmcp: restart asked for")

var (
	errStop    = errors.New("stopped by an operator")
	errRestart = errors.New("restarted by an operator")
)

// life is how an operator ends a node from within.
type life struct {
	told  chan struct{} // closed by the first who ends the node
	drain chan struct{} // one element: the drainer is to begin now
	cause atomic.Pointer[error]
}

func newLife() *life { return &life{told: make(chan struct{}), drain: make(chan struct{}, 1)} }

// end ends the node for cause, unless it ends already.
func (l *life) end(cause error) {
	if l.cause.CompareAndSwap(nil, &cause) {
		close(l.told)
	}
}

// restarts reports whether the node ends to be started again.
func (l *life) restarts() bool {
	cause := l.cause.Load()
	return cause != nil && errors.Is(*cause, errRestart)
}

// Stop ends the node as the end of Run's context does. It returns at once; Run returns after the drain.
func (n *Node) Stop() { n.life.end(errStop) }

// Restart is Stop, but for ErrRestart as the result of Run.
func (n *Node) Restart() { n.life.end(errRestart) }

// Drain takes the node out of service as its end does, and leaves it running without clients. It returns at once.
func (n *Node) Drain() {
	select {
	case n.life.drain <- struct{}{}:
	default: // it has been told
	}
}

// inspected is how expressions end the node.
func (n *Node) inspected() inspect.Life {
	return inspect.Life{Stop: n.Stop, Restart: n.Restart, Drain: n.Drain, Stopping: func() bool { return n.stopping.Load() || n.life.cause.Load() != nil }}
}
