package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sink is a handler that remembers.
type sink struct {
	mu     sync.Mutex
	got    [][]byte
	code   uint32
	text   string
	closed int
	then   func(b []byte)
}

func (s *sink) Receive(b []byte) {
	s.mu.Lock()
	s.got = append(s.got, b)
	s.mu.Unlock()
	if s.then != nil {
		s.then(b)
	}
}

func (s *sink) Closed(code uint32, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.text = code, text
	s.closed++
}

func (s *sink) ended(t *testing.T, code uint32) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != 1 || s.code != code {
		t.Errorf("closed %d times with code %d %q, want once with %d", s.closed, s.code, s.text, code)
	}
}

// streamPair opens a stream from a to b; far is the handler there.
func streamPair(t *testing.T, o serviceOptions) (net *memNet, a, b *memNode, s, back *Stream, near, far *sink) {
	t.Helper()
	net, near, far = newMemNet(o), &sink{}, &sink{}
	a, b = net.start("a@h"), net.start("b@h")
	mesh(a, b)
	b.Serve("pipe", func(from Member, header []byte, st *Stream) (Handler, error) {
		switch string(header) {
		case "no":
			return nil, &RemoteError{200, "not here"}
		case "panic":
			panic("oops")
		}
		back = st
		return far, nil
	})
	s, err := a.Open(b.member, "pipe", []byte("x"), near)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return net, a, b, s, back, near, far
}

func TestStreamCarriesMessagesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b, s, back, near, far := streamPair(t, serviceOptions{ChunkBytes: 1000})
		defer a.kill()
		defer b.kill()
		large := bytes.Repeat([]byte("0123456789"), 1234)
		for _, m := range [][]byte{[]byte("one"), large, {}, []byte("two")} {
			if err := s.Send(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := back.Send([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // what is on the way to a side that closes is dropped
		s.Close(CodeUser, "done")
		synctest.Wait()
		if len(far.got) != 4 || string(far.got[0]) != "one" || !bytes.Equal(far.got[1], large) || len(far.got[2]) != 0 || string(far.got[3]) != "two" {
			t.Errorf("got %d messages, want 4 as sent", len(far.got))
		}
		far.ended(t, CodeUser)
		if len(near.got) != 1 || near.closed != 0 {
			t.Errorf("near side: %d messages, closed %d times, want 1 and 0", len(near.got), near.closed)
		}
		if err := s.Send(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("send after close: got %v", err)
		}
		if err := back.Send(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("send after the peer's close: got %v", err)
		}
	})
}

// Others may still reach a member that this node does not hear: it stays in the view, but what waits for it must
// not wait on.
func TestStreamsToAQuietMemberEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, a, b, _, _, near, far := streamPair(t, serviceOptions{})
		defer a.kill()
		defer b.kill()
		net.cut(a, b, true)
		time.Sleep(4 * time.Second)
		near.ended(t, CodeNodeDown)
		far.ended(t, CodeNodeDown)
		if _, err := a.Open(b.member, "pipe", []byte("x"), &sink{}); !errors.Is(err, ErrNodeDown) {
			t.Errorf("open to a quiet member: got %v, want %v", err, ErrNodeDown)
		}
		net.cut(a, b, false)
		time.Sleep(time.Second)
		if _, err := a.Open(b.member, "pipe", []byte("x"), &sink{}); err != nil {
			t.Errorf("open to a member that is heard again: %v", err)
		}
	})
}

func TestStreamIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b, _, _, _, _ := streamPair(t, serviceOptions{StreamsPerPeer: 3})
		defer a.kill()
		defer b.kill()
		for header, want := range map[string]uint32{"no": 200, "panic": CodePanic} {
			h := &sink{}
			if _, err := a.Open(b.member, "pipe", []byte(header), h); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			h.ended(t, want)
		}
		h := &sink{}
		if _, err := a.Open(b.member, "none", nil, h); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.ended(t, CodeNoService)
		if _, err := a.Open(a.member, "pipe", nil, h); !errors.Is(err, ErrSelf) {
			t.Errorf("to itself: got %v", err)
		}
		if _, err := a.Open(Member{Boot: "x"}, "pipe", nil, h); !errors.Is(err, ErrNodeDown) {
			t.Errorf("to nobody: got %v", err)
		}
		for range 2 {
			a.Open(b.member, "pipe", nil, &sink{})
		}
		if _, err := a.Open(b.member, "pipe", nil, h); !errors.Is(err, ErrBusy) {
			t.Errorf("fourth stream: got %v", err)
		}
	})
}

func TestStreamsEndWithTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b, s, _, near, _ := streamPair(t, serviceOptions{})
		defer a.kill()
		defer b.kill()
		a.sees()
		near.ended(t, CodeNodeDown)
		if err := s.Send(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("send: got %v", err)
		}
	})
}

// A stream notices that its last messages were lost, on both ends.
func TestStreamNoticesLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, a, b, s, _, near, far := streamPair(t, serviceOptions{})
		defer a.kill()
		defer b.kill()
		net.cut(a, b, true)
		s.Send([]byte("lost"))
		synctest.Wait()
		net.cut(a, b, false)
		time.Sleep(3 * time.Second) //lint:sleep virtual time
		synctest.Wait()
		near.ended(t, CodeBroken)
		far.ended(t, CodeBroken)
	})
}

func TestStreamIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, a, b, s, _, _, far := streamPair(t, serviceOptions{StreamBytes: 1000, ChunkBytes: 300})
		defer a.kill()
		defer b.kill()
		if err := s.Send(make([]byte, 1001)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too large: got %v", err)
		}
		block := make(chan struct{})
		far.then = func([]byte) { <-block }
		sent := 0
		for ; s.Send(make([]byte, 100)) == nil; sent++ {
		}
		if sent != 10 {
			t.Errorf("%d messages of 100 bytes on the way, want 10", sent)
		}
		close(block)
		time.Sleep(time.Second) //lint:sleep virtual time
		if err := s.Send(make([]byte, 1000)); err != nil {
			t.Errorf("after acknowledgement: got %v", err)
		}
		_ = net
	})
}

// signal is a handler that tells of each message.
type signal chan struct{}

func (s signal) Receive([]byte)        { s <- struct{}{} }
func (s signal) Closed(uint32, string) {}

func BenchmarkStreamSend(b *testing.B) {
	for _, size := range []int{200, 64 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			x, y := pair(b, serviceOptions{})
			got := make(chan struct{}, 1)
			y.Serve("pipe", func(Member, []byte, *Stream) (Handler, error) {
				return signal(got), nil
			})
			s, err := x.Open(y.member, "pipe", nil, &sink{})
			if err != nil {
				b.Fatal(err)
			}
			message := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for s.Send(message) != nil { // acknowledgements are on their way
					runtime.Gosched()
				}
				<-got
			}
		})
	}
}
