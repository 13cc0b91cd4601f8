package poll

// outbox holds what the socket did not take: one segment for each Write call, in order.
type outbox struct {
	segments [][]byte // none empty; the first may be partly sent
	bytes    int      // sum of the lengths of segments
	progress int64    // loop time in ms of the last byte taken, or of the first segment
}

// fits reports whether n more bytes may wait. A single segment always may, however long: its size is
// bounded by whoever made it.
func (o *outbox) fits(n int, opt *Options) bool {
	if o == nil || len(o.segments) == 0 {
		return true
	}
	return len(o.segments) < opt.OutgoingFrames && o.bytes+n <= opt.OutgoingBytes
}

func (o *outbox) push(p []byte) {
	o.segments = append(o.segments, append([]byte(nil), p...))
	o.bytes += len(p)
}

// sent drops the first n bytes.
func (o *outbox) sent(n int) {
	o.bytes -= n
	i := 0
	for n > 0 && n >= len(o.segments[i]) {
		n -= len(o.segments[i])
		o.segments[i] = nil
		i++
	}
	o.segments = o.segments[i:]
	if n > 0 {
		o.segments[0] = o.segments[0][n:]
	}
}

// head is what one system call tries to send.
func (o *outbox) head() [][]byte {
	const most = 64
	return o.segments[:min(most, len(o.segments))]
}
