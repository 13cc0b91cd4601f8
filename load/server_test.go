//go:build linux

package load

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// fault is what a server does to an answer instead of giving it.
type fault string

const (
	honest  fault = ""
	liar    fault = "another payload"
	silent  fault = "no answer"
	echoing fault = "two answers"
	slow    fault = "stalls once"
	rude    fault = "closes"
	error1  fault = "a JSON-RPC error"
	busy    fault = "503"
	forgets fault = "404"
	toolErr fault = "a tool error"
	foreign fault = "an id that nobody used"
)

// fakeServer answers MCP; the answer to each nth call has the fault.
type fakeServer struct {
	fault fault
	nth   int64
	pause time.Duration // of slow
	calls atomic.Int64
	addr  netip.AddrPort
	http  *httptest.Server
}

func serve(t *testing.T, f fault, nth int64) *fakeServer {
	t.Helper()
	s := &fakeServer{fault: f, nth: nth, pause: 300 * time.Millisecond}
	s.http = httptest.NewServer(s)
	t.Cleanup(s.http.Close)
	s.addr = netip.MustParseAddrPort(strings.TrimPrefix(s.http.URL, "http://"))
	return s
}

func (s *fakeServer) target() []Target { return []Target{{Name: "fake", Addr: s.addr}} }

// next is the fault of the call that arrives.
func (s *fakeServer) next(text []byte) fault {
	if !bytes.Contains(text, []byte("tools/call")) && !bytes.Contains(text, []byte(`"ping"`)) {
		return honest
	}
	if s.fault == honest || s.calls.Add(1)%s.nth != 0 {
		return honest
	}
	return s.fault
}

// reply answers a text of the generator; nil for a notification.
func reply(text []byte, f fault) []byte {
	_, rest, ok := bytes.Cut(text, []byte(`"id":`))
	if !ok {
		return nil
	}
	id, _, _ := bytes.Cut(rest, []byte(","))
	_, rest, _ = bytes.Cut(text, []byte(`"message":"`))
	message, _, _ := bytes.Cut(rest, []byte(`"`))
	result := fmt.Sprintf(`{"content":[{"type":"text","text":"%s"}]}`, message)
	switch {
	case bytes.Contains(text, []byte(`"initialize"`)):
		result = `{"protocolVersion":"2025-11-25","capabilities":{}}`
	case bytes.Contains(text, []byte(`"ping"`)):
		result = `{}`
	case bytes.Contains(text, []byte(`tools/list`)):
		result = `{"tools":[]}`
	}
	switch f {
	case liar:
		result = `{"content":[{"type":"text","text":"something else"}]}`
	case toolErr:
		result = `{"content":[{"type":"text","text":"failed"}],"isError":true}`
	case foreign:
		id = []byte("999999999")
	case error1:
		return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"no"}}`, id)
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":%s}`, id, result)
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Upgrade") != "":
		s.duplex(w, r)
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		s.post(w, r)
	}
}

func (s *fakeServer) post(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	f := s.next(text)
	w.Header().Set("Mcp-Session-Id", "s1")
	out := reply(text, f)
	switch {
	case f == silent:
		<-r.Context().Done()
		return
	case f == slow:
		time.Sleep(s.pause) //lint:sleep it is the fault
	case f == rude:
		panic(http.ErrAbortHandler)
	case f == busy:
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	case f == forgets:
		http.Error(w, "who", http.StatusNotFound)
		return
	case out == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprintf(w, "id: 1\ndata:\n\nevent: message\ndata: %s\n\n", out)
	w.(http.Flusher).Flush()
}

func (s *fakeServer) duplex(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		f := s.next(text)
		out := reply(text, f)
		switch f {
		case silent:
			continue
		case rude:
			_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1013, "later"))
			return
		case slow:
			time.Sleep(s.pause) //lint:sleep it is the fault
		case echoing:
			_ = conn.WriteMessage(websocket.TextMessage, out)
		}
		if out != nil {
			_ = conn.WriteMessage(websocket.TextMessage, out)
		}
	}
}
