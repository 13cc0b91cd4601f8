package lineconn_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/lineconn"
	"github.com/erlmcp/erlmcp/transport/transporttest"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// loopback is a listener for tests: each TCP connection is a Conn.
type loopback struct {
	limits transport.Limits
	grace  time.Duration
	ln     net.Listener
}

func (l *loopback) Serve(ctx context.Context, a transport.Acceptor) error {
	done := make(chan struct{})
	conns := make(chan *lineconn.Conn, 1000)
	open := 0
	go func() {
		<-ctx.Done()
		_ = l.ln.Close()
	}()
	for {
		socket, err := l.ln.Accept()
		if err != nil {
			break
		}
		c := lineconn.New(socket, lineconn.Options{Info: transport.Info{Transport: "tcp"}, Limits: l.limits, Linger: 20 * time.Millisecond})
		conns <- c
		open++
		go func() {
			_ = c.Serve(a)
			done <- struct{}{}
		}()
	}
	late := time.AfterFunc(l.grace, func() {
		for range len(conns) {
			(<-conns).Close(transport.ReasonShutdown)
		}
	})
	defer late.Stop()
	for range open {
		<-done
	}
	return nil
}

// client reads and writes lines.
type client struct {
	net.Conn
	in *bufio.Reader
}

func dial(ctx context.Context, address string) (transporttest.Client, error) {
	var d net.Dialer
	socket, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{Conn: socket, in: bufio.NewReader(socket)}, nil
}

func (c *client) Send(text []byte) error {
	_, err := c.Write(append(text, '\n'))
	return err
}

func (c *client) Recv(ctx context.Context) ([]byte, error) {
	deadline, _ := ctx.Deadline()
	_ = c.SetReadDeadline(deadline)
	line, err := c.in.ReadBytes('\n')
	return bytes.TrimSuffix(line, []byte{'\n'}), err
}

func TestContractOverTCP(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{
		Mode: transport.Duplex,
		Listen: func(t testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			return transporttest.Medium{
				Listener: &loopback{limits: l, grace: grace, ln: ln},
				Dial: func(ctx context.Context) (transporttest.Client, error) {
					return dial(ctx, ln.Addr().String())
				},
			}
		},
	})
}

// script is an Acceptor whose receiver runs f for each text.
type script struct {
	f      func(c transport.Conn, text string)
	closed chan transport.Reason
}

func newScript(f func(c transport.Conn, text string)) *script {
	return &script{f: f, closed: make(chan transport.Reason, 2)}
}

func (s *script) Accept(c transport.Conn) (transport.Receiver, error) { return &scripted{s, c}, nil }
func (s *script) Admit(transport.Info) error                          { return nil }
func (s *script) End(transport.Info) error                            { return nil }

type scripted struct {
	*script
	conn transport.Conn
}

func (s *scripted) Receive(text []byte)       { s.f(s.conn, string(text)) }
func (s *scripted) Closed(r transport.Reason) { s.closed <- r }

// run serves one connection on a pipe, lets the peer do its part, and returns why it ended.
func run(t *testing.T, o lineconn.Options, s *script, peer func(net.Conn)) transport.Reason {
	t.Helper()
	ours, theirs := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- lineconn.New(ours, o).Serve(s) }()
	peer(theirs)
	_ = theirs.Close()
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
	return <-s.closed
}

func TestFraming(t *testing.T) {
	for _, tc := range []struct {
		name, stream string
		want         []string
	}{
		{"lines", "{1}\n{2}\n", []string{"{1}", "{2}"}},
		{"CRLF", "{1}\r\n{2}\r\n", []string{"{1}", "{2}"}},
		{"blank lines", "\n\r\n  \t \n{1}\n\n", []string{"{1}"}},
		{"space is kept", " {1} \n", []string{" {1} "}},
		{"end instead of a line end", "{1}\n{2}", []string{"{1}", "{2}"}},
		{"blank end", "{1}\n \r", []string{"{1}"}},
		{"long", strings.Repeat("x", 9_999) + "\n", []string{strings.Repeat("x", 9_999)}},
		{"at the limit", strings.Repeat("x", 10_000) + "\r\n{2}\n", []string{strings.Repeat("x", 10_000), "{2}"}},
		{"nothing", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			s := newScript(func(_ transport.Conn, text string) { got = append(got, text) })
			reason := run(t, lineconn.Options{Limits: transport.Limits{MessageBytes: 10_000}, ReadBuffer: 64}, s, func(c net.Conn) {
				_, _ = io.WriteString(c, tc.stream)
			})
			if strings.Join(got, "|") != strings.Join(tc.want, "|") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if reason != transport.ReasonClientClosed {
				t.Errorf("got reason %s, want client_closed", reason.Label())
			}
		})
	}
}

func TestLineOverTheLimitIsAnsweredAndSkipped(t *testing.T) {
	for _, size := range []int{101, 4095, 4096, 4097, 100_000} {
		s := newScript(func(c transport.Conn, text string) { _ = c.Write(transport.Frame{Text: []byte(text)}) })
		run(t, lineconn.Options{Limits: transport.Limits{MessageBytes: 100}, SkipTooLong: true}, s, func(c net.Conn) {
			go func() { _, _ = io.WriteString(c, strings.Repeat("x", size)+"\nnext\n") }()
			in := bufio.NewReader(c)
			for _, want := range []string{`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"message is larger than 100 bytes"}}`, "next"} {
				if got, err := in.ReadString('\n'); got != want+"\n" {
					t.Errorf("%d bytes: got %q, %v, want %s", size, got, err, want)
				}
			}
		})
	}
}

func TestLineBreaksInAFrameBecomeSpaces(t *testing.T) {
	s := newScript(func(c transport.Conn, text string) {
		_ = c.Write(transport.Frame{})
		_ = c.Write(transport.Frame{Text: []byte("{\n\"a\":\r\n1}\n")})
	})
	run(t, lineconn.Options{}, s, func(c net.Conn) {
		_, _ = io.WriteString(c, "go\n")
		if got, err := bufio.NewReader(c).ReadString('\n'); got != "{ \"a\":  1} \n" {
			t.Errorf("got %q, %v, want one line", got, err)
		}
	})
}

func TestStalledPeerIsCut(t *testing.T) {
	s := newScript(func(c transport.Conn, text string) { _ = c.Write(transport.Frame{Text: []byte(text)}) })
	ours, theirs := net.Pipe()
	defer theirs.Close()
	served := make(chan error, 1)
	go func() {
		served <- lineconn.New(ours, lineconn.Options{Limits: transport.Limits{WriteTimeout: time.Millisecond}}).Serve(s)
	}()
	_, _ = io.WriteString(theirs, "go\n")
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
	if got := <-s.closed; got != transport.ReasonSlow {
		t.Errorf("got reason %s, want slow", got.Label())
	}
}

func TestPanicOfTheReceiverEndsTheConnection(t *testing.T) {
	var log testutil.LogCapture
	s := newScript(func(transport.Conn, string) { panic("broken") })
	reason := run(t, lineconn.Options{Logger: log.Logger()}, s, func(c net.Conn) {
		_, _ = io.WriteString(c, "go\n")
		_, _ = io.Copy(io.Discard, c)
	})
	if reason != transport.ReasonInternal || len(log.Find("receiver panicked")) != 1 {
		t.Errorf("got reason %s, log %v, want internal and one record", reason.Label(), log.Records())
	}
}
