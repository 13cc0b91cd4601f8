package lineconn

import (
	"errors"
	"os"
	"time"

	"github.com/erlmcp/erlmcp/internal/invariants"
	"github.com/erlmcp/erlmcp/transport"
)

const (
	// batchBytes is how much small frames are gathered up to for one write.
	batchBytes = 32 << 10
	// pieceBytes is how much has to be written within the write time-out, so that a large frame may take
	// longer than that as long as it makes progress.
	pieceBytes = 64 << 10
)

// Write implements transport.Conn. A frame larger than OutgoingBytes is taken if nothing else waits.
func (c *Conn) Write(f transport.Frame) error {
	if len(f.Text) == 0 {
		return nil // primes event streams; lines need none
	}
	text := oneLine(f.Text)
	err := c.enqueue(text)
	if err == nil && c.open != nil {
		c.open.went(text)
	}
	return err
}

func (c *Conn) enqueue(text []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return transport.ErrClosed
	}
	if c.bytes > 0 && (c.bytes+len(text) > c.o.Limits.OutgoingBytes || len(c.queue) >= c.o.Limits.OutgoingFrames) {
		c.closeLocked(transport.ReasonSlow)
		c.breakLocked()
		return transport.ErrSlow
	}
	c.queue = append(c.queue, text)
	c.bytes += len(text)
	if !c.writing {
		c.writing = true
		go c.write()
	}
	return nil
}

// write is the writer: it ends when nothing waits.
func (c *Conn) write() {
	w := writer{conn: c, timeout: c.o.Limits.WriteTimeout}
	var batch []byte
	for {
		texts, size := c.take()
		if texts == nil {
			return
		}
		batch = batch[:0]
		for _, text := range texts {
			if len(text) >= batchBytes { // it is alone
				w.write(text)
				text = nil
			}
			batch = append(append(batch, text...), '\n')
		}
		w.write(batch)
		c.written(size)
	}
}

// take takes what is to be written together off the queue: a large text alone, or several small ones. With
// nothing to take it ends the writer.
func (c *Conn) take() (texts [][]byte, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.queue) && size < batchBytes {
		if n > 0 && len(c.queue[n]) >= batchBytes {
			break
		}
		size += len(c.queue[n])
		n++
	}
	if n == 0 {
		c.queue, c.writing = nil, false
		if c.closed {
			c.finishLocked()
		}
		return nil, 0
	}
	texts, c.queue = c.queue[:n:n], c.queue[n:]
	return texts, size
}

// written takes note that size bytes do not wait any more.
func (c *Conn) written(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return
	}
	c.bytes -= size
	if invariants.Enabled {
		sum := 0
		for _, text := range c.queue {
			sum += len(text)
		}
		invariants.Check(sum == c.bytes, "lineconn: queued bytes out of step")
	}
}

// finishLocked ends a closed connection whose queue is done with.
func (c *Conn) finishLocked() {
	select {
	case <-c.sent:
		return
	default:
	}
	close(c.sent)
	half, ok := c.stream.(interface {
		CloseWrite() error
		SetReadDeadline(time.Time) error
	})
	if ok && !c.broken && half.CloseWrite() == nil && half.SetReadDeadline(time.Now().Add(c.o.Linger)) == nil {
		return
	}
	c.breakLocked()
}

// writer writes to a connection's stream within its time-out.
type writer struct {
	conn    *Conn
	timeout time.Duration
	failed  bool
	watch   *time.Timer // where the stream knows no deadlines
}

// write writes p in pieces. A failure ends the connection.
func (w *writer) write(p []byte) {
	for len(p) > 0 && !w.failed {
		piece := p[:min(len(p), pieceBytes)]
		w.arm()
		_, err := w.conn.stream.Write(piece)
		if err != nil {
			w.failed = true
			reason := transport.ReasonClientClosed
			if errors.Is(err, os.ErrDeadlineExceeded) {
				reason = transport.ReasonSlow
			}
			w.conn.abort(reason)
		}
		p = p[len(piece):]
	}
	w.stop()
}

// arm starts the time of one piece.
func (w *writer) arm() {
	d, ok := w.conn.stream.(interface{ SetWriteDeadline(time.Time) error })
	if ok && d.SetWriteDeadline(time.Now().Add(w.timeout)) == nil {
		return
	}
	if w.watch == nil {
		w.watch = time.AfterFunc(w.timeout, func() { w.conn.abort(transport.ReasonSlow) })
		return
	}
	w.watch.Reset(w.timeout)
}

func (w *writer) stop() {
	if w.watch != nil {
		w.watch.Stop()
	}
}
