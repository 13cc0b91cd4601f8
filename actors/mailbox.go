package actors

import (
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox is the mailbox of a session. A message that finds the actor idle is handled on the goroutine that
// posts it; one that finds it busy waits for whoever is at work (docs/adr/0002). System messages go first.
//
// An idle mailbox holds its queues' first slots in place, so that a message costs no memory and nothing
// that load leaves behind keeps a page of the heap alive.
type mailbox struct {
	mu        sync.Mutex
	user      queue
	system    queue
	invoker   actor.MessageInvoker
	busy      bool
	suspended bool
}

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox() actor.Mailbox { return &mailbox{} }

// yieldAfter is the number of messages handled in a row before the processor is offered to others.
const yieldAfter = 300

// PostUserMessage implements actor.Mailbox.
func (m *mailbox) PostUserMessage(message any) { m.post(&m.user, message) }

// PostSystemMessage implements actor.Mailbox.
func (m *mailbox) PostSystemMessage(message any) { m.post(&m.system, message) }

func (m *mailbox) post(q *queue, message any) {
	m.mu.Lock()
	q.push(message)
	if m.busy {
		m.mu.Unlock()
		return
	}
	m.busy = true
	m.mu.Unlock()
	for !m.work() {
	}
}

// work handles messages until none is left, and reports true then. It reports false after a panic, which
// has been passed on: the rest is still to be done.
func (m *mailbox) work() (done bool) {
	var message any
	defer func() {
		if fault := recover(); fault != nil {
			m.invoker.EscalateFailure(fault, message)
		}
	}()
	for n := 1; ; n++ {
		var system, ok bool
		if message, system, ok = m.next(); !ok {
			return true
		}
		switch {
		case !system:
			m.invoker.InvokeUserMessage(message)
		case !m.suspend(message):
			m.invoker.InvokeSystemMessage(message)
		}
		if n%yieldAfter == 0 {
			runtime.Gosched()
		}
	}
}

// next takes the next message; without one the mailbox is idle.
func (m *mailbox) next() (message any, system, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if message, ok = m.system.pop(); ok {
		return message, true, true
	}
	if !m.suspended {
		if message, ok = m.user.pop(); ok {
			return message, false, true
		}
	}
	m.busy = false
	return nil, false, false
}

// suspend takes the messages that are the mailbox's own.
func (m *mailbox) suspend(message any) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspended = true
	case *actor.ResumeMailbox:
		m.suspended = false
	default:
		return false
	}
	return true
}

// RegisterHandlers implements actor.Mailbox. There is no dispatcher: the poster's goroutine is it.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
}

// Start implements actor.Mailbox.
func (m *mailbox) Start() {}

// UserMessageCount implements actor.Mailbox.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

// queue is a first-in, first-out queue whose first slot is part of it.
type queue struct {
	items []any // from head on; in room while one slot is enough
	head  int
	room  [1]any
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(item any) {
	if q.items == nil {
		q.items = q.room[:0]
	}
	q.items = append(q.items, item)
}

func (q *queue) pop() (any, bool) {
	if q.head == len(q.items) {
		return nil, false
	}
	item := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = nil, 0
	}
	return item, true
}
