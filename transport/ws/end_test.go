package ws

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
)

func wantReason(t *testing.T, o *owner, want transport.Reason) {
	t.Helper()
	if got := await(t, o.closed, "Closed"); got != want {
		t.Errorf("Closed: got %s, want %s", got.Label(), want.Label())
	}
}

// eachMedium runs a test for parked connections and for those with a goroutine.
func eachMedium(t *testing.T, test func(t *testing.T, secure bool)) {
	t.Run("parked", func(t *testing.T) { test(t, false) })
	t.Run("port", func(t *testing.T) { test(t, true) })
}

func TestOwnerClosesWithEachReason(t *testing.T) {
	f := start(t, Options{}, nil)
	for _, r := range transport.Reasons() {
		t.Run(r.Label(), func(t *testing.T) {
			peer, o := f.open()
			_ = o.conn.Write(transport.Frame{Text: []byte("last words")})
			o.conn.Close(r)
			o.conn.Close(transport.ReasonDone) // comes too late
			if _, got, err := peer.ReadMessage(); string(got) != "last words" {
				t.Errorf("got %q, %v, want the queued frame", got, err)
			}
			_, _, err := peer.ReadMessage() // answers the close frame
			wantClose(t, err, r.CloseCode())
			if ce, ok := err.(*websocket.CloseError); ok && ce.Text != r.String() {
				t.Errorf("close text: got %q, want %q", ce.Text, r.String())
			}
			wantReason(t, o, r)
		})
	}
}

func TestPeerThatIgnoresCloseIsDropped(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{}, hasty, secure)
		_, o := f.open() // and does not read
		o.conn.Close(transport.ReasonReplaced)
		wantReason(t, o, transport.ReasonReplaced)
	})
}

func TestTextsAfterCloseAreDropped(t *testing.T) {
	f := start(t, Options{}, nil)
	peer, o := f.open()
	o.conn.Close(transport.ReasonReplaced)
	for range 10 {
		if peer.WriteMessage(websocket.TextMessage, []byte("late")) != nil {
			break
		}
	}
	_, _, err := peer.ReadMessage()
	wantClose(t, err, transport.ReasonReplaced.CloseCode())
	wantReason(t, o, transport.ReasonReplaced)
	if len(o.texts) != 0 {
		t.Errorf("got %d texts after Close, want none", len(o.texts))
	}
}

func TestSilentPeerIsReaped(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		l := transport.Limits{PingInterval: 20 * time.Millisecond, PongTimeout: 20 * time.Millisecond}
		f := startOn(t, Options{Limits: l}, hasty, secure)
		_, o := f.open() // does not read, so it does not answer pings either
		wantReason(t, o, transport.ReasonIdle)
	})
}

func TestPeerThatAnswersPingsStays(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		l := transport.Limits{PingInterval: 10 * time.Millisecond, PongTimeout: 10 * time.Second}
		f := startOn(t, Options{Limits: l}, nil, secure)
		peer, o := f.open()
		pings := 0
		peer.SetPingHandler(func(string) error {
			if pings++; pings == 5 {
				return peer.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
			}
			return peer.WriteMessage(websocket.PongMessage, nil)
		})
		_, _, err := peer.ReadMessage()
		wantClose(t, err, 1000)
		wantReason(t, o, transport.ReasonClientClosed)
	})
}

func TestMessageThatDoesNotEndIsReaped(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{Limits: transport.Limits{ReadBodyTimeout: 30 * time.Millisecond}}, hasty, secure)
		peer, o := f.open()
		half := masked(ws.OpText, false, "a") + masked(ws.OpContinuation, true, "xyz")[:7]
		if _, err := peer.NetConn().Write([]byte(half)); err != nil {
			t.Fatal(err)
		}
		wantReason(t, o, transport.ReasonIdle)
	})
}

func TestSlowReaderIsCutAndTold(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{Limits: transport.Limits{OutgoingBytes: 64 << 10}}, nil, secure)
		peer, o := f.open()
		frame := transport.Frame{Text: []byte(strings.Repeat("x", 32<<10))}
		var err error
		for range 10000 {
			if err = o.conn.Write(frame); err != nil {
				break
			}
		}
		if err != transport.ErrSlow {
			t.Fatalf("Write: got %v, want %v", err, transport.ErrSlow)
		}
		if err := o.conn.Write(frame); err != transport.ErrClosed {
			t.Errorf("Write: got %v, want %v", err, transport.ErrClosed)
		}
		for err = nil; err == nil; { // the peer wakes up in time to learn why
			_, _, err = peer.ReadMessage()
		}
		wantClose(t, err, transport.ReasonSlow.CloseCode())
		wantReason(t, o, transport.ReasonSlow)
	})
}

func TestWriteWithoutProgressEndsTheConnection(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{Limits: transport.Limits{WriteTimeout: 50 * time.Millisecond, OutgoingBytes: 1 << 30}}, nil, secure)
		_, o := f.open()
		// More than the system's buffers take.
		if err := o.conn.Write(transport.Frame{Text: []byte(strings.Repeat("x", 64<<20))}); err != nil {
			t.Fatal(err)
		}
		wantReason(t, o, transport.ReasonSlow)
	})
}

