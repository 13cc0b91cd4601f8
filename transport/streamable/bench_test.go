//go:build unix

package streamable

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// BenchmarkPost compares a POST through an exchange with a bare net/http handler that reads the body and
// writes it back. The client, whose processor time is in cpu-ns, writes fixed bytes and reads as many as the
// first answer had.
func BenchmarkPost(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write(body)
		})}
		go s.Serve(ln)
		defer s.Close()
		echo(b, ln.Addr().String())
	})
	b.Run("exchange", func(b *testing.B) { echo(b, listen(b, &owner{closed: make(chan transport.Reason)}, Options{})) })
	b.Run("call", func(b *testing.B) {
		o := &owner{closed: make(chan transport.Reason), receive: func(c transport.Conn, text []byte) {
			c.Go(func() { _ = c.Write(transport.Frame{Text: text, Last: true}) })
		}}
		echo(b, listen(b, o, Options{}))
	})
}

func echo(b *testing.B, addr string) {
	call := []byte(request(addr, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"`+
		strings.Repeat("x", 64)+`"}}}`, "Mcp-Session-Id: 0123456789abcdef0123456789abcdef"))
	b.ReportAllocs()
	b.SetParallelism(16)
	before := processorTime()
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, addr)
		c.SetDeadline(time.Time{})
		c.send(string(call))
		_, body := c.answer()
		c.send(string(call))
		size := len(c.until(body))
		buf := make([]byte, size)
		for pb.Next() {
			if _, err := c.Write(call); err != nil {
				b.Error(err)
				return
			}
			if _, err := io.ReadFull(c.Conn, buf); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
