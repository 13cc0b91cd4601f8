package streamable

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

func frame(text string) transport.Frame { return transport.Frame{Text: []byte(text)} }
func last(text string) transport.Frame  { return transport.Frame{Text: []byte(text), Last: true} }

func TestAnswerIsPlainJSONWhenTheFirstFrameIsTheLast(t *testing.T) {
	for _, text := range []string{"{}", strings.Repeat("x", 100_000)} {
		addr := listen(t, &owner{receive: func(c transport.Conn, _ []byte) {
			c.Bind("session-1")
			c.Go(func() { _ = c.Write(transport.Frame{Text: []byte(text), Last: true, Status: 404}) })
		}}, Options{})
		c := dial(t, addr)
		c.send(request(addr, ping))
		resp, body := c.answer()
		h := resp.Header
		if resp.StatusCode != 404 || body != text || h.Get("Content-Type") != "application/json" || resp.ContentLength != int64(len(text)) {
			t.Errorf("got %v with %d bytes, want status 404 and %d bytes of JSON", resp, len(body), len(text))
		}
		if got := h["Mcp-Session-Id"]; len(got) != 1 || got[0] != "session-1" {
			t.Errorf("got session %q, want session-1", got)
		}
	}
}

func TestFramesLeaveWhileTheCallRuns(t *testing.T) {
	heard := make(chan struct{})
	addr := listen(t, &owner{receive: func(c transport.Conn, _ []byte) {
		_ = c.Write(transport.Frame{Event: "s/0"})
		c.Go(func() {
			_ = c.Write(transport.Frame{Text: []byte("progress"), Event: "s/1"})
			<-heard
			_ = c.Write(last("result"))
		})
	}}, Options{Reconnect: 1500 * time.Millisecond})
	c := dial(t, addr)
	c.send(request(addr, ping))
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := resp.Header
	if h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-cache, no-transform" || h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("got %v, want the head of an event stream", h)
	}
	want := "id: s/0\nretry: 1500\ndata: \n\nid: s/1\ndata: progress\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
	close(heard)
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(rest) != "data: result\n\n" {
		t.Errorf("got %q, %v, want the result and the end", rest, err)
	}
}

// TestStreamEndsWhileTheCallRuns is the early close of MCP 2025-11-25: the client is to resume by GET.
func TestStreamEndsWhileTheCallRuns(t *testing.T) {
	for name, events := range map[string][]string{"after an event": {"progress"}, "before any": nil} {
		t.Run(name, func(t *testing.T) {
			returns := make(chan struct{})
			o := &owner{receive: func(conn transport.Conn, _ []byte) {
				conn.Go(func() {
					for _, e := range events {
						_ = conn.Write(frame(e))
					}
					conn.Close(transport.ReasonReconnect)
					<-returns
				})
			}}
			addr := listen(t, o, Options{})
			defer close(returns)
			client := dial(t, addr)
			client.send(request(addr, ping))
			want := "retry: 1000\n\n"
			for _, e := range events {
				want = "data: " + e + "\n\n" + want
			}
			if _, body := client.answer(); body != want {
				t.Errorf("got %q, want %q", body, want)
			}
			if got := await(t, o.closed, "Closed"); got != transport.ReasonReconnect {
				t.Errorf("got %v, want reconnect", got)
			}
		})
	}
}

func TestAnswerDoesNotWaitForACallThatDoesNotReturn(t *testing.T) {
	returns := make(chan struct{})
	o := &owner{receive: func(c transport.Conn, _ []byte) {
		c.Go(func() { <-returns })
		go func() { _ = c.Write(last("late")) }()
	}}
	addr := listen(t, o, Options{})
	c := dial(t, addr)
	c.send(request(addr, ping))
	resp, body := c.answer()
	if resp.StatusCode != 200 || body != "late" || !resp.Close {
		t.Errorf("got %d %q, close %v, want the answer and the connection's end", resp.StatusCode, body, resp.Close)
	}
	if got := await(t, o.closed, "Closed"); got != transport.ReasonDone {
		t.Errorf("got %v, want done", got)
	}
	close(returns)
}

