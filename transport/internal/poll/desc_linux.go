package poll

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type state uint8

const (
	unused   state = iota
	prepared       // no socket yet; writes wait
	open           //
	draining       // Close was called; what waits is sent, nothing is read
	ending         // shut down; the shard's goroutine closes the socket
	closed         //
)

// Desc is one connection of a Loop, to be embedded in what owns it. The zero Desc has to be given to
// Loop.Prepare first. All methods may be called concurrently.
type Desc struct {
	mu         sync.Mutex
	shard      *shard
	handler    Handler
	out        *outbox // nil if nothing waits
	err        error   // why the end began
	due        atomic.Int64
	fd         int32 // -1 without a socket
	slot       uint32
	generation uint32
	state      state
	closing    bool // Close was called before Attach
}

// Attach takes over the socket of c, which is closed as a net.Conn whatever happens; head is sent before
// what was queued. After an error (ErrStopped, ErrUnsupported, or the system's) Closed is not called.
func (d *Desc) Attach(c net.Conn, head []byte) error {
	defer c.Close()
	fd, err := duplicate(c)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != prepared {
		unix.Close(fd)
		return ErrClosed
	}
	queued := d.out
	d.out = nil
	d.fd, d.state = int32(fd), open
	if err := d.shard.enter(d); err != nil {
		d.fd, d.state, d.out = -1, prepared, queued
		unix.Close(fd)
		return err
	}
	d.sendQueuedLocked(head, queued)
	return nil
}

// sendQueuedLocked sends head and what was written before Attach, then ends if Close came before, too.
func (d *Desc) sendQueuedLocked(head []byte, queued *outbox) {
	if len(head) > 0 {
		d.writeLocked(head)
	}
	if queued != nil {
		for _, p := range queued.segments {
			d.writeLocked(p)
		}
	}
	if d.closing && d.state == open {
		d.closeLocked(d.err)
	}
}

// duplicate returns a descriptor of c's socket that the runtime's poller does not know.
func duplicate(c net.Conn) (int, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return -1, ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	var fd int
	var dupErr error
	if err := raw.Control(func(p uintptr) { fd, dupErr = unix.FcntlInt(p, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return -1, err
	}
	return fd, dupErr
}

// Read reads what is there. Errors: ErrAgain, io.EOF, ErrClosed, or the system's.
func (d *Desc) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != open {
		return 0, ErrClosed
	}
	for {
		n, err := unix.Read(int(d.fd), p)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return 0, ErrAgain
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Write sends p, or copies what the socket does not take and sends it later; it keeps no reference to
// p. Errors: ErrFull, ErrClosed.
func (d *Desc) Write(p []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state != open && (d.state != prepared || d.closing):
		return ErrClosed
	case !d.out.fits(len(p), &d.shard.loop.options):
		return ErrFull
	}
	d.writeLocked(p)
	if d.state == ending {
		return ErrClosed
	}
	return nil
}

func (d *Desc) writeLocked(p []byte) {
	if d.state == open && d.out == nil {
		n, err := write(int(d.fd), p)
		if err != nil {
			d.endLocked(err)
			return
		}
		p = p[n:]
	}
	if len(p) == 0 || d.state > open {
		return
	}
	if d.out == nil {
		d.out = &outbox{progress: d.shard.loop.now()}
		if d.state == open {
			d.shard.setWaiting(d, true)
		}
	}
	d.out.push(p)
	if d.state == open {
		d.changeInterest()
	}
}

// write sends what the socket takes; a full socket is no error.
func write(fd int, p []byte) (sent int, err error) {
	for sent < len(p) {
		n, err := unix.Write(fd, p[sent:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return sent, nil
		case err != nil:
			return sent, err
		default:
			sent += n
		}
	}
	return sent, nil
}

// Close ends the connection once what waits is sent. The first Close or Abort decides err.
func (d *Desc) Close(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == prepared && !d.closing:
		d.closing, d.err = true, err
	case d.state == open:
		d.closeLocked(err)
	}
}

func (d *Desc) closeLocked(err error) {
	if d.out == nil {
		d.endLocked(err)
		return
	}
	d.err = err
	d.state = draining
	d.changeInterest()
}

// Abort ends the connection at once; what waits is not sent.
func (d *Desc) Abort(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.state {
	case prepared:
		d.out = nil
		if !d.closing {
			d.closing, d.err = true, err
		}
	case open, draining:
		d.endLocked(err)
	default: // it has ended, or has not begun
	}
}

// CloseWrite tells the peer that nothing follows; input is still read.
func (d *Desc) CloseWrite() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == open {
		unix.Shutdown(int(d.fd), unix.SHUT_WR)
	}
}

// endLocked shuts the socket down. That makes it ready with EPOLLHUP, so that the shard's goroutine
// closes it and calls Closed after the last Readable.
func (d *Desc) endLocked(err error) {
	if d.state != draining {
		d.err = err
	}
	d.state = ending
	unix.Shutdown(int(d.fd), unix.SHUT_RDWR)
}

// SetTimer makes Due be called after the time has passed, once; zero or less stops the timer.
func (d *Desc) SetTimer(after time.Duration) {
	if after <= 0 {
		d.due.Store(0)
		return
	}
	d.due.Store(d.shard.loop.now() + max(after.Milliseconds(), 1))
}

// Waiting is the number of bytes that the socket has not taken yet.
func (d *Desc) Waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.out == nil {
		return 0
	}
	return d.out.bytes
}

