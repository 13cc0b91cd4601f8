package load

import "time"

// call is what is known of one call: 32 bytes.
type call struct {
	due, sent time.Duration // sent is 0 while the call waits for a connection
	session   int32
	op        Op
	measured  bool // not of the warm-up
	settled   bool
}

// ledger knows each call that has no outcome. Ids rise by one, so calls are a window of a ring, in the
// order of their due times. It reads no clock.
type ledger struct {
	ring    []call // len is a power of two
	first   uint64 // the oldest id in the window
	next    uint64 // the id of the next call; ids start at 1
	open    int
	expired map[uint64]struct{} // lost, may still be answered
}

// verdict is what an answer with an id means.
type verdict uint8

const (
	verdictFirst   verdict = iota // the answer that was waited for
	verdictDoubled                // the call has had its answer
	verdictLate                   // the call has been given up
	verdictUnknown                // no call has this id
)

func newLedger() ledger {
	return ledger{ring: make([]call, 1024), first: 1, next: 1, expired: make(map[uint64]struct{})}
}

// add enters a call and returns its id.
func (l *ledger) add(c call) uint64 {
	if l.next-l.first == uint64(len(l.ring)) {
		l.grow()
	}
	id := l.next
	*l.slot(id) = c
	l.next++
	l.open++
	return id
}

func (l *ledger) slot(id uint64) *call { return &l.ring[id&uint64(len(l.ring)-1)] }

func (l *ledger) grow() {
	old := *l
	l.ring = make([]call, 2*len(old.ring))
	for id := l.first; id < l.next; id++ {
		*l.slot(id) = *old.slot(id)
	}
}

// waiting returns the call with an id if it has no outcome, else nil.
func (l *ledger) waiting(id uint64) *call {
	if id < l.first || id >= l.next || l.slot(id).settled {
		return nil
	}
	return l.slot(id)
}

// settle takes an outcome. The call is only meaningful with verdictFirst.
func (l *ledger) settle(id uint64) (call, verdict) {
	if c := l.waiting(id); c != nil {
		out := *c
		c.settled = true
		l.open--
		l.shrink()
		return out, verdictFirst
	}
	if id == 0 || id >= l.next {
		return call{}, verdictUnknown
	}
	if _, late := l.expired[id]; late {
		delete(l.expired, id)
		return call{}, verdictLate
	}
	return call{}, verdictDoubled
}

func (l *ledger) shrink() {
	for l.first < l.next && l.slot(l.first).settled {
		l.first++
	}
}

// maxExpired bounds what is remembered of lost calls; beyond it a late answer counts as doubled.
const maxExpired = 1 << 20

// expire settles every call that was due before a time and hands it to lost.
func (l *ledger) expire(before time.Duration, lost func(id uint64, c call)) {
	for l.first < l.next {
		c := l.slot(l.first)
		if !c.settled {
			if c.due >= before {
				return
			}
			l.giveUp(l.first, lost)
		}
		l.first++
	}
}

// abandon settles every call of a session.
func (l *ledger) abandon(session int32, lost func(id uint64, c call)) {
	for id := l.first; id < l.next; id++ {
		if c := l.slot(id); !c.settled && c.session == session {
			l.giveUp(id, lost)
		}
	}
	l.shrink()
}

func (l *ledger) giveUp(id uint64, lost func(id uint64, c call)) {
	c := l.slot(id)
	c.settled = true
	l.open--
	if c.sent > 0 && len(l.expired) < maxExpired {
		l.expired[id] = struct{}{}
	}
	lost(id, *c)
}
