package streamable

import (
	"net"
	"net/http"
	"testing"
)

func TestUpgradesGoToTheWebSocketHandlerWithTheBareSocket(t *testing.T) {
	taken := make(chan net.Conn, 10)
	addr := listen(t, &owner{}, Options{WebSocket: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		taken <- c
	})})
	for _, c := range []struct{ name, head string }{
		{"same path", "GET /mcp HTTP/1.1\r\nHost: " + addr + "\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"},
		{"path of its own", "GET /mcp/ws HTTP/1.1\r\nHost: " + addr + "\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, addr)
			client.send(c.head)
			conn := await(t, taken, "upgrade")
			defer conn.Close()
			if _, ok := conn.(*net.TCPConn); !ok {
				t.Errorf("got a %T, want a *net.TCPConn", conn)
			}
		})
	}
	for name, header := range map[string]string{"origin": "Origin: http://evil.example", "host": "X: y"} {
		host := addr
		if name == "host" {
			host = "evil.example"
		}
		client := dial(t, addr)
		client.send("GET /mcp/ws HTTP/1.1\r\nHost: " + host + "\r\n" + header + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if resp, _ := client.answer(); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, resp.StatusCode)
		}
	}
}
