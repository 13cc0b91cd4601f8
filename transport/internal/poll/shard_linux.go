package poll

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// batch is the most events that are handled before what they have started gets its turn.
const batch = 64

// shard is one epoll set and the goroutine that serves it. Locks are taken in the order Desc.mu,
// shard.mu.
type shard struct {
	loop *Loop
	file *os.File // the epoll descriptor, registered with the runtime's poller
	raw  syscall.RawConn
	epfd int // valid while file is open

	mu      sync.Mutex
	stopped bool
	slots   []slot // index and generation travel in the epoll event
	free    []uint32
	waiting map[*Desc]struct{} // those with an outbox

	events [batch]unix.EpollEvent // used by run only, like the next two
	ready  [batch]*Desc
	scan   []*Desc
}

type slot struct {
	desc       *Desc // nil if free
	generation uint32
}

func newShard(l *Loop) (*shard, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(epfd, true); err != nil {
		return nil, errors.Join(err, unix.Close(epfd))
	}
	f := os.NewFile(uintptr(epfd), "epoll")
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &shard{loop: l, file: f, raw: raw, epfd: epfd, waiting: map[*Desc]struct{}{}}, nil
}

// run serves the shard until its file is closed.
func (s *shard) run() {
	next := time.Now().Add(s.loop.options.Tick)
	s.file.SetReadDeadline(next)
	n := 0
	wait := func(fd uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(fd), s.events[:], 0)
		return n > 0 || (err != nil && err != unix.EINTR)
	}
	for {
		n = 0
		err := s.raw.Read(wait)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			break // closed
		}
		if n > 0 {
			s.dispatch(n)
			// What the events have started goes first: else a busy loop reads request after request before
			// the answer to the first, and each waits on a goroutine and a stack of its own.
			runtime.Gosched()
		}
		if now := time.Now(); !now.Before(next) {
			s.tick()
			next = now.Add(s.loop.options.Tick)
			s.file.SetReadDeadline(next)
		}
	}
	s.stop()
}

func (s *shard) dispatch(n int) {
	s.mu.Lock()
	for i, e := range s.events[:n] {
		s.ready[i] = nil
		if sl := s.slots[uint32(e.Fd)]; sl.generation == uint32(e.Pad) {
			s.ready[i] = sl.desc
		}
	}
	s.mu.Unlock()
	for i, d := range s.ready[:n] {
		if d != nil {
			d.event(s.events[i].Events)
			s.ready[i] = nil
		}
	}
}

// tick runs the timers that are due and ends peers that do not read.
func (s *shard) tick() {
	now := s.loop.now()
	s.mu.Lock()
	for i := range s.slots {
		if d := s.slots[i].desc; d != nil {
			if due := d.due.Load(); due != 0 && due <= now {
				s.scan = append(s.scan, d)
			}
		}
	}
	due := len(s.scan)
	for d := range s.waiting {
		s.scan = append(s.scan, d)
	}
	s.mu.Unlock()
	for i, d := range s.scan {
		if i < due {
			d.expire(now)
		} else {
			d.checkStalled(now)
		}
	}
	clear(s.scan)
	s.scan = s.scan[:0]
}

// stop ends everything that is attached.
func (s *shard) stop() {
	s.mu.Lock()
	for i := range s.slots {
		if d := s.slots[i].desc; d != nil {
			s.scan = append(s.scan, d)
		}
	}
	s.mu.Unlock()
	for _, d := range s.scan {
		d.finish(ErrStopped)
	}
	s.scan = nil
}

// shut makes run end. No socket enters the epoll set afterwards: its descriptor may be reused.
func (s *shard) shut() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.file.Close()
}

// enter gives d, whose socket is open, a slot and a place in the epoll set.
func (s *shard) enter(d *Desc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if n := len(s.free); n > 0 {
		d.slot, s.free = s.free[n-1], s.free[:n-1]
	} else {
		d.slot = uint32(len(s.slots))
		s.slots = append(s.slots, slot{})
	}
	s.slots[d.slot].desc = d
	d.generation = s.slots[d.slot].generation
	e := d.interest()
	if err := unix.EpollCtl(s.epfd, unix.EPOLL_CTL_ADD, int(d.fd), &e); err != nil {
		s.leaveLocked(d)
		return err
	}
	return nil
}

// leave frees d's slot; events that are still on their way for it are not delivered.
func (s *shard) leave(d *Desc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(d)
}

func (s *shard) leaveLocked(d *Desc) {
	sl := &s.slots[d.slot]
	sl.desc = nil
	sl.generation++
	s.free = append(s.free, d.slot)
	delete(s.waiting, d)
}

func (s *shard) setWaiting(d *Desc, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting {
		s.waiting[d] = struct{}{}
	} else {
		delete(s.waiting, d)
	}
}

func (s *shard) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.slots) - len(s.free)
}
