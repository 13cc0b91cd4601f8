package stdio

import (
	"io"
	"os"
	"sync"
	"time"
)

// duplex makes one stream of a reader and a writer that may know neither Close nor deadlines. Its own
// Close ends a Read or Write that is under way, whatever it is built on.
type duplex struct {
	in, out *direction
	once    sync.Once
}

var _ io.ReadWriteCloser = (*duplex)(nil)

func newDuplex(in io.Reader, out io.Writer) *duplex {
	return &duplex{in: newDirection(in, in.Read), out: newDirection(out, out.Write)}
}

func (d *duplex) Read(p []byte) (int, error)  { return d.in.do(p) }
func (d *duplex) Write(p []byte) (int, error) { return d.out.do(p) }

// Close closes both directions.
func (d *duplex) Close() error {
	d.once.Do(func() {
		d.in.close()
		d.out.close()
	})
	return nil
}

// wait returns when the goroutines of both directions have ended, as far as they can be made to.
func (d *duplex) wait() {
	d.in.wait()
	d.out.wait()
}

// direction runs the Reads or Writes of one stream on a goroutine of its own, so that the caller can leave
// one behind. do must not be called concurrently.
type direction struct {
	stream any // io.Reader or io.Writer, perhaps more
	call   func(p []byte) (int, error)
	start  sync.Once
	calls  chan []byte
	done   chan result
	closed chan struct{}
	ended  chan struct{} // closed when the goroutine has ended or never started
	stuck  bool          // a call under way cannot be ended; set by close
}

type result struct {
	n   int
	err error
}

func newDirection(stream any, call func([]byte) (int, error)) *direction {
	return &direction{
		stream: stream, call: call,
		calls: make(chan []byte), done: make(chan result), closed: make(chan struct{}), ended: make(chan struct{}),
	}
}

// do performs one call. After close, p may still be in use by a call that was left behind.
func (d *direction) do(p []byte) (int, error) {
	d.start.Do(func() { go d.run() })
	select {
	case d.calls <- p:
	case <-d.closed:
		return 0, io.ErrClosedPipe
	}
	select {
	case r := <-d.done:
		return r.n, r.err
	case <-d.closed:
		return 0, io.ErrClosedPipe
	}
}

func (d *direction) run() {
	defer close(d.ended)
	for {
		select {
		case p := <-d.calls:
			n, err := d.call(p)
			select {
			case d.done <- result{n, err}:
			case <-d.closed:
				return
			}
		case <-d.closed:
			return
		}
	}
}

// close ends the direction and closes its stream.
func (d *direction) close() {
	close(d.closed)
	d.start.Do(func() { close(d.ended) })
	closer, ok := d.stream.(io.Closer)
	d.stuck = !ok || !interruptible(d.stream)
	if ok {
		_ = closer.Close()
	}
}

// interruptible reports whether Close ends a Read or Write that is under way. Files that know no deadlines
// are read and written in blocking system calls.
func interruptible(stream any) bool {
	f, ok := stream.(*os.File)
	return !ok || f.SetDeadline(time.Now()) == nil
}

// wait returns when the goroutine has ended, or at once if a call may be stuck.
func (d *direction) wait() {
	if d.stuck {
		return
	}
	<-d.ended
}
