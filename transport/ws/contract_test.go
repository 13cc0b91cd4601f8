package ws

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/transporttest"
)

// kitClient is gorilla's client as the contract kit sees clients.
type kitClient struct{ *websocket.Conn }

func (c kitClient) Send(text []byte) error { return c.WriteMessage(websocket.TextMessage, text) }

func (c kitClient) Recv(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_, text, err := c.ReadMessage()
	return text, err
}

// withHTTP ends the HTTP server with the Server behind it.
type withHTTP struct {
	*Server
	http *httptest.Server
}

func (s withHTTP) Serve(ctx context.Context, a transport.Acceptor) error {
	defer s.http.Close()
	return s.Server.Serve(ctx, a)
}

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name string
		tls  bool
	}{{"parked", false}, {"port", true}} {
		t.Run(c.name, func(t *testing.T) {
			transporttest.Run(t, transporttest.Harness{
				Mode: transport.Duplex,
				Listen: func(t testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
					return listen(t, l, grace, c.tls)
				},
			})
		})
	}
}

func listen(t testing.TB, l transport.Limits, grace time.Duration, tls bool) transporttest.Medium {
	s := NewServer(Options{Limits: l, Grace: grace})
	s.closeWait = 100 * time.Millisecond // many rules have a client that does not answer
	h := httptest.NewUnstartedServer(s)
	if tls {
		h.StartTLS()
	} else {
		h.Start()
	}
	dialer := websocket.Dialer{}
	if tls {
		dialer.TLSClientConfig = clientTLS(h)
	}
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	return transporttest.Medium{Listener: withHTTP{s, h}, Dial: func(ctx context.Context) (transporttest.Client, error) {
		for s.current.Load() == nil {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		c, _, err := dialer.DialContext(ctx, url, nil)
		return kitClient{c}, err
	}}
}
