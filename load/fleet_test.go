//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// reply answers a message of the generator; the answer to call number wrong is spoilt.
func reply(text []byte, wrong string) []byte {
	_, rest, ok := bytes.Cut(text, []byte(`"id":`))
	if !ok {
		return nil
	}
	id, _, _ := bytes.Cut(rest, []byte(","))
	_, rest, _ = bytes.Cut(text, []byte(`"message":"`))
	message, _, _ := bytes.Cut(rest, []byte(`"`))
	if string(id) == wrong {
		message = []byte("something else")
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}`, id, message)
}

func serve(t *testing.T, wrong string) netip.AddrPort {
	t.Helper()
	up := websocket.Upgrader{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			text, _ := io.ReadAll(r.Body)
			w.Header().Set("Mcp-Session-Id", "s1")
			if out := reply(text, wrong); out != nil {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = fmt.Fprintf(w, "id: 1\ndata:\n\nevent: message\ndata: %s\n\n", out)
				w.(http.Flusher).Flush()
				return
			}
			w.WriteHeader(http.StatusAccepted)
			return
		}
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
			if out := reply(text, wrong); out != nil {
				_ = conn.WriteMessage(websocket.TextMessage, out)
			}
		}
	}))
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(strings.TrimPrefix(s.URL, "http://"))
}

func TestClosedCountsRightAnswers(t *testing.T) {
	for _, transport := range []Transport{WebSocket, HTTP} {
		t.Run(string(transport), func(t *testing.T) {
			f, err := Dial(context.Background(), Options{Addr: serve(t, "none"), Transport: transport, Sessions: 10, Conns: 3})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.Sessions() != 10 {
				t.Fatalf("sessions: got %d, want 10", f.Sessions())
			}
			r, err := f.Closed(context.Background(), 100*time.Millisecond)
			if err != nil || r.Calls == 0 || r.Wrong != 0 || r.Lost != 0 {
				t.Fatalf("got %+v, %v; want calls only", r, err)
			}
			if got := r.Latency.TotalCount(); got != int64(r.Calls) {
				t.Errorf("latencies: got %d, want %d", got, r.Calls)
			}
		})
	}
}

func TestClosedNoticesWrongAnswer(t *testing.T) {
	for _, transport := range []Transport{WebSocket, HTTP} {
		f, err := Dial(context.Background(), Options{Addr: serve(t, "2"), Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Closed(context.Background(), 50*time.Millisecond)
		if err != nil || r.Wrong != 1 {
			t.Errorf("%s: got %d wrong, %v; want 1", transport, r.Wrong, err)
		}
		f.Close()
	}
}

func TestDialFailsWithoutServer(t *testing.T) {
	_, err := Dial(context.Background(), Options{Addr: netip.MustParseAddrPort("127.0.0.1:1")})
	if err == nil {
		t.Fatal("got no error")
	}
}

func TestDecodeFrameWantsAllBytes(t *testing.T) {
	for _, size := range []int{0, 125, 126, 70000} {
		text := bytes.Repeat([]byte("x"), size)
		whole := appendFrame(nil, opText, text)
		whole = append(whole[:len(whole)-size-4], text...) // as a server sends it: without mask
		whole[1] &= 0x7f
		for _, cut := range []int{0, 1, 2, 9, len(whole) - 1} {
			if cut >= len(whole) {
				continue
			}
			if _, _, n := decodeFrame(whole[:cut]); n != 0 {
				t.Errorf("size %d, %d bytes: got a frame", size, cut)
			}
		}
		if op, payload, n := decodeFrame(whole); op != opText || n != len(whole) || !bytes.Equal(payload, text) {
			t.Errorf("size %d: got op %d, %d bytes", size, op, n)
		}
	}
}
