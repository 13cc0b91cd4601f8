package erlmcp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
)

type echoInput struct {
	Message string `json:"message"`
}

func echo(_ context.Context, _ *mcp.CallToolRequest, in echoInput) (*mcp.CallToolResult, any, error) {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Message}}}, nil, nil
}

// startNode runs a node with an echo tool until the test ends, and returns its address.
func startNode(tb testing.TB, opts erlmcp.Options) string {
	tb.Helper()
	server := mcp.NewServer(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo"}, echo)
	opts.HTTP.Addr = "127.0.0.1:0"
	opts.Drain.Spread = -1
	node, err := erlmcp.New(server, opts)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Errorf("run: %v", err)
		}
	})
	<-node.Ready()
	return node.Addr()
}

// wire is a client that allocates nothing for an exchange, so that a benchmark counts the server alone.
type wire struct {
	tb   testing.TB
	conn net.Conn
	in   *bufio.Reader
	text []byte
}

func dial(tb testing.TB, addr string) *wire {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return &wire{tb: tb, conn: conn, in: bufio.NewReader(conn), text: make([]byte, 4096)}
}

func (w *wire) write(b []byte) {
	if _, err := w.conn.Write(b); err != nil {
		w.tb.Fatal(err)
	}
}

// frame is a masked text frame with the masking key 0.
func frame(text string) []byte {
	b := []byte{0x81, 0x80 | byte(min(len(text), 126))}
	if len(text) >= 126 {
		b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, text...)
}

// readFrame reads one unfragmented frame from the server.
func (w *wire) readFrame() []byte {
	head, err := w.in.Peek(2)
	if err != nil {
		w.tb.Fatal(err)
	}
	n, skip := int(head[1]), 2
	if n == 126 {
		head, err = w.in.Peek(4)
		if err != nil {
			w.tb.Fatal(err)
		}
		n, skip = int(binary.BigEndian.Uint16(head[2:])), 4
	}
	_, _ = w.in.Discard(skip)
	if _, err := io.ReadFull(w.in, w.text[:n]); err != nil {
		w.tb.Fatal(err)
	}
	return w.text[:n]
}

// readHead reads an HTTP response's head; it allocates, so it is not for loops.
func (w *wire) readHead() string {
	var head strings.Builder
	for {
		line, err := w.in.ReadString('\n')
		if err != nil {
			w.tb.Fatal(err)
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String()
		}
	}
}

const (
	initialize  = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"b","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	toolsCall   = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"the quick brown fox jumps over the lazy dog the quick brown fox"}}}`
	ping        = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
)

// BenchmarkWebSocket measures one request at a time from socket to socket; allocations are the server's.
func BenchmarkWebSocket(b *testing.B) {
	addr := startNode(b, erlmcp.Options{})
	for _, bm := range []struct{ name, text, want string }{
		{"ping", ping, `"result":{}`},
		{"tools_call_echo", toolsCall, "lazy dog"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			w := dial(b, addr)
			w.write([]byte("GET /mcp HTTP/1.1\r\nHost: " + addr + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
			if head := w.readHead(); !strings.HasPrefix(head, "HTTP/1.1 101") {
				b.Fatalf("got %s", head)
			}
			w.write(frame(initialize))
			w.readFrame()
			w.write(frame(initialized))
			request, want := frame(bm.text), []byte(bm.want)
			b.ReportAllocs()
			for b.Loop() {
				w.write(request)
				if got := w.readFrame(); !bytes.Contains(got, want) {
					b.Fatalf("got %s", got)
				}
			}
		})
	}
}

// BenchmarkHTTP is BenchmarkWebSocket over Streamable HTTP; net/http's share is in it.
func BenchmarkHTTP(b *testing.B) {
	addr := startNode(b, erlmcp.Options{})
	for _, bm := range []struct{ name, text, want string }{
		{"ping", ping, `"result":{}`},
		{"tools_call_echo", toolsCall, "lazy dog"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			w := dial(b, addr)
			post := func(session, text string) []byte {
				return fmt.Appendf(nil, "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n%sContent-Length: %d\r\n\r\n%s", addr, session, len(text), text)
			}
			w.write(post("", initialize))
			head := w.readHead()
			w.readBody(head)
			_, rest, _ := strings.Cut(head, "Mcp-Session-Id: ")
			id, _, _ := strings.Cut(rest, "\r\n")
			session := "Mcp-Session-Id: " + id + "\r\n"
			w.write(post(session, initialized))
			w.readBody(w.readHead())
			request, want := post(session, bm.text), []byte(bm.want)
			b.ReportAllocs()
			for b.Loop() {
				w.write(request)
				if got := w.readResponse(); !bytes.Contains(got, want) {
					b.Fatalf("got %s", got)
				}
			}
		})
	}
}

func (w *wire) readBody(head string) {
	var n int
	if _, rest, ok := strings.Cut(head, "Content-Length: "); ok {
		_, _ = fmt.Sscan(rest, &n)
	}
	if _, err := io.CopyN(io.Discard, w.in, int64(n)); err != nil {
		w.tb.Fatal(err)
	}
}

var lengthHeader = []byte("Content-Length: ")

// readResponse reads a response with Content-Length without allocating.
func (w *wire) readResponse() []byte {
	n := 0
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			w.tb.Fatal(err)
		}
		if digits, ok := bytes.CutPrefix(line, lengthHeader); ok {
			n = 0
			for _, c := range bytes.TrimSpace(digits) {
				n = n*10 + int(c-'0')
			}
		}
		if len(line) == 2 {
			break
		}
	}
	if _, err := io.ReadFull(w.in, w.text[:n]); err != nil {
		w.tb.Fatal(err)
	}
	return w.text[:n]
}
