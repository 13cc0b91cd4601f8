package term

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// bits lays out a bit string: as text in quotes where it is printable, else as
// numbers.
func (l *layouter) bits(b Bits, d int) node {
	if b.N == 0 {
		return textNode("<<>>")
	}
	if d == 1 {
		return textNode("<<...>>")
	}
	if !l.write && !l.style.Lists && b.IsBinary() {
		if n, ok := l.quoted(b, d); ok {
			return n
		}
	}
	s := l.numbers(b, d)
	return node{shape: shapeBinary, text: s, len: len(s)}
}

// quoted lays a printable binary out; a depth keeps four characters a level, and asks for one a level.
func (l *layouter) quoted(b Bits, d int) (node, bool) {
	data, cut := b.Data, false
	if d > 0 && len(data) > 4*(d-1) {
		data, cut = data[:4*(d-1)], true
	}
	if len(data) > l.left {
		data, cut = data[:l.left], true
		l.cut = true
	}
	text, suffix := "", ""
	if l.style.Unicode && !ascii(data) && utf8.Valid(b.Data) {
		for cut && !utf8.Valid(data) {
			data = data[:len(data)-1]
		}
		text, suffix = string(data), "/utf8"
	} else {
		var sb strings.Builder
		for _, c := range data {
			sb.WriteRune(rune(c))
		}
		text = sb.String()
	}
	for i, c := range text {
		if Printable(c, true) {
			continue
		}
		if n := utf8.RuneCountInString(text[:i]); d < 0 || n < d-1 {
			return node{}, false
		}
		text, cut = text[:i], true // a long enough beginning is enough
		break
	}
	if cut {
		suffix += "..."
	}
	return textNode("<<" + Quote(text, '"', suffix == "") + suffix + ">>"), true
}

func ascii(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func (l *layouter) numbers(b Bits, d int) string {
	out := []byte("<<")
	whole, rest := b.N/8, b.N%8
	for i := range whole {
		if i > 0 {
			out = append(out, ',')
		}
		if len(out) > l.left {
			l.cut = true
		}
		if d > 0 && i >= d-1 || l.cut {
			return string(out) + "...>>"
		}
		out = strconv.AppendUint(out, uint64(b.Data[i]), 10)
	}
	if rest > 0 {
		if d > 0 && whole >= d-1 {
			return string(out) + ",...>>"
		}
		if whole > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, uint64(b.Data[whole]>>(8-rest)), 10)
		out = append(append(out, ':'), byte('0'+rest))
	}
	return string(out) + ">>"
}
