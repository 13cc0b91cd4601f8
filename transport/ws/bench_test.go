package ws

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/transport"
)

const benchText = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"0123456789012345678901234567890123456789012345678901234567890123"}}}`

// client is a peer that costs little: one prepared frame, one read a reply.
type client struct {
	net.Conn
	r *bufio.Reader
}

func connect(b testing.TB, address string) client {
	b.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.WriteString(c, handshake("")); err != nil {
		b.Fatal(err)
	}
	r := bufio.NewReaderSize(c, 512)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		b.Fatal(resp, err)
	}
	return client{c, r}
}

// loop sends frame and waits for a reply of size bytes until no turns are left.
func (c client) loop(b testing.TB, frame []byte, size int, left *atomic.Int64) {
	reply := make([]byte, size)
	for left.Add(-1) >= 0 {
		if _, err := c.Write(frame); err != nil {
			b.Error(err)
			return
		}
		if _, err := io.ReadFull(c.r, reply); err != nil {
			b.Error(err)
			return
		}
	}
}

// closedLoop measures round trips over a number of connections, each of which waits for its answer.
func closedLoop(b *testing.B, address string, conns int) {
	clients := make([]client, conns)
	for i := range clients {
		clients[i] = connect(b, address)
		defer clients[i].Close()
	}
	frame := []byte(text(benchText))
	size := len(appendFrame(nil, ws.OpText, []byte(benchText)))
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { c.loop(b, frame, size, &left) })
	}
	all.Wait()
}

// later echoes from a goroutine of Conn.Go, as a call of a tool does.
type later struct{ *owner }

func (o later) Receive(text []byte) {
	o.conn.Go(func() { _ = o.conn.Write(transport.Frame{Text: text}) })
}

type laterAcceptor struct{ *fixture }

func (a laterAcceptor) Accept(c transport.Conn) (transport.Receiver, error) {
	return later{&owner{conn: c, closed: make(chan transport.Reason, 1)}}, nil
}

const benchConns = 256

// BenchmarkEcho answers within Receive.
func BenchmarkEcho(b *testing.B) {
	f := start(b, Options{}, func(f *fixture) { f.echo = true })
	closedLoop(b, f.http.Listener.Addr().String(), benchConns)
}

// BenchmarkEchoByGo answers from Conn.Go.
func BenchmarkEchoByGo(b *testing.B) {
	f := start(b, Options{}, func(f *fixture) { f.wrap = func(f *fixture) transport.Acceptor { return laterAcceptor{f} } })
	closedLoop(b, f.http.Listener.Addr().String(), benchConns)
}

// BenchmarkGorilla is the yardstick: a goroutine for each connection, small buffers.
func BenchmarkGorilla(b *testing.B) {
	u := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 256, WriteBufferPool: new(sync.Pool)}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() { // so that net/http's buffers go
			defer c.Close()
			for {
				kind, text, err := c.ReadMessage()
				if err != nil || c.WriteMessage(kind, text) != nil {
					return
				}
			}
		}()
	}))
	defer h.Close()
	closedLoop(b, h.Listener.Addr().String(), benchConns)
}

func BenchmarkDecoder(b *testing.B) {
	r := rules{messageBytes: 4 << 20, frames: 1024}
	frame := []byte(text(benchText))
	in := make([]byte, len(frame))
	var d decoder
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		copy(in, frame)
		if e, _ := d.next(in, &r); e.kind != gotText {
			b.Fatal(e)
		}
	}
}

// TestIdleConnectionIsSmall measures the heap that idle connections hold. The peers' sockets are in it,
// without their buffers.
func TestIdleConnectionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(conn{}); size > 250 {
		t.Errorf("conn: got %d bytes, want at most 250", size)
	}
	const conns = 1000
	f := start(t, Options{}, nil)
	f.quiet = true
	clients := make([]net.Conn, 0, conns)
	open := func() {
		c := connect(t, f.http.Listener.Addr().String())
		clients = append(clients, c.Conn)
		t.Cleanup(func() { c.Close() })
	}
	open()
	goroutines, before := runtime.NumGoroutine(), heap()
	for len(clients) < conns {
		open()
	}
	after := heap()
	t.Logf("idle connection: conn is %d bytes; heap with the peer's socket %d bytes", unsafe.Sizeof(conn{}), (after-before)/(conns-1))
	if now := runtime.NumGoroutine(); now > goroutines+100 {
		t.Errorf("goroutines: got %d, want about %d", now, goroutines)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