func TestClientThatGoesIsReportedWhileTheCallRuns(t *testing.T) {
	returns, started, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	o := &owner{receive: func(c transport.Conn, _ []byte) {
		c.Go(func() {
			close(started)
			<-returns
			done <- c.Write(last("too late"))
		})
	}}
	addr := listen(t, o, Options{})
	c := dial(t, addr)
	c.send(request(addr, ping))
	await(t, started, "call")
	c.Close()
	if got := await(t, o.closed, "Closed"); got != transport.ReasonClientClosed {
		t.Errorf("got %v, want client closed", got)
	}
	close(returns)
	if err := await(t, done, "end of the call"); err != transport.ErrClosed {
		t.Errorf("Write: got %v, want ErrClosed", err)
	}
}

func TestCallsOfOneExchangeRunBesideEachOther(t *testing.T) {
	var meet sync.WaitGroup
	meet.Add(3)
	addr := listen(t, &owner{receive: func(c transport.Conn, _ []byte) {
		for range 3 {
			c.Go(func() {
				meet.Done()
				meet.Wait()
			})
		}
		go func() {
			meet.Wait()
			c.Go(func() { _ = c.Write(last("met")) })
		}()
	}}, Options{})
	c := dial(t, addr)
	c.send(request(addr, ping))
	if _, body := c.answer(); body != "met" {
		t.Errorf("got %q, want met", body)
	}
}

func TestPanicCostsOneExchange(t *testing.T) {
	o := &owner{receive: func(_ transport.Conn, text []byte) {
		if string(text) != ping {
			panic("of a test")
		}
	}}
	receive := o.receive
	o.receive = func(c transport.Conn, text []byte) {
		receive(c, text)
		_ = c.Write(last("pong"))
	}
	addr := listen(t, o, Options{})
	c := dial(t, addr)
	c.send(request(addr, "{}"))
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("got %v, want the end of the connection", err)
	}
	if got := await(t, o.closed, "Closed"); got != transport.ReasonInternal {
		t.Errorf("got %v, want internal", got)
	}
	c = dial(t, addr)
	c.send(request(addr, ping))
	if _, body := c.answer(); body != "pong" {
		t.Errorf("got %q, want pong", body)
	}
}

func TestReaderThatStallsIsCut(t *testing.T) {
	o := &owner{receive: func(c transport.Conn, _ []byte) { _ = c.Write(transport.Frame{Text: make([]byte, 32<<20), Last: true}) }}
	addr := listen(t, o, Options{Limits: transport.Limits{WriteTimeout: 20 * time.Millisecond}})
	c := dial(t, addr)
	c.send(request(addr, ping))
	if got := await(t, o.closed, "Closed"); got != transport.ReasonSlow {
		t.Errorf("got %v, want slow", got)
	}
}

func TestHeartbeats(t *testing.T) {
	for _, c := range []struct {
		name   string
		send   func(string) string
		adjust func(*Options)
	}{
		{"parked", func(host string) string { return streamRequest(host) }, nil},
		{"on its handler", func(host string) string { return streamRequest(host) }, hideDescriptors},
		{"post", func(host string) string { return request(host, ping) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &owner{receive: func(c transport.Conn, _ []byte) { _ = c.Write(frame("first")) }}
			opts := Options{Limits: transport.Limits{PingInterval: 20 * time.Millisecond}}
			if c.adjust != nil {
				c.adjust(&opts)
			}
			addr := listen(t, o, opts)
			client := dial(t, addr)
			client.send(c.send(addr))
			client.until("\n: \n\n")
			client.until(": \n\n")
		})
	}
}

