package streamable

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// owner is an Acceptor whose behaviour a test gives. Without hooks it answers each text with itself.
type owner struct {
	accept  func(transport.Conn) error
	receive func(c transport.Conn, text []byte)
	end     func(transport.Info) error

	mu     sync.Mutex
	infos  []transport.Info
	closed chan transport.Reason
}

func (o *owner) Admit(transport.Info) error { return nil }

func (o *owner) End(i transport.Info) error {
	if o.end == nil {
		return nil
	}
	return o.end(i)
}

func (o *owner) Accept(c transport.Conn) (transport.Receiver, error) {
	if o.accept != nil {
		if err := o.accept(c); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	o.infos = append(o.infos, c.Info())
	o.mu.Unlock()
	return &party{o, c}, nil
}

type party struct {
	owner *owner
	conn  transport.Conn
}

func (p *party) Receive(text []byte) {
	if p.owner.receive != nil {
		p.owner.receive(p.conn, text)
		return
	}
	_ = p.conn.Write(transport.Frame{Text: text, Last: true})
}

func (p *party) Closed(r transport.Reason) {
	select {
	case p.owner.closed <- r:
	default:
	}
}

// listen serves o until the test ends and returns the listener's host and port.
func listen(t testing.TB, o *owner, opts Options) string {
	t.Helper()
	if o.closed == nil {
		o.closed = make(chan transport.Reason, 100)
	}
	if opts.Grace == 0 {
		opts.Grace = time.Millisecond
	}
	l := NewListener(opts)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, o) }()
	select {
	case <-l.Ready():
	case err := <-served:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// raw is a client that sees every byte.
type raw struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

func dial(t testing.TB, addr string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &raw{c, bufio.NewReader(c), t}
}

func (c *raw) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads one response whole.
func (c *raw) answer() (*http.Response, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(body)
}

// until reads up to and including text.
func (c *raw) until(text string) string {
	c.t.Helper()
	var b strings.Builder
	for !strings.HasSuffix(b.String(), text) {
		x, err := c.r.ReadByte()
		if err != nil {
			c.t.Fatalf("got %q, %v, want it to go on to %q", b.String(), err, text)
		}
		b.WriteByte(x)
	}
	return b.String()
}

// request is a well-formed POST of body; headers are further lines.
func request(host, body string, headers ...string) string {
	var b strings.Builder
	b.WriteString("POST /mcp HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n" +
		"Accept: application/json, text/event-stream\r\nContent-Length: " + itoa(len(body)) + "\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.String()
}

func streamRequest(host string, headers ...string) string {
	head := "GET /mcp HTTP/1.1\r\nHost: " + host + "\r\nAccept: text/event-stream\r\n"
	for _, h := range headers {
		head += h + "\r\n"
	}
	return head + "\r\n"
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}
