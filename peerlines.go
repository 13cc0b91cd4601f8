package erlmcp

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cluster"
)

// Bounds of what waits for the reader of a console's stream.
const (
	maxWaitingBytes = 4 << 20
	lineOverhead    = 64 // bytes that a line counts beside its own
	slowReader      = 10 * time.Second
	retryAfter      = 5 * time.Millisecond
)

// streamLines is one end of a stream between nodes as admin.Lines.
type streamLines struct {
	stream *cluster.Stream

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
	err     error         // why no more lines come, once those that wait are read
	more    chan struct{} // one slot: something has changed
}

var (
	_ admin.Lines     = (*streamLines)(nil)
	_ cluster.Handler = (*streamLines)(nil)
)

func newStreamLines() *streamLines { return &streamLines{more: make(chan struct{}, 1)} }

// Receive implements cluster.Handler.
func (l *streamLines) Receive(b []byte) {
	l.mu.Lock()
	full := l.bytes+len(b)+lineOverhead > maxWaitingBytes
	if !full && l.err == nil {
		l.waiting = append(l.waiting, b)
		l.bytes += len(b) + lineOverhead
	}
	l.mu.Unlock()
	if full {
		l.end(cluster.ErrBusy)
	}
	l.wake()
}

// Closed implements cluster.Handler.
func (l *streamLines) Closed(code uint32, text string) {
	err := cluster.CodeError(code, text)
	if err == nil {
		err = io.EOF
	}
	l.end(err)
}

func (l *streamLines) end(err error) {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	l.wake()
}

func (l *streamLines) wake() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// failure is why the stream ended, where that was not in order.
func (l *streamLines) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}

// ReadLine implements admin.Lines.
func (l *streamLines) ReadLine() ([]byte, error) {
	for {
		l.mu.Lock()
		if len(l.waiting) > 0 {
			line := l.waiting[0]
			l.waiting = l.waiting[1:]
			l.bytes -= len(line) + lineOverhead
			l.mu.Unlock()
			return line, nil
		}
		err := l.err
		l.mu.Unlock()
		if err != nil {
			l.wake() // for whoever reads next
			return nil, err
		}
		<-l.more
	}
}

// WriteLine implements admin.Lines. While too much is on the way it tries again.
func (l *streamLines) WriteLine(b []byte) error {
	line := append([]byte(nil), b...)
	for begun := time.Now(); ; {
		err := l.stream.Send(line)
		if !errors.Is(err, cluster.ErrBusy) {
			return err
		}
		if time.Since(begun) > slowReader {
			return fmt.Errorf("the reader is too slow: %w", err)
		}
		pause := time.NewTimer(retryAfter)
		<-pause.C
	}
}

// Close implements admin.Lines.
func (l *streamLines) Close() error {
	l.stream.Close(cluster.CodeOK, "")
	l.end(io.EOF)
	return nil
}
