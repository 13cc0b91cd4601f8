//go:build linux

package poll

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder echoes input, or swallows it, and records the end.
type recorder struct {
	Desc
	echo  bool
	due   chan struct{}
	ended chan error // closed after one error
}

func (r *recorder) Readable(d *Desc) error {
	var buf [4096]byte
	for {
		n, err := d.Read(buf[:])
		if errors.Is(err, ErrAgain) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.echo {
			if err := d.Write(buf[:n]); err != nil {
				return err
			}
		}
	}
}

func (r *recorder) Due(*Desc) time.Duration {
	r.due <- struct{}{}
	return 0
}

func (r *recorder) Closed(_ *Desc, err error) {
	r.ended <- err
	close(r.ended) // a second call panics
}

type fixture struct {
	loop *Loop
	stop func()
	ln   net.Listener
}

func start(t testing.TB, o Options) *fixture {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		l.Serve(ctx)
		close(done)
	}()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		cancel()
		<-done
		ln.Close()
	})
	t.Cleanup(stop)
	return &fixture{loop: l, stop: stop, ln: ln}
}

// pair returns a client and the server's end of one connection.
func (f *fixture) pair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", f.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.SetDeadline(time.Now().Add(10 * time.Second))
	server, err = f.ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

func (f *fixture) park(t testing.TB, r *recorder) net.Conn {
	t.Helper()
	client, server := f.pair(t)
	r.ended = make(chan error, 1)
	r.due = make(chan struct{}, 1)
	f.loop.Prepare(&r.Desc, r)
	if err := r.Attach(server, nil); err != nil {
		t.Fatal(err)
	}
	return client
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s in 10 s", what)
		panic("unreachable")
	}
}

func TestEchoAndPeerClose(t *testing.T) {
	f := start(t, Options{})
	r := &recorder{echo: true}
	c := f.park(t, r)
	for range 100 {
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		var got [5]byte
		if _, err := io.ReadFull(c, got[:]); err != nil || string(got[:]) != "hello" {
			t.Fatalf("got %q, %v, want hello", got, err)
		}
	}
	c.Close()
	if err := await(t, r.ended, "end"); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
	if n := f.loop.Len(); n != 0 {
		t.Errorf("got %d attached, want 0", n)
	}
}

