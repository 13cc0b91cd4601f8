package ws

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
)

// rules are the limits of a decoder.
type rules struct {
	messageBytes int // of one message, all fragments together
	frames       int // fragments of one message
}

type eventKind uint8

const (
	needMore eventKind = iota
	gotText            // data is a whole message and belongs to the caller
	gotPing            // data is to be echoed; it aliases the input or the decoder
	gotPong
	gotClose // code is to be echoed
	broken   // reason says which rule; the decoder must not be used again
)

// event is what a piece of input amounts to.
type event struct {
	kind   eventKind
	reason transport.Reason
	code   uint16
	data   []byte
}

// decoder turns the bytes of one client into events (RFC 6455, section 5; no extensions). The zero value
// is at the beginning of a frame. It holds bytes only while a frame or a message is incomplete, and never
// allocates by a length that the peer declares.
type decoder struct {
	text    []byte // what has arrived of the current message, unmasked
	left    int    // payload bytes that the current frame still lacks
	pos     int    // of the mask, for the next byte
	frames  int    // of the current message, the current one included
	mask    [maskBytes]byte
	inFrame bool // a data frame's header has been read and its payload has not
	final   bool // the current data frame ends the message
	opened  bool // a message has begun and its final frame has not
	stashed uint8
	stash   [2 + maskBytes + maxControl]byte // an incomplete header, or an incomplete control frame
}

// idle reports whether nothing is incomplete.
func (d *decoder) idle() bool { return d.stashed == 0 && !d.inFrame && !d.opened }

// reset forgets what is incomplete. The stash counts as empty, so its bytes may stay.
func (d *decoder) reset() {
	d.text, d.left, d.frames = nil, 0, 0
	d.inFrame, d.opened, d.stashed = false, false, 0
}

// next consumes in up to the end of the next event and returns the rest. It unmasks within in.
func (d *decoder) next(in []byte, r *rules) (event, []byte) {
	for {
		if d.inFrame {
			in = d.fill(in)
			if d.left > 0 {
				return event{}, nil
			}
			d.inFrame = false
			if d.final {
				return d.finish(), in
			}
		}
		head, rest, e := d.head(in)
		if head == nil {
			return e, nil
		}
		in = rest
		if ws.OpCode(head[0] & 0x0f).IsControl() {
			return control(head), in
		}
		if e := d.begin(head, r); e.kind == broken {
			return e, nil
		}
		if d.final && len(d.text) == 0 && len(in) >= d.left {
			return d.whole(in)
		}
	}
}

// head returns the bytes of a header, with the payload of a control frame, and what follows them. If they
// are not all there, it keeps them and returns nil and needMore, or what is broken.
func (d *decoder) head(in []byte) (head, rest []byte, e event) {
	if d.stashed == 0 {
		if len(in) < 2 {
			d.stashed = uint8(copy(d.stash[:], in))
			return nil, nil, event{}
		}
		if e := d.check(in); e.kind == broken {
			return nil, nil, e
		}
		if n := headBytes(in); len(in) >= n {
			return in[:n], in[n:], event{}
		}
		d.stashed = uint8(copy(d.stash[:], in))
		return nil, nil, event{}
	}
	if d.stashed < 2 {
		in = d.keep(in, 2)
		if d.stashed < 2 {
			return nil, nil, event{}
		}
		if e := d.check(d.stash[:2]); e.kind == broken {
			return nil, nil, e
		}
	}
	n := headBytes(d.stash[:2])
	in = d.keep(in, n)
	if int(d.stashed) < n {
		return nil, nil, event{}
	}
	d.stashed = 0
	return d.stash[:n], in, event{}
}

// keep moves bytes of in to the stash until that holds n.
func (d *decoder) keep(in []byte, n int) []byte {
	moved := copy(d.stash[d.stashed:n], in)
	d.stashed += uint8(moved)
	return in[moved:]
}

