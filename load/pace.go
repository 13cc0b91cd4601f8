package load

import "time"

// pace is a schedule of equal steps: event k of all workers is due at k/rate, and this worker has each
// parts-th of them, from number part on. It never adapts to what the server does.
type pace struct {
	start       time.Duration
	rate        float64 // a second, of all workers; 0 means that everything is due at once
	part, parts int
	next        int // events taken
}

// due is when the next event is due.
func (p *pace) due() time.Duration {
	if p.rate <= 0 {
		return p.start
	}
	k := p.next*max(p.parts, 1) + p.part
	return p.start + time.Duration(float64(k)/p.rate*float64(time.Second))
}

// take reports whether an event is due at now, and takes it.
func (p *pace) take(now time.Duration) (due time.Duration, ok bool) {
	due = p.due()
	if due > now {
		return due, false
	}
	p.next++
	return due, true
}
