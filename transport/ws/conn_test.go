package ws

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/transport"
)

func TestEcho(t *testing.T) {
	for _, c := range []struct {
		name string
		tls  bool
	}{{"parked", false}, {"port", true}} {
		t.Run(c.name, func(t *testing.T) {
			f := startOn(t, Options{}, func(f *fixture) { f.echo = true }, c.tls)
			peer, o := f.open()
			if peer.Subprotocol() != "mcp" {
				t.Errorf("subprotocol: got %q, want mcp", peer.Subprotocol())
			}
			for _, n := range []int{1, 125, 126, 4096, 65535, 65536, 1 << 20} {
				want := strings.Repeat("x", n)
				if err := peer.WriteMessage(websocket.TextMessage, []byte(want)); err != nil {
					t.Fatal(err)
				}
				_, got, err := peer.ReadMessage()
				if err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
				if string(got) != want {
					t.Errorf("%d bytes: got %d others", n, len(got))
				}
			}
			peer.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4321, ""))
			_, _, err := peer.ReadMessage()
			wantClose(t, err, 4321)
			if got := await(t, o.closed, "Closed"); got != transport.ReasonClientClosed {
				t.Errorf("Closed: got %v, want %v", got.Label(), transport.ReasonClientClosed.Label())
			}
		})
	}
}