func (d *Desc) interest() unix.EpollEvent {
	var events uint32
	if d.state == open {
		events = unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if d.out != nil {
		events |= unix.EPOLLOUT
	}
	return unix.EpollEvent{Events: events, Fd: int32(d.slot), Pad: int32(d.generation)}
}

func (d *Desc) changeInterest() {
	e := d.interest()
	// It fails only when the shard has stopped, and stop ends this connection, too.
	_ = unix.EpollCtl(d.shard.epfd, unix.EPOLL_CTL_MOD, int(d.fd), &e)
}

// event handles readiness on the shard's goroutine.
func (d *Desc) event(events uint32) {
	d.mu.Lock()
	if events&unix.EPOLLOUT != 0 && d.out != nil && d.state < ending {
		d.flushLocked()
	}
	gone := events&(unix.EPOLLHUP|unix.EPOLLERR) != 0
	if d.state == draining && gone {
		d.state = ending
	}
	s := d.state
	d.mu.Unlock()
	if s == open && events&^unix.EPOLLOUT != 0 {
		if err := d.handler.Readable(d); err != nil {
			d.finish(err)
			return
		}
	}
	if s == ending {
		d.finish(nil)
	}
}

// flushLocked sends what waits, as far as the socket takes it.
func (d *Desc) flushLocked() {
	for d.out.bytes > 0 {
		n, err := unix.Writev(int(d.fd), d.out.head())
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			d.endLocked(err)
			return
		}
		d.out.sent(n)
		d.out.progress = d.shard.loop.now()
	}
	d.out = nil
	d.shard.setWaiting(d, false)
	if d.state == draining {
		d.endLocked(nil)
		return
	}
	d.changeInterest()
}

// expire runs the timer on the shard's goroutine. Input that waits goes first: a shard that was stalled finds timers
// and the answers that they wait for at the same time, and must not blame the peer for its own lateness.
func (d *Desc) expire(now int64) {
	if due := d.due.Load(); due == 0 || due > now {
		return
	}
	d.event(unix.EPOLLIN)
	due := d.due.Load()
	if due == 0 || due > now || !d.due.CompareAndSwap(due, 0) {
		return // set anew meanwhile
	}
	d.mu.Lock()
	live := d.state == open
	d.mu.Unlock()
	if !live {
		return
	}
	if next := d.handler.Due(d); next > 0 {
		d.due.Store(now + max(next.Milliseconds(), 1))
	}
}

func (d *Desc) checkStalled(now int64) {
	d.mu.Lock()
	stalled := d.out != nil && now-d.out.progress >= d.shard.loop.options.WriteTimeout.Milliseconds()
	d.mu.Unlock()
	if stalled {
		d.finish(ErrStalled)
	}
}

// finish closes the socket and reports it, on the shard's goroutine. err counts if no earlier one does.
func (d *Desc) finish(err error) {
	d.mu.Lock()
	if d.state == closed || d.state < open {
		d.mu.Unlock()
		return
	}
	if d.state == open || (d.state == draining && err == ErrStalled) {
		d.err = err
	}
	d.state = closed
	d.shard.leave(d)
	unix.Close(int(d.fd)) // also takes it out of the epoll set
	d.fd, d.out = -1, nil
	reason := d.err
	d.mu.Unlock()
	d.handler.Closed(d, reason)
}