func TestWhatIsWrittenBeforeAttachFollowsTheHead(t *testing.T) {
	f := start(t, Options{})
	c, server := f.pair(t)
	r := &recorder{ended: make(chan error, 1)}
	f.loop.Prepare(&r.Desc, r)
	why := errors.New("why")
	for _, p := range []string{"one ", "two"} {
		if err := r.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	r.Close(why)
	if err := r.Write([]byte("three")); err != ErrClosed {
		t.Errorf("write after close: got %v, want ErrClosed", err)
	}
	if err := r.Attach(server, []byte("head ")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "head one two" {
		t.Errorf("got %q, %v, want all three and the end", got, err)
	}
	if err := await(t, r.ended, "end"); err != why {
		t.Errorf("got %v, want the error of Close", err)
	}
}

func TestCloseSendsWhatWaits(t *testing.T) {
	f := start(t, Options{OutgoingBytes: 64 << 20})
	r := &recorder{}
	c := f.park(t, r)
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	total := 0
	for r.Waiting() == 0 || total < 8<<20 {
		if err := r.Write(chunk); err != nil {
			t.Fatal(err)
		}
		total += len(chunk)
	}
	r.Close(nil)
	n, err := io.Copy(io.Discard, c)
	if err != nil || int(n) != total {
		t.Errorf("got %d bytes, %v, want %d", n, err, total)
	}
	if err := await(t, r.ended, "end"); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestWritesBeyondTheLimitsAreRefused(t *testing.T) {
	for _, o := range []Options{{OutgoingBytes: 1 << 16}, {OutgoingFrames: 4}} {
		f := start(t, o)
		r := &recorder{}
		c := f.park(t, r)
		chunk := bytes.Repeat([]byte("x"), 1<<14)
		total := 0
		var err error
		for err == nil && total < 64<<20 {
			if err = r.Write(chunk); err == nil {
				total += len(chunk)
			}
		}
		if err != ErrFull {
			t.Fatalf("got %v, want ErrFull", err)
		}
		r.Close(nil)
		if n, err := io.Copy(io.Discard, c); err != nil || int(n) != total {
			t.Errorf("got %d bytes, %v, want the %d that were taken", n, err, total)
		}
		await(t, r.ended, "end")
	}
}

func TestPeerThatDoesNotReadIsEnded(t *testing.T) {
	f := start(t, Options{Tick: 10 * time.Millisecond, WriteTimeout: 30 * time.Millisecond})
	r := &recorder{}
	f.park(t, r)
	if err := r.Write(make([]byte, 16<<20)); err != nil {
		t.Fatal(err)
	}
	if err := await(t, r.ended, "end"); err != ErrStalled {
		t.Errorf("got %v, want ErrStalled", err)
	}
}

func TestAbortEndsAtOnce(t *testing.T) {
	f := start(t, Options{})
	r := &recorder{}
	f.park(t, r)
	if err := r.Write(make([]byte, 16<<20)); err != nil {
		t.Fatal(err)
	}
	why := errors.New("why")
	r.Abort(why)
	r.Close(errors.New("too late"))
	if err := await(t, r.ended, "end"); err != why {
		t.Errorf("got %v, want the error of Abort", err)
	}
	if err := r.Write([]byte("x")); err != ErrClosed {
		t.Errorf("write: got %v, want ErrClosed", err)
	}
}

func TestTimer(t *testing.T) {
	f := start(t, Options{Tick: 5 * time.Millisecond})
	r := &recorder{}
	f.park(t, r)
	r.SetTimer(time.Millisecond)
	await(t, r.due, "timer")
	f.stop()
	if err := await(t, r.ended, "end"); err != ErrStopped {
		t.Errorf("got %v, want ErrStopped", err)
	}
}

// stalling blocks its shard in Readable until it is let go, and tells what happens to it.
type stalling struct {
	recorder
	happened chan string
	let      chan struct{}
}

func (s *stalling) Readable(d *Desc) error {
	err := s.recorder.Readable(d)
	s.happened <- "input"
	<-s.let
	return err
}

func (s *stalling) Due(*Desc) time.Duration {
	s.happened <- "timer"
	return 0
}

// TestInputGoesBeforeTimersAfterAStall: what a peer sent in time is read before its time limit is looked at, however
// late the shard is and however many other connections have input.
func TestInputGoesBeforeTimersAfterAStall(t *testing.T) {
	f := start(t, Options{Shards: 1, Tick: 5 * time.Millisecond})
	park := func(s *stalling) net.Conn {
		client, server := f.pair(t)
		s.ended = make(chan error, 1)
		f.loop.Prepare(&s.Desc, s)
		if err := s.Attach(server, nil); err != nil {
			t.Fatal(err)
		}
		return client
	}
	send := func(to net.Conn) {
		if _, err := to.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	open := make(chan struct{})
	close(open)
	stalled := &stalling{happened: make(chan string, 4), let: make(chan struct{})}
	stall := park(stalled)
	var late []*stalling
	var peers []net.Conn
	for range 3 * batch {
		s := &stalling{happened: make(chan string, 4), let: open}
		late, peers = append(late, s), append(peers, park(s))
	}
	send(stall)
	await(t, stalled.happened, "stall")
	for i, s := range late {
		send(peers[i])
		s.SetTimer(time.Millisecond)
	}
	time.AfterFunc(50*time.Millisecond, func() { close(stalled.let) })
	for _, s := range late {
		if first := await(t, s.happened, "input or timer"); first != "input" {
			t.Fatalf("got the %s first", first)
		}
		await(t, s.happened, "timer")
	}
}

func TestAttachAfterStop(t *testing.T) {
	f := start(t, Options{})
	c, server := f.pair(t)
	r := &recorder{}
	f.loop.Prepare(&r.Desc, r)
	f.stop()
	if err := r.Attach(server, nil); err != ErrStopped {
		t.Errorf("got %v, want ErrStopped", err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("client: got %v, want EOF", err)
	}
}

func TestAttachNeedsASocket(t *testing.T) {
	f := start(t, Options{})
	a, b := net.Pipe()
	defer b.Close()
	r := &recorder{}
	f.loop.Prepare(&r.Desc, r)
	if err := r.Attach(a, nil); err != ErrUnsupported {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
}

// TestManyComeAndGo reuses slots and descriptors under concurrent writes and closes.
func TestManyComeAndGo(t *testing.T) {
	f := start(t, Options{Shards: 2})
	for range 20 {
		var wg sync.WaitGroup
		for i := range 20 {
			r := &recorder{echo: true}
			c := f.park(t, r)
			wg.Go(func() {
				for range 10 {
					if r.Write([]byte("x")) != nil {
						break
					}
				}
				if i%2 == 0 {
					r.Close(nil)
				}
			})
			wg.Go(func() {
				c.Write([]byte("y"))
				c.Close()
			})
			wg.Go(func() { await(t, r.ended, "end") })
		}
		wg.Wait()
	}
	if n := f.loop.Len(); n != 0 {
		t.Errorf("got %d attached, want 0", n)
	}
}

func BenchmarkEcho(b *testing.B) {
	f := start(b, Options{})
	r := &recorder{echo: true}
	c := f.park(b, r)
	c.SetDeadline(time.Time{})
	buf := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}
