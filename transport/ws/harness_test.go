package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second // fails a test that hangs

// fixture is a Server in front of an owner that a test scripts.
type fixture struct {
	t      testing.TB
	server *Server
	http   *httptest.Server
	stop   func() // ends Serve and waits for it

	admit  func(transport.Info) error
	refuse func(transport.Conn) error
	echo   bool
	quiet  bool                              // owners keep nothing
	wrap   func(*fixture) transport.Acceptor // stands in for the fixture
	answer string                            // to every text, if not empty
	on     func(text []byte)                 // gets every text, if not nil

	mu     sync.Mutex
	owners []*owner
	opened chan *owner
}

// owner is the receiver of one connection.
type owner struct {
	f      *fixture
	conn   transport.Conn
	texts  chan string
	closed chan transport.Reason // gets one reason, then is closed
}

func (o *owner) Receive(text []byte) {
	if o.f.echo {
		_ = o.conn.Write(transport.Frame{Text: text})
		return
	}
	if o.f.answer != "" {
		_ = o.conn.Write(transport.Frame{Text: []byte(o.f.answer)})
		return
	}
	if o.f.on != nil {
		o.f.on(text)
		return
	}
	o.texts <- string(text)
}

func (o *owner) Closed(r transport.Reason) {
	o.closed <- r
	close(o.closed) // a second call panics
}

func (f *fixture) Accept(c transport.Conn) (transport.Receiver, error) {
	if f.quiet {
		return &owner{f: f, conn: c, closed: make(chan transport.Reason, 1)}, nil
	}
	o := &owner{f: f, conn: c, texts: make(chan string, 4096), closed: make(chan transport.Reason, 1)}
	if f.refuse != nil {
		if err := f.refuse(c); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	f.owners = append(f.owners, o)
	f.mu.Unlock()
	select {
	case f.opened <- o:
	default:
	}
	return o, nil
}

func (f *fixture) Admit(i transport.Info) error {
	if f.admit != nil {
		return f.admit(i)
	}
	return nil
}

func (f *fixture) End(transport.Info) error { return errors.New("not used") }

// start runs a Server; change may script the fixture before.
func start(t testing.TB, o Options, change func(*fixture)) *fixture {
	return startOn(t, o, change, false)
}

func startOn(t testing.TB, o Options, change func(*fixture), secure bool) *fixture {
	t.Helper()
	if o.Grace == 0 {
		o.Grace = -1
	}
	f := &fixture{t: t, server: NewServer(o), opened: make(chan *owner, 16)}
	if change != nil {
		change(f)
	}
	f.http = httptest.NewUnstartedServer(f.server)
	if secure {
		f.http.StartTLS()
	} else {
		f.http.Start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var a transport.Acceptor = f
	if f.wrap != nil {
		a = f.wrap(f)
	}
	go func() { done <- f.server.Serve(ctx, a) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve: got %v, want nil", err)
			}
		case <-time.After(patience):
			t.Error("Serve does not return")
		}
	})
	t.Cleanup(func() {
		f.stop()
		f.http.Close()
	})
	testutil.Eventually(t, patience, func() bool { return f.server.current.Load() != nil })
	return f
}

func (f *fixture) url() string { return "ws" + strings.TrimPrefix(f.http.URL, "http") }

// dial opens a WebSocket with gorilla's client.
func (f *fixture) dial() *websocket.Conn {
	f.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{"mcp"}}
	d.TLSClientConfig = clientTLS(f.http)
	c, _, err := d.Dial(f.url(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(patience))
	return c
}

// open dials and returns the server's side, too.
func (f *fixture) open() (*websocket.Conn, *owner) {
	f.t.Helper()
	c := f.dial()
	return c, await(f.t, f.opened, "connection")
}

// clientTLS is what a client of h needs; nil without TLS.
func clientTLS(h *httptest.Server) *tls.Config {
	if h.TLS == nil {
		return nil
	}
	c := h.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	c.NextProtos = nil // HTTP/1.1
	return c
}

// tcp opens a connection and sends text.
func (f *fixture) tcp(text string) net.Conn {
	f.t.Helper()
	c, err := net.Dial("tcp", f.http.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte(text)); err != nil {
		f.t.Fatal(err)
	}
	return c
}

// hasty is for tests whose peers do not answer close frames.
func hasty(f *fixture) { f.server.closeWait = 50 * time.Millisecond }

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func wantClose(t testing.TB, err error, code int) {
	t.Helper()
	var ce *websocket.CloseError
	if !errors.As(err, &ce) || ce.Code != code {
		t.Errorf("read: got %v, want close %d", err, code)
	}
}
