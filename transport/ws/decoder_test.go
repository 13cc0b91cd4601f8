package ws

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
)

var testRules = rules{messageBytes: 1000, frames: 4}

// masked encodes one client frame.
func masked(op ws.OpCode, final bool, payload string) string {
	f := ws.MaskFrameWith(ws.NewFrame(op, final, []byte(payload)), [4]byte{1, 2, 3, 4})
	return string(ws.MustCompileFrame(f))
}

func text(payload string) string { return masked(ws.OpText, true, payload) }

// decode feeds input in pieces of the given sizes, the last one repeated, and prints the events.
func decode(input string, r *rules, sizes ...int) string {
	var d decoder
	var out strings.Builder
	for n := 0; len(input) > 0; n++ {
		size := min(max(sizes[min(n, len(sizes)-1)], 1), len(input))
		in := []byte(input[:size])
		input = input[size:]
		for {
			var e event
			e, in = d.next(in, r)
			if e.kind == needMore {
				if len(in) > 0 {
					out.WriteString("input left; ")
				}
				break
			}
			fmt.Fprintf(&out, "%s; ", e)
			if e.kind == broken || e.kind == gotClose {
				return out.String()
			}
		}
	}
	if !d.idle() {
		out.WriteString("incomplete; ")
	}
	return out.String()
}

func (e event) String() string {
	switch e.kind {
	case gotText:
		return fmt.Sprintf("text %d %.20q", len(e.data), e.data)
	case gotPing:
		return fmt.Sprintf("ping %.20q", e.data)
	case gotPong:
		return "pong"
	case gotClose:
		return fmt.Sprintf("close %d", e.code)
	case broken:
		return e.reason.Label()
	}
	return "more"
}

var decoderCases = []struct{ name, input, want string }{
	{"text", text("hello"), `text 5 "hello"; `},
	{"two texts", text("a") + text("b"), `text 1 "a"; text 1 "b"; `},
	{"empty text", text(""), `text 0 ""; `},
	{"16-bit length", text(strings.Repeat("a", 126)), `text 126 "aaaaaaaaaaaaaaaaaaaa"; `},
	{"at the limit", text(strings.Repeat("a", 1000)), `text 1000 "aaaaaaaaaaaaaaaaaaaa"; `},
	{"over the limit", text(strings.Repeat("a", 1001)), `too_large; `},
	{"64-bit length", text(strings.Repeat("a", 65536)), `too_large; `},
	{"fragments", masked(ws.OpText, false, "ab") + masked(ws.OpContinuation, false, "") + masked(ws.OpContinuation, true, "cd"), `text 4 "abcd"; `},
	{"empty fragments", masked(ws.OpText, false, "") + masked(ws.OpContinuation, true, ""), `text 0 ""; `},
	{"rune over fragments", masked(ws.OpText, false, "\xe2\x82") + masked(ws.OpContinuation, true, "\xac"), `text 3 "€"; `},
	{"half a rune", text("\xe2\x82"), `bad_text; `},
	{"surrogate", text("\xed\xa0\x80"), `bad_text; `},
	{"fragments over the limit", masked(ws.OpText, false, strings.Repeat("a", 999)) + masked(ws.OpContinuation, true, "ab"), `too_large; `},
	{"too many fragments", masked(ws.OpText, false, "") + strings.Repeat(masked(ws.OpContinuation, false, ""), 4), `too_large; `},
	{"ping between fragments", masked(ws.OpText, false, "a") + masked(ws.OpPing, true, "p") + masked(ws.OpContinuation, true, "b"), `ping "p"; text 2 "ab"; `},
	{"pong", masked(ws.OpPong, true, "x"), `pong; `},
	{"largest ping", masked(ws.OpPing, true, strings.Repeat("p", 125)), `ping "pppppppppppppppppppp"; `},
	{"text in fragments", masked(ws.OpText, false, "a") + text("b"), `malformed; `},
	{"continuation of nothing", masked(ws.OpContinuation, true, "a"), `malformed; `},
	{"binary", masked(ws.OpBinary, true, "a"), `unsupported; `},
	{"reserved opcode", "\x83\x80", `malformed; `},
	{"reserved bit", "\xc1\x80", `malformed; `},
	{"unmasked", "\x81\x01a", `malformed; `},
	{"ping in fragments", "\x09\x80", `malformed; `},
	{"ping of 126 bytes", "\x89\xfe", `malformed; `},
	{"16-bit length of 125", "\x81\xfe\x00\x7d\x00\x00\x00\x00", `malformed; `},
	{"64-bit length of 65535", "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00", `malformed; `},
	{"length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", `malformed; `},
	{"length of 2^63-1", "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", `too_large; `},
	{"close", masked(ws.OpClose, true, "\x03\xe8bye") + "\xff", `close 1000; `},
	{"close without a code", masked(ws.OpClose, true, ""), `close 0; `},
	{"close of 1 byte", masked(ws.OpClose, true, "\x03"), `malformed; `},
	{"close 999", masked(ws.OpClose, true, "\x03\xe7"), `malformed; `},
	{"close 1004", masked(ws.OpClose, true, "\x03\xec"), `malformed; `},
	{"close 1005", masked(ws.OpClose, true, "\x03\xed"), `malformed; `},
	{"close 1006", masked(ws.OpClose, true, "\x03\xee"), `malformed; `},
	{"close 1012", masked(ws.OpClose, true, "\x03\xf4"), `close 1012; `},
	{"close 1015", masked(ws.OpClose, true, "\x03\xf7"), `malformed; `},
	{"close 1016", masked(ws.OpClose, true, "\x03\xf8"), `malformed; `},
	{"close 2999", masked(ws.OpClose, true, "\x0b\xb7"), `malformed; `},
	{"close 3000", masked(ws.OpClose, true, "\x0b\xb8"), `close 3000; `},
	{"close 4999", masked(ws.OpClose, true, "\x13\x87"), `close 4999; `},
	{"close 5000", masked(ws.OpClose, true, "\x13\x88"), `malformed; `},
	{"close text not UTF-8", masked(ws.OpClose, true, "\x03\xe8\xff"), `bad_text; `},
	{"half a header", "\x81", `incomplete; `},
	{"half a text", text("hello")[:8], `incomplete; `},
	{"half a message", masked(ws.OpText, false, "a"), `incomplete; `},
	{"half a ping", masked(ws.OpPing, true, "hello")[:8], `incomplete; `},
}

