package eventstream

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// DefaultMaxEvent is the largest event of a Scanner that is not told otherwise.
const DefaultMaxEvent = 4 << 20

// ErrTooLarge is the error of a Scanner that met a line or an event over its limit.
var ErrTooLarge = errors.New("eventstream: event too large")

// firstBuffer is the size that a Scanner's buffer starts with.
const firstBuffer = 4 << 10

// Scanner reads the events of one stream. It is not safe for concurrent use.
//
// A line ends with CR, LF or CRLF; a CR ends it at once, without waiting for what follows. Comments and
// fields that the format does not know are ignored, and so are events without data (but their id and
// retry fields count) and an event that the end of the stream cuts off.
type Scanner struct {
	r   io.Reader
	max int

	buf    []byte // read and not yet consumed: buf[start:]
	start  int
	looked int  // bytes from start on that are known to hold no line end
	skipLF bool // the last line ended with CR: a LF right after it belongs to it
	began  bool // the first line, which may have a byte order mark, is behind

	pending Event
	data    []byte // of the pending event, with a LF after each line
	hasData bool
	size    int // bytes of the pending event's lines

	event  Event
	lastID string
	retry  time.Duration
	err    error
}

// NewScanner reads events from r. maxEvent limits the bytes of one event and of one line; 0 means
// DefaultMaxEvent.
func NewScanner(r io.Reader, maxEvent int) *Scanner {
	if maxEvent <= 0 {
		maxEvent = DefaultMaxEvent
	}
	return &Scanner{r: r, max: maxEvent}
}

// Scan advances to the next event. It reports false at the end of the stream and after an error.
func (s *Scanner) Scan() bool {
	for s.err == nil {
		line, ok := s.line()
		if !ok {
			return false
		}
		if len(line) > 0 {
			s.field(line)
			continue
		}
		if s.dispatch() {
			return true
		}
	}
	return false
}

// Event is the event that Scan advanced to. Its ID is the last one that the stream gave, by this event or
// an earlier one; its Retry is that of this event only.
func (s *Scanner) Event() Event { return s.event }

// LastID is the last id of the stream, for the Last-Event-ID header of the next attempt.
func (s *Scanner) LastID() string { return s.lastID }

// Retry is the last time to reconnect that the stream gave; 0 if it gave none.
func (s *Scanner) Retry() time.Duration { return s.retry }

// Err is why Scan stopped: nil at the end of the stream, ErrTooLarge, or the reader's error.
func (s *Scanner) Err() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// dispatch ends the pending event and reports whether it is one to show.
func (s *Scanner) dispatch() bool {
	e, has := s.pending, s.hasData
	e.ID = s.lastID
	if has {
		e.Data = string(s.data[:len(s.data)-1])
		s.event = e
	}
	s.pending, s.data, s.hasData, s.size = Event{}, s.data[:0], false, 0
	return has
}

// field takes in one line that is not empty.
func (s *Scanner) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte{':'})
	if len(name) == 0 {
		return // a comment
	}
	if s.size += len(line); s.size > s.max {
		s.err = ErrTooLarge
		return
	}
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(name) {
	case "data":
		s.data = append(append(s.data, value...), '\n')
		s.hasData = true
	case "event":
		s.pending.Name = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			s.lastID = string(value)
		}
	case "retry":
		if d, ok := parseRetry(value); ok {
			s.retry, s.pending.Retry = d, d
		}
	}
}

// parseRetry reads ASCII digits as milliseconds.
func parseRetry(value []byte) (time.Duration, bool) {
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	ms, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// line returns the next line without its end. It is valid until the next call.
func (s *Scanner) line() ([]byte, bool) {
	for {
		if s.skipLF && s.start < len(s.buf) {
			if s.buf[s.start] == '\n' {
				s.start++
			}
			s.skipLF = false
		}
		rest := s.buf[s.start:]
		if i := lineEnd(rest[s.looked:]); i >= 0 {
			if i += s.looked; i > s.max {
				s.err = ErrTooLarge
				return nil, false
			}
			s.skipLF = rest[i] == '\r'
			s.start += i + 1
			s.looked = 0
			return s.first(rest[:i]), true
		}
		s.looked = len(rest)
		if s.looked > s.max {
			s.err = ErrTooLarge
			return nil, false
		}
		if !s.fill() {
			return nil, false
		}
	}
}

// first removes a byte order mark from the first line.
func (s *Scanner) first(line []byte) []byte {
	if s.began {
		return line
	}
	s.began = true
	return bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
}

// lineEnd is the index of the first CR or LF, or -1.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// fill reads more behind what is in the buffer.
func (s *Scanner) fill() bool {
	if s.start > 0 {
		n := copy(s.buf, s.buf[s.start:])
		s.buf, s.start = s.buf[:n], 0
	}
	if len(s.buf) == cap(s.buf) {
		grown := make([]byte, len(s.buf), max(firstBuffer, 2*cap(s.buf)))
		copy(grown, s.buf)
		s.buf = grown
	}
	for range 100 { // readers may return nothing, but not for ever
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if n > 0 {
			return true // a lasting error comes again
		}
		if err != nil {
			s.err = err
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}
