package streamable

import (
	"bufio"
	"net"
	"net/http"
)

// upgrade is the ResponseWriter that a WebSocket handler gets: the connection that it takes over is the
// bare one, whose socket can be parked.
type upgrade struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (u upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if s, ok := c.(*socket); ok {
		c = s.Conn // net/http has lifted the deadlines of both
	}
	return c, rw, err
}

// Unwrap is for http.ResponseController.
func (u upgrade) Unwrap() http.ResponseWriter { return u.ResponseWriter }