func TestParkedStream(t *testing.T) {
	conns := make(chan transport.Conn, 10)
	o := &owner{accept: func(c transport.Conn) error {
		conns <- c
		return c.Write(transport.Frame{Event: "s/0"})
	}}
	addr := listen(t, o, Options{AllowedOrigins: []string{"https://app.example"}})
	open := func(t *testing.T) (*raw, transport.Conn) {
		c := dial(t, addr)
		c.send(streamRequest(addr, "Last-Event-ID: s/9", "Mcp-Session-Id: abc", "Origin: https://app.example"))
		head := c.until("\r\n\r\n")
		for _, want := range []string{"HTTP/1.1 200 OK\r\n", "Content-Type: text/event-stream\r\n", "Access-Control-Allow-Origin: https://app.example\r\n"} {
			if !strings.Contains(head, want) {
				t.Errorf("got %q, want %q in it", head, want)
			}
		}
		conn := await(t, conns, "Accept")
		if i := conn.Info(); i.Session != "abc" || i.LastEventID != "s/9" || i.Mode != transport.Stream || i.Transport != "http" {
			t.Errorf("got %+v", i)
		}
		c.until("id: s/0\nretry: 1000\ndata: \n\n")
		return c, conn
	}
	t.Run("reconnect", func(t *testing.T) {
		c, conn := open(t)
		if err := conn.Write(frame("a\nb")); err != nil {
			t.Error(err)
		}
		conn.Close(transport.ReasonReconnect)
		rest, err := io.ReadAll(c.r)
		if want := "data: a\ndata: b\n\nretry: 1000\n\n"; err != nil || string(rest) != want {
			t.Errorf("got %q, %v, want %q", rest, err, want)
		}
		if got := await(t, o.closed, "Closed"); got != transport.ReasonReconnect {
			t.Errorf("got %v, want reconnect", got)
		}
	})
	t.Run("half close", func(t *testing.T) {
		c, _ := open(t)
		c.Conn.(interface{ CloseWrite() error }).CloseWrite()
		if got := await(t, o.closed, "Closed"); got != transport.ReasonClientClosed {
			t.Errorf("got %v, want client closed", got)
		}
	})
	t.Run("input", func(t *testing.T) {
		c, _ := open(t)
		c.send("GET / HTTP/1.1\r\n\r\n")
		if got := await(t, o.closed, "Closed"); got != transport.ReasonMalformed {
			t.Errorf("got %v, want malformed", got)
		}
	})
}

func TestServeAgainAfterAnError(t *testing.T) {
	taken := listen(t, &owner{}, Options{})
	l := NewListener(Options{Addr: taken})
	if err := l.Serve(context.Background(), &owner{}); err == nil || !strings.HasPrefix(err.Error(), "streamable: ") {
		t.Errorf("got %v, want an error of the port that is in use", err)
	}
	if l.Addr() != nil {
		t.Errorf("got address %v, want none", l.Addr())
	}
}

func TestStreamOfANodeThatGoesTellsWhenToComeBack(t *testing.T) {
	for name, adjust := range map[string]func(*Options){"parked": func(*Options) {}, "on its handler": hideDescriptors} {
		t.Run(name, func(t *testing.T) {
			opts := Options{}
			adjust(&opts)
			o := &owner{accept: func(c transport.Conn) error {
				c.Close(transport.ReasonShutdown)
				return nil
			}}
			addr := listen(t, o, opts)
			c := dial(t, addr)
			c.send(streamRequest(addr, "Connection: close"))
			if _, body := c.answer(); body != "retry: 1000\n\n" {
				t.Errorf("got %q, want the advice to come back", body)
			}
		})
	}
}

func TestOldClientsGetStreamsWithoutChunks(t *testing.T) {
	returns := make(chan struct{})
	addr := listen(t, &owner{receive: func(c transport.Conn, _ []byte) {
		c.Go(func() {
			_ = c.Write(frame("progress"))
			c.Close(transport.ReasonReconnect)
			<-returns
		})
	}}, Options{})
	defer close(returns)
	c := dial(t, addr)
	c.send(strings.Replace(request(addr, ping), "HTTP/1.1", "HTTP/1.0", 1))
	if _, body := c.answer(); body != "data: progress\n\nretry: 1000\n\n" {
		t.Errorf("got %q", body)
	}
}
