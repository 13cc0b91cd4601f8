package ws

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
)

// readText reads one unmasked text frame.
func readText(t *testing.T, r io.Reader) string {
	t.Helper()
	h, err := ws.ReadHeader(r)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(r, payload); err != nil {
		t.Fatal(err)
	}
	if h.OpCode != ws.OpText {
		t.Fatalf("got frame %v %q, want text", h.OpCode, payload)
	}
	return string(payload)
}

func TestInputAheadOfTheHandshakeCounts(t *testing.T) {
	f := start(t, Options{}, func(f *fixture) { f.echo = true })
	whole, half := text("early"), text("late")
	raw := f.tcp(handshake("") + whole + half[:5])
	r := bufio.NewReader(raw)
	if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	if got := readText(t, r); got != "early" {
		t.Errorf("got %q, want early", got)
	}
	io.WriteString(raw, half[5:])
	if got := readText(t, r); got != "late" {
		t.Errorf("got %q, want late", got)
	}
}

// TestHowInputIsCutDoesNotMatter writes a stream of messages in pieces of all sizes.
func TestHowInputIsCutDoesNotMatter(t *testing.T) {
	f := start(t, Options{}, func(f *fixture) { f.echo = true })
	raw, r := f.upgrade("")
	var stream bytes.Buffer
	var want []string
	for n := range 300 {
		s := strings.Repeat("€", n*n/40)
		want = append(want, s)
		cut := len(s) / 2 // often within a character
		stream.WriteString(masked(ws.OpText, false, s[:cut]))
		stream.WriteString(masked(ws.OpPong, true, "unasked"))
		stream.WriteString(masked(ws.OpContinuation, true, s[cut:]))
	}
	go func() {
		rnd := rand.New(rand.NewPCG(1, 2))
		for stream.Len() > 0 {
			if _, err := raw.Write(stream.Next(1 + rnd.IntN(1+rnd.IntN(20000)))); err != nil {
				return
			}
		}
	}()
	for n, s := range want {
		if s == "" {
			continue // an empty text is not echoed
		}
		if got := readText(t, r); got != s {
			t.Fatalf("message %d: got %d bytes, want %d", n, len(got), len(s))
		}
	}
}

func TestPingFloodOfAPeerThatDoesNotReadIsCut(t *testing.T) {
	eachMedium(t, func(t *testing.T, secure bool) {
		f := startOn(t, Options{Limits: transport.Limits{OutgoingBytes: 16 << 10}}, hasty, secure)
		peer, o := f.open()
		flood := []byte(strings.Repeat(masked(ws.OpPing, true, strings.Repeat("p", 125)), 100))
		peer.NetConn().SetDeadline(time.Now().Add(patience))
		for {
			if _, err := peer.NetConn().Write(flood); err != nil {
				break
			}
		}
		wantReason(t, o, transport.ReasonSlow)
	})
}

func TestInfo(t *testing.T) {
	seen := make(chan transport.Info, 1)
	f := start(t, Options{}, func(f *fixture) {
		f.admit = func(i transport.Info) error {
			seen <- i
			return nil
		}
	})
	raw, _ := f.upgrade("Mcp-Session-Id: s1\r\nMCP-Protocol-Version: 2025-06-18")
	want := transport.Info{Transport: "ws", Mode: transport.Duplex, Remote: raw.LocalAddr().String(), Session: "s1", Protocol: "2025-06-18"}
	if got := await(t, seen, "Admit"); got != want {
		t.Errorf("Admit: got %+v, want %+v", got, want)
	}
	o := await(t, f.opened, "connection")
	if got := o.conn.Info(); got != want {
		t.Errorf("Info: got %+v, want %+v", got, want)
	}
	o.conn.Bind("s2")
	want.Session = "s2"
	if got := o.conn.Info(); got != want {
		t.Errorf("Info after Bind: got %+v, want %+v", got, want)
	}
}