func TestDecoder(t *testing.T) {
	for _, c := range decoderCases {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= 8; size++ {
				if got := decode(c.input, &testRules, size); got != c.want {
					t.Errorf("pieces of %d: got %s want %s", size, got, c.want)
				}
			}
			if got := decode(c.input, &testRules, 1<<20); got != c.want {
				t.Errorf("in one piece: got %s want %s", got, c.want)
			}
		})
	}
}

// TestDecoderGrowsWithWhatArrives sends a header that promises much and delivers nothing.
func TestDecoderGrowsWithWhatArrives(t *testing.T) {
	r := rules{messageBytes: 1 << 30, frames: 10}
	var d decoder
	head := []byte("\x81\xff\x00\x00\x00\x00\x3f\xff\xff\xff\x00\x00\x00\x00abc")
	d.next(head, &r)
	if got := cap(d.text); got > 64 {
		t.Errorf("capacity after 3 bytes: got %d, want at most 64", got)
	}
	total := 0
	for range 100 {
		piece := bytes.Repeat([]byte("a"), 1000)
		total += len(piece)
		d.next(piece, &r)
	}
	if got := cap(d.text); got > 3*total {
		t.Errorf("capacity after %d bytes: got %d", total, got)
	}
}

func TestDecoderHandsOverRightSizedTexts(t *testing.T) {
	r := rules{messageBytes: 1 << 20, frames: 1024}
	var d decoder
	var input strings.Builder
	input.WriteString(masked(ws.OpText, false, "a"))
	for range 1000 {
		input.WriteString(masked(ws.OpContinuation, false, strings.Repeat("a", 99)))
	}
	input.WriteString(masked(ws.OpContinuation, true, ""))
	e, _ := d.next([]byte(input.String()), &r)
	if len(e.data) != 99001 || cap(e.data) > 99001*5/4 {
		t.Errorf("got length %d, capacity %d, want 99001 and little more", len(e.data), cap(e.data))
	}
}

// FuzzDecoder checks that the way in which input is cut does not matter, and that nothing gets past the
// limits.
func FuzzDecoder(f *testing.F) {
	for i, c := range decoderCases {
		f.Add([]byte(c.input), uint64(i))
	}
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		want := decode(string(input), &testRules, 1<<20)
		rnd := rand.New(rand.NewPCG(seed, 0))
		sizes := make([]int, 64)
		for i := range sizes {
			sizes[i] = rnd.IntN(1 + rnd.IntN(40))
		}
		if got := decode(string(input), &testRules, sizes...); got != want {
			t.Errorf("in pieces: got %s want %s", got, want)
		}
		if strings.Contains(want, "input left") {
			t.Errorf("got %s", want)
		}
	})
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("x"), n)
		got := appendFrame(nil, ws.OpText, payload)
		if want := ws.MustCompileFrame(ws.NewTextFrame(payload)); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got % .10x, want % .10x", n, got, want)
		}
	}
	for _, r := range transport.Reasons() {
		f := appendClose(nil, r)
		code, why, ok := closeCode(f[2:])
		if !ok || int(code) != r.CloseCode() || len(f) != int(f[1])+2 || f[1] > maxControl {
			t.Errorf("%s: got close %d (%s), want %d", r.Label(), code, why.Label(), r.CloseCode())
		}
	}
}
