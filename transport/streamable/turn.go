package streamable

import (
	"errors"
	"os"

	"github.com/erlmcp/erlmcp/transport"
)

// receive delivers text and serves the exchange to its end, on the handler goroutine.
func (e *exchange) receive(receiver transport.Receiver, text []byte) {
	e.receiver = receiver
	defer e.leave()
	receiver.Receive(text)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receiving = false
	e.runLocked()
}

// stream serves a GET to its end, on the handler goroutine.
func (e *exchange) stream(receiver transport.Receiver) {
	e.receiver = receiver
	defer e.leave()
	if err := e.answer.open(""); err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.loseLocked(transport.ReasonClientClosed)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receiving = false
	e.streaming = true
	e.lastSent = e.server.watch.now()
	e.runLocked()
}

// runLocked does what there is to do until the exchange has ended.
func (e *exchange) runLocked() {
	for _, fn := range e.further {
		e.server.work.run(fn)
	}
	e.further = nil
	for {
		switch {
		case e.sending:
			e.waitLocked()
		case len(e.queue) > 0:
			e.sending = true
			e.sendLocked()
		case e.ended:
			e.finishLocked()
			return
		case e.job != nil:
			e.runJobLocked()
		default:
			e.waitLocked()
		}
	}
}

func (e *exchange) runJobLocked() {
	fn := e.job
	e.job = nil
	e.inJob = true
	e.watchLocked()
	e.mu.Unlock()
	defer func() { // also when fn panics
		e.mu.Lock()
		e.inJob = false
	}()
	fn()
}

// waitLocked sleeps until something happened, or the client is gone.
func (e *exchange) waitLocked() {
	e.watchLocked()
	if e.wake == nil {
		e.wake = make(chan struct{}, 1)
	}
	lost := e.ctx.Done()
	if e.gone {
		lost = nil // known; only the flusher is waited for
	}
	e.waiting = true
	e.mu.Unlock()
	select {
	case <-e.wake:
		e.mu.Lock()
	case <-lost:
		e.mu.Lock()
		e.loseLocked(transport.ReasonClientClosed)
	}
	e.waiting = false
}

func (e *exchange) watchLocked() {
	if !e.watched {
		e.watched = true
		e.server.watch.enter(e)
	}
}

// leave gives the handler goroutine back, whatever happened on it.
func (e *exchange) leave() {
	e.mu.Lock()
	e.receiving = false
	if !e.ended { // a panic is on its way up
		e.ended, e.reason = true, transport.ReasonInternal
	}
	for e.sending {
		e.waitLocked()
	}
	e.over = true
	if e.job != nil {
		e.server.work.run(e.job)
		e.job = nil
	}
	for _, fn := range e.further {
		e.server.work.run(fn)
	}
	e.further = nil
	watched := e.watched
	e.mu.Unlock()
	if watched {
		e.server.watch.leave(e)
	}
	e.report()
}

// startFlushLocked makes another goroutine send what is queued.
func (e *exchange) startFlushLocked() {
	if e.sending || e.over || e.finished {
		return
	}
	e.sending = true
	e.server.work.run(e.flush)
}

// flush sends while the handler goroutine is busy. It completes the answer where the exchange has ended,
// unless the last frame came from a call that is about to return.
func (e *exchange) flush() {
	e.mu.Lock()
	e.sendLocked()
	early := e.ended && e.inJob && !e.finished && (!e.last || e.late)
	if early {
		e.sending = true
		e.completeLocked(true)
		e.sending = false
	}
	e.wakeLocked()
	e.mu.Unlock()
	if early {
		e.report()
	}
}

// sendLocked sends what is queued. The caller has set sending.
func (e *exchange) sendLocked() {
	for len(e.queue) > 0 || (e.beat && e.streaming && !e.ended) {
		frames, bytes := e.queue, e.bytes
		e.queue = nil
		e.beat = false
		early, session := e.inJob, ""
		if e.bound {
			session = e.info.Session
		}
		e.mu.Unlock()
		err := e.answer.write(frames, session, early)
		e.mu.Lock()
		e.frames -= len(frames)
		e.bytes -= bytes
		if e.streaming = e.answer.streaming; e.streaming {
			e.lastSent = e.server.watch.now()
		}
		if err != nil {
			e.loseLocked(lossReason(err))
		}
	}
	e.sending = false
}

// finishLocked completes the answer on the handler goroutine.
func (e *exchange) finishLocked() {
	if e.finished {
		return
	}
	e.sending = true
	e.completeLocked(false)
	e.sending = false
}

// completeLocked ends the answer. early says that the handler goroutine is busy, so that net/http cannot
// end it.
func (e *exchange) completeLocked(early bool) {
	e.finished = true
	session := ""
	if e.bound {
		session = e.info.Session
	}
	reason, gone := e.reason, e.gone
	e.mu.Unlock()
	defer e.mu.Lock()
	switch {
	case gone:
	case reason == transport.ReasonSlow && e.answer.started:
		e.answer.drop(socketOf(e.ctx))
	default:
		e.answer.end(reason, session, early)
		if early {
			e.answer.hangUp(socketOf(e.ctx))
		}
	}
}

func lossReason(err error) transport.Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return transport.ReasonSlow
	}
	return transport.ReasonClientClosed
}
