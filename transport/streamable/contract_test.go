package streamable

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/eventstream"
	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/transporttest"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// kitClient is the far side of one exchange or stream, over a connection of its own.
type kitClient struct {
	transport *http.Transport
	request   func(body []byte) (*http.Request, error)
	ctx       context.Context
	cancel    context.CancelFunc
	texts     chan []byte // closed at the end
	want      chan struct{}
}

func newKitClient(l *Listener, scheme, method string) (*kitClient, error) {
	url := scheme + "://" + l.Addr().String() + "/mcp"
	c := &kitClient{transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, texts: make(chan []byte), want: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.request = func(body []byte) (*http.Request, error) {
		r, err := http.NewRequestWithContext(c.ctx, method, url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Content-Type", "application/json")
		return r, nil
	}
	return c, nil
}

// Send makes the request; the answer is read on a goroutine, but only as far as Recv asks for it.
func (c *kitClient) Send(text []byte) error {
	r, err := c.request(text)
	if err != nil {
		return err
	}
	go func() {
		defer close(c.texts)
		resp, err := c.transport.RoundTrip(r)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		c.read(resp)
	}()
	return nil
}

func (c *kitClient) read(resp *http.Response) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		if text, err := io.ReadAll(resp.Body); err == nil && len(text) > 0 {
			c.give(text)
		}
		return
	}
	select {
	case <-c.want:
	case <-c.ctx.Done():
		return
	}
	events := eventstream.NewScanner(resp.Body, 64<<20)
	for events.Scan() {
		if !c.give([]byte(events.Event().Data)) {
			return
		}
		select {
		case <-c.want:
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *kitClient) give(text []byte) bool {
	select {
	case c.texts <- text:
		return true
	case <-c.ctx.Done():
		return false
	}
}

func (c *kitClient) Recv(ctx context.Context) ([]byte, error) {
	want := c.want
	for {
		select {
		case want <- struct{}{}:
			want = nil
		case text, ok := <-c.texts:
			if !ok {
				return nil, io.EOF
			}
			return text, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (c *kitClient) Close() error {
	c.cancel()
	c.transport.CloseIdleConnections()
	return nil
}

func harness(mode transport.Mode, scheme string, adjust func(*Options)) transporttest.Harness {
	return transporttest.Harness{
		Mode: mode,
		Listen: func(_ testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
			o := Options{Limits: l, Grace: grace}
			if adjust != nil {
				adjust(&o)
			}
			listener := NewListener(o)
			return transporttest.Medium{
				Listener: listener,
				Dial: func(ctx context.Context) (transporttest.Client, error) {
					select {
					case <-listener.Ready():
					case <-ctx.Done():
						return nil, context.Cause(ctx)
					}
					if mode == transport.Exchange {
						return newKitClient(listener, scheme, http.MethodPost)
					}
					return dialStream(listener, scheme)
				},
			}
		},
	}
}

// dialStream returns once the stream is open, or the refusal as an error.
func dialStream(l *Listener, scheme string) (transporttest.Client, error) {
	c, err := newKitClient(l, scheme, http.MethodGet)
	if err != nil {
		return nil, err
	}
	r, err := c.request(nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		c.Close()
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		c.Close()
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	go func() {
		defer close(c.texts)
		defer resp.Body.Close()
		c.read(resp)
	}()
	return c, nil
}

func TestExchangeKeepsTheContract(t *testing.T) {
	transporttest.Run(t, harness(transport.Exchange, "http", nil))
}

func TestParkedStreamKeepsTheContract(t *testing.T) {
	transporttest.Run(t, harness(transport.Stream, "http", nil))
}

// opaque hides the descriptors of connections, so that no stream can be parked.
type opaque struct{ net.Listener }

func (o opaque) Accept() (net.Conn, error) {
	c, err := o.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return struct{ net.Conn }{c}, nil
}

func hideDescriptors(o *Options) {
	listen := o.withDefaults().Listen
	o.Listen = func(ctx context.Context, network, addr string) (net.Listener, error) {
		l, err := listen(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return opaque{l}, nil
	}
}

// encrypt lets a listener speak TLS with the certificate of package httptest.
func encrypt(t *testing.T) func(*Options) {
	s := httptest.NewTLSServer(nil)
	certificates := s.TLS.Certificates
	s.Close()
	return func(o *Options) {
		listen := o.withDefaults().Listen
		o.Listen = func(ctx context.Context, network, addr string) (net.Listener, error) {
			l, err := listen(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return tls.NewListener(l, &tls.Config{Certificates: certificates}), nil
		}
	}
}

func TestTLSKeepsTheContract(t *testing.T) {
	for name, mode := range map[string]transport.Mode{"exchange": transport.Exchange, "stream": transport.Stream} {
		t.Run(name, func(t *testing.T) {
			transporttest.Run(t, harness(mode, "https", encrypt(t)))
		})
	}
}

func TestStreamOnItsHandlerKeepsTheContract(t *testing.T) {
	transporttest.Run(t, harness(transport.Stream, "http", hideDescriptors))
}