// headBytes is the number of bytes that head waits for; b has at least the first two.
func headBytes(b []byte) int {
	n := int(b[1] & 0x7f)
	switch {
	case ws.OpCode(b[0] & 0x0f).IsControl():
		return 2 + maskBytes + n
	case n == 126:
		return 2 + 2 + maskBytes
	case n == 127:
		return 2 + 8 + maskBytes
	default:
		return 2 + maskBytes
	}
}

// check judges the first two bytes of a frame, so that nonsense ends at once.
func (d *decoder) check(b []byte) event {
	h := ws.Header{
		Fin: b[0]&0x80 != 0, Rsv: b[0] >> 4 & 0x07, OpCode: ws.OpCode(b[0] & 0x0f),
		Masked: b[1]&0x80 != 0, Length: int64(b[1] & 0x7f),
	}
	s := ws.StateServerSide
	if d.opened {
		s = s.Set(ws.StateFragmented)
	}
	if ws.CheckHeader(h, s) != nil {
		return fault(transport.ReasonMalformed)
	}
	if h.OpCode == ws.OpBinary {
		return fault(transport.ReasonUnsupported)
	}
	return event{}
}

// begin reads the complete header of a data frame.
func (d *decoder) begin(head []byte, r *rules) event {
	n := len(head) - maskBytes
	length := uint64(head[1] & 0x7f)
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(head[2:]))
		if length < 126 {
			return fault(transport.ReasonMalformed) // not the minimal form
		}
	case 127:
		length = binary.BigEndian.Uint64(head[2:])
		if length <= 0xffff || length>>63 != 0 {
			return fault(transport.ReasonMalformed)
		}
	}
	d.frames++
	if d.frames > r.frames || length > uint64(r.messageBytes-len(d.text)) {
		return fault(transport.ReasonTooLarge)
	}
	copy(d.mask[:], head[n:])
	d.left, d.pos = int(length), 0
	d.inFrame = true
	d.final = head[0]&0x80 != 0
	d.opened = !d.final
	return event{}
}

// whole takes a message that came in one frame and in one piece.
func (d *decoder) whole(in []byte) (event, []byte) {
	d.text = make([]byte, d.left)
	copy(d.text, in)
	ws.Cipher(d.text, d.mask, 0)
	in = in[d.left:]
	d.left, d.inFrame = 0, false
	return d.finish(), in
}

// fill adds payload to the message.
func (d *decoder) fill(in []byte) []byte {
	n := min(d.left, len(in))
	have := len(d.text)
	d.grow(n)
	d.text = append(d.text, in[:n]...)
	ws.Cipher(d.text[have:], d.mask, d.pos)
	d.pos = (d.pos + n) % maskBytes
	d.left -= n
	return in[n:]
}

// grow makes room for n bytes. Capacity follows what has arrived, not what is declared, and ends at what
// is declared once that is the rest of the message.
func (d *decoder) grow(n int) {
	want := len(d.text) + n
	if want <= cap(d.text) {
		return
	}
	room := max(want, 2*cap(d.text))
	if d.final {
		room = min(room, len(d.text)+d.left)
	}
	d.text = append(make([]byte, 0, room), d.text...)
}

// finish ends a message.
func (d *decoder) finish() event {
	text := d.text
	d.text, d.frames = nil, 0
	if !utf8.Valid(text) {
		return fault(transport.ReasonBadText)
	}
	if cap(text) > len(text)+len(text)/4 {
		text = append(make([]byte, 0, len(text)), text...)
	}
	return event{kind: gotText, data: text}
}

// control judges a complete control frame.
func control(frame []byte) event {
	payload := frame[2+maskBytes:]
	ws.Cipher(payload, [maskBytes]byte(frame[2:]), 0)
	switch ws.OpCode(frame[0] & 0x0f) {
	case ws.OpPing:
		return event{kind: gotPing, data: payload}
	case ws.OpPong:
		return event{kind: gotPong}
	default: // close: the header was checked
	}
	code, reason, ok := closeCode(payload)
	if !ok {
		return fault(reason)
	}
	return event{kind: gotClose, code: code}
}

func fault(r transport.Reason) event { return event{kind: broken, reason: r} }

func validText(s string) bool { return utf8.ValidString(s) }