func TestShutdownAfterGrace(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{Grace: time.Millisecond}, nil, secure)
		peer, o := f.open()
		go f.stop()
		_, _, err := peer.ReadMessage()
		wantClose(t, err, transport.ReasonShutdown.CloseCode())
		wantReason(t, o, transport.ReasonShutdown)
		f.stop()
		resp, err := f.http.Client().Get(f.http.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("after Serve: got %s, want 503 with Retry-After", resp.Status)
		}
	})
}

func TestPanicsCostOneConnection(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		logs := &testutil.LogCapture{}
		var calls atomic.Int32
		f := startOn(t, Options{Logger: logs.Logger()}, func(f *fixture) {
			hasty(f)
			f.on = func([]byte) { panic("receiver") }
			f.refuse = func(transport.Conn) error {
				if calls.Add(1) == 2 {
					panic("acceptor")
				}
				return nil
			}
		}, secure)
		peer, o := f.open()
		peer.WriteMessage(websocket.TextMessage, []byte("x"))
		_, _, err := peer.ReadMessage()
		wantClose(t, err, transport.ReasonInternal.CloseCode())
		wantReason(t, o, transport.ReasonInternal)

		_, _, err = f.dial().ReadMessage()
		wantClose(t, err, transport.ReasonInternal.CloseCode())

		_, o = f.open()
		ran := make(chan struct{})
		o.conn.Go(func() { close(ran); panic("task") })
		await(t, ran, "task")
		f.stop()
		var who []string
		for _, r := range logs.Find("panic recovered") {
			who = append(who, r.Attrs["who"])
		}
		slices.Sort(who)
		if want := []string{"acceptor", "receiver", "task"}; !slices.Equal(who, want) {
			t.Errorf("panics in the log: got %v, want %v", who, want)
		}
	})
}

func TestRefusalIsToldByTextAndCode(t *testing.T) {
	f := start(t, Options{}, func(f *fixture) {
		f.refuse = func(transport.Conn) error {
			return &transport.Refusal{Reason: transport.ReasonNoSession, Text: []byte(`{"error":1}`)}
		}
	})
	peer := f.dial()
	if _, got, err := peer.ReadMessage(); string(got) != `{"error":1}` {
		t.Errorf("got %q, %v, want the refusal's text", got, err)
	}
	_, _, err := peer.ReadMessage()
	wantClose(t, err, transport.ReasonNoSession.CloseCode())
}

func TestSecondServeFails(t *testing.T) {
	f := start(t, Options{}, nil)
	if err := f.server.Serve(t.Context(), f); err != ErrServing {
		t.Errorf("got %v, want %v", err, ErrServing)
	}
}

func TestServeRunsAgain(t *testing.T) {
	f := start(t, Options{}, nil)
	f.stop()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.server.Serve(ctx, f) }()
	testutil.Eventually(t, patience, func() bool { return f.server.current.Load() != nil })
	peer, o := f.open()
	if err := o.conn.Write(transport.Frame{Text: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	if _, got, err := peer.ReadMessage(); string(got) != "hello" {
		t.Errorf("got %q, %v, want hello", got, err)
	}
	o.conn.Close(transport.ReasonDone)
	_, _, err := peer.ReadMessage()
	wantClose(t, err, transport.ReasonDone.CloseCode())
	cancel()
	if err := await(t, done, "end of Serve"); err != nil {
		t.Error(err)
	}
}

// TestManyConnections has each peer check its own texts.
func TestManyConnections(t *testing.T) {
	peers := 2000
	if testing.Short() {
		peers = 200
	}
	f := start(t, Options{}, func(f *fixture) { f.echo = true })
	before := openFiles()
	var all sync.WaitGroup
	gate := make(chan struct{}, 64) // dials at a time
	for n := range peers {
		all.Go(func() {
			gate <- struct{}{}
			peer, _, err := websocket.DefaultDialer.Dial(f.url(), nil)
			<-gate
			if err != nil {
				t.Error(err)
				return
			}
			defer peer.Close()
			peer.SetReadDeadline(time.Now().Add(patience))
			for i := range 5 {
				want := strings.Repeat("x", n+i)
				if err := peer.WriteMessage(websocket.TextMessage, []byte("m"+want)); err != nil {
					t.Error(err)
					return
				}
				if _, got, err := peer.ReadMessage(); err != nil || string(got) != "m"+want {
					t.Errorf("peer %d: got %d bytes, %v, want %d", n, len(got), err, len(want)+1)
					return
				}
			}
		})
	}
	all.Wait()
	f.mu.Lock()
	owners := f.owners
	f.mu.Unlock()
	if len(owners) != peers {
		t.Errorf("got %d connections, want %d", len(owners), peers)
	}
	for _, o := range owners {
		wantReason(t, o, transport.ReasonClientClosed)
	}
	testutil.Eventually(t, patience, func() bool { return openFiles() <= before+10 })
}

// openFiles counts descriptors; 0 where the system does not list them.
func openFiles() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}
