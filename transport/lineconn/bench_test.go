package lineconn_test

import (
	"bufio"
	"net"
	"testing"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/lineconn"
)

// BenchmarkEcho is one text there and back over loopback TCP.
func BenchmarkEcho(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	s := newScript(func(c transport.Conn, text string) { _ = c.Write(transport.Frame{Text: []byte(text)}) })
	go func() {
		if socket, err := ln.Accept(); err == nil {
			_ = lineconn.New(socket, lineconn.Options{}).Serve(s)
		}
	}()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	line := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}` + "\n")
	in := bufio.NewReader(c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(line); err != nil {
			b.Fatal(err)
		}
		if _, err := in.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
	}
	_ = c.Close()
	<-s.closed
}
