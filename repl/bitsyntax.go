package repl

import (
	"math/big"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// segment is a segment of a bit string with its size known.
type segment struct {
	*syntax.Segment
	kind string
	size int
	unit int
	all  bool // the rest, of a binary or bit string without a size
}

func (s *segment) utf() bool { return s.kind == "utf8" || s.kind == "utf16" || s.kind == "utf32" }

func (s *segment) bits() int { return s.size * s.unit }

// segmentOf works out the type, size and unit of a segment.
func (m *machine) segmentOf(x *syntax.Segment, s *scope) (segment, error) {
	seg := segment{Segment: x, kind: x.Type, unit: x.Unit}
	if seg.kind == "" {
		seg.kind = "integer"
	}
	unit, size := 1, 0
	switch seg.kind {
	case "integer":
		size = 8
	case "float":
		size = 64
	case "binary":
		unit = 8
	}
	if seg.unit == 0 {
		seg.unit = unit
	}
	if x.Size == nil {
		seg.size = size
		seg.all = size == 0
		if seg.unit != unit && size != 0 {
			seg.size = size // a unit alone does not change the number of units
		}
		return seg, nil
	}
	v, err := m.eval(x.Size, s)
	if err != nil {
		return seg, err
	}
	if is[Float](v) {
		return seg, constructionFailed("badarg")
	}
	if _, ok := term.BigOf(v); !ok {
		return seg, Badarg()
	}
	switch n, ok := v.(Int); {
	case term.Compare(v, Int(0)) < 0:
		return seg, constructionFailed("badarg")
	case !ok || n > maxBits*16:
		return seg, constructionFailed("system_limit")
	default:
		seg.size = int(n)
		return seg, nil
	}
}

// evalBinary constructs a bit string.
func (m *machine) evalBinary(x *syntax.Binary, s *scope) (Term, error) {
	var w bitWriter
	for i := range x.Segments {
		seg := &x.Segments[i]
		if str, ok := seg.Value.(*syntax.Str); ok {
			if err := m.writeString(&w, seg, str, s); err != nil {
				return nil, err
			}
			continue
		}
		v, err := m.eval(seg.Value, s)
		if err != nil {
			return nil, err
		}
		if err := m.writeSegment(&w, seg, v, s); err != nil {
			return nil, err
		}
	}
	return w.term(), nil
}

// writeString writes each character of a string literal as a segment.
func (m *machine) writeString(w *bitWriter, seg *syntax.Segment, str *syntax.Str, s *scope) error {
	if seg.Size == nil && (seg.Type == "" || seg.Type == "integer") && seg.Unit == 0 {
		data := make([]byte, 0, len(str.Text))
		for _, c := range str.Text {
			data = append(data, byte(c))
		}
		if err := m.alloc(len(data)); err != nil {
			return err
		}
		w.bits(term.Bytes(data), len(data)*8)
		return nil
	}
	for _, c := range str.Text {
		if err := m.writeSegment(w, seg, Int(c), s); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) writeSegment(w *bitWriter, x *syntax.Segment, v Term, s *scope) error {
	seg, err := m.segmentOf(x, s)
	if err != nil {
		return err
	}
	if seg.utf() {
		return writeUTF(w, &seg, v)
	}
	if err := m.alloc(seg.bits() / 8); err != nil {
		return err
	}
	switch seg.kind {
	case "integer":
		n, ok := term.BigOf(v)
		if !ok {
			return constructionFailed("badarg")
		}
		w.integer(n, seg.bits(), seg.Little)
	case "float":
		f, ok := toFloat(v)
		if !ok || !w.float(f, seg.bits(), seg.Little) {
			return constructionFailed("badarg")
		}
	default:
		b, ok := v.(Bits)
		if seg.all && (!ok || seg.kind == "binary" && b.N%seg.unit != 0) {
			return Badarg()
		}
		if !ok {
			return constructionFailed("badarg")
		}
		n := b.N
		if !seg.all {
			n = seg.bits()
		}
		if n > b.N {
			return constructionFailed("badarg")
		}
		if err := m.alloc(n / 8); err != nil {
			return err
		}
		w.bits(b, n)
	}
	return m.step(1)
}

// constructionFailed is the exception of a bit string that cannot be built.
func constructionFailed(reason Atom) error {
	text := "construction of binary failed"
	if reason == "system_limit" {
		text += "\n        *** a system limit has been reached"
	}
	return &Exception{Class: ClassError, Reason: reason, text: text}
}

func writeUTF(w *bitWriter, seg *segment, v Term) error {
	r, ok := v.(Int)
	if !ok || !term.ValidChar(r) {
		return constructionFailed("badarg")
	}
	switch seg.kind {
	case "utf8":
		b := utf8.AppendRune(nil, rune(r))
		w.bits(term.Bytes(b), len(b)*8)
	case "utf16":
		for _, u := range utf16.Encode([]rune{rune(r)}) {
			w.integer(big.NewInt(int64(u)), 16, seg.Little)
		}
	default:
		w.integer(big.NewInt(int64(r)), 32, seg.Little)
	}
	return nil
}

// matchBinary matches a whole bit string.
func (m *machine) matchBinary(x *syntax.Binary, v Term, s *scope, floor *binding) (bool, error) {
	b, ok := v.(Bits)
	if !ok {
		return false, nil
	}
	r := bitReader{bits: b}
	ok, err := m.matchSegments(x, &r, s, floor)
	return ok && r.left() == 0, err
}

// matchSegments matches segments at the front of the reader.
func (m *machine) matchSegments(x *syntax.Binary, r *bitReader, s *scope, floor *binding) (bool, error) {
	for i := range x.Segments {
		seg := &x.Segments[i]
		if str, ok := seg.Value.(*syntax.Str); ok {
			if ok, err := m.matchString(seg, str, r, s); !ok || err != nil {
				return false, err
			}
			continue
		}
		v, ok, err := m.readSegment(seg, r, s)
		if !ok || err != nil {
			return false, err
		}
		if ok, err := m.match(seg.Value, v, s, floor); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *machine) matchString(seg *syntax.Segment, str *syntax.Str, r *bitReader, s *scope) (bool, error) {
	for _, c := range str.Text {
		v, ok, err := m.readSegment(seg, r, s)
		if !ok || err != nil {
			return false, err
		}
		want := Term(Int(c))
		if seg.Type == "float" {
			want = Float(c)
		}
		if ok, err := m.equal(v, want); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// readSegment takes the value of a segment; false when there is none.
func (m *machine) readSegment(x *syntax.Segment, r *bitReader, s *scope) (Term, bool, error) {
	seg, err := m.segmentOf(x, &scope{s.vars, s.module})
	if err != nil {
		return nil, false, m.fatal(err)
	}
	if err := m.step(1); err != nil {
		return nil, false, err
	}
	if seg.utf() {
		c, ok := readUTF(r, &seg)
		return Int(c), ok, nil
	}
	n := seg.bits()
	if seg.all {
		n = r.left()
		if n%seg.unit != 0 {
			return nil, false, nil
		}
	}
	if n > r.left() {
		return nil, false, nil
	}
	if err := m.alloc(n / 64); err != nil {
		return nil, false, err
	}
	switch seg.kind {
	case "integer":
		v := r.integer(n, seg.Signed, seg.Little)
		return NewInt(v), true, nil
	case "float":
		f, ok := r.float(n, seg.Little)
		return Float(f), ok, nil
	}
	return r.take(n), true, nil
}

// fatal keeps the errors that no pattern may hide.
func (m *machine) fatal(err error) error {
	if m.dead != nil {
		return err
	}
	return nil
}

func readUTF(r *bitReader, seg *segment) (rune, bool) {
	switch seg.kind {
	case "utf8":
		rest := *r
		n := min(rest.left()/8, utf8.UTFMax)
		c, size := utf8.DecodeRune(rest.take(n * 8).Data)
		if c == utf8.RuneError && size <= 1 {
			return 0, false
		}
		r.off += size * 8
		return c, true
	case "utf16":
		return readUTF16(r, seg.Little)
	}
	if r.left() < 32 {
		return 0, false
	}
	v := r.integer(32, false, seg.Little).Int64()
	return rune(v), term.ValidChar(Int(v))
}

func readUTF16(r *bitReader, little bool) (rune, bool) {
	if r.left() < 16 {
		return 0, false
	}
	a := rune(r.integer(16, false, little).Int64())
	if !utf16.IsSurrogate(a) {
		return a, true
	}
	if r.left() < 16 {
		return 0, false
	}
	c := utf16.DecodeRune(a, rune(r.integer(16, false, little).Int64()))
	return c, c != utf8.RuneError
}
