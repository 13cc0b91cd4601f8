package jsonrpc

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the string whose opening quote is at i. escaped says that it contains a backslash, so that its
// value differs from its bytes.
func (s *scanner) str(i int) (end int, escaped bool) {
	i = skipPlain(s.text, i+1)
	for i < len(s.text) {
		switch c := s.text[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = s.escape(i); i < 0 {
				return failed, false
			}
		case c < ' ':
			return s.refuse(CodeParse, "control character in a string, at byte "+strconv.Itoa(i)), false
		default:
			for i < len(s.text) && s.text[i] >= utf8.RuneSelf {
				r, size := utf8.DecodeRune(s.text[i:])
				if r == utf8.RuneError && size <= 1 {
					return s.refuse(CodeParse, "invalid UTF-8 at byte "+strconv.Itoa(i)), false
				}
				i += size
			}
		}
		i = skipPlain(s.text, i)
	}
	return s.truncated(), false
}

const (
	lanes    = 0x0101010101010101 // 1 in each byte
	highBits = 0x8080808080808080
)

// skipPlain returns the position of the first byte from i on that is not printable ASCII as it stands in a
// string: a quote, a backslash, a control character, a byte of a longer UTF-8 sequence. It looks at eight
// bytes at once. A subtraction may borrow into a lane above one that is special, so only the lowest mark
// of a word counts.
func skipPlain(text []byte, i int) int {
	for i+8 <= len(text) {
		w := binary.LittleEndian.Uint64(text[i:])
		quote, backslash := w^(lanes*'"'), w^(lanes*'\\')
		special := (quote-lanes)&^quote | (backslash-lanes)&^backslash | (w-lanes*' ')&^w | w
		if special &= highBits; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
		i += 8
	}
	for i < len(text) {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
		i++
	}
	return i
}

// escape reads the escape sequence whose backslash is at i; a surrogate pair is one sequence.
func (s *scanner) escape(i int) int {
	if i+1 >= len(s.text) {
		return s.truncated()
	}
	switch s.text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return s.unexpected(i + 1)
	}
	unit, ok := hexUnit(s.text, i)
	if !ok {
		return s.refuse(CodeParse, "incomplete \\u escape at byte "+strconv.Itoa(i))
	}
	if !utf16.IsSurrogate(unit) {
		return i + 6
	}
	low, ok := hexUnit(s.text, i+6)
	if !ok || utf16.DecodeRune(unit, low) == utf8.RuneError {
		return s.refuse(CodeParse, "lone surrogate at byte "+strconv.Itoa(i))
	}
	return i + 12
}

// hexUnit reads the UTF-16 code unit of the escape \uXXXX at i.
func hexUnit(text []byte, i int) (rune, bool) {
	if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range text[i+2 : i+6] {
		switch {
		case isDigit(c):
			c -= '0'
		case c-'a' < 6:
			c -= 'a' - 10
		case c-'A' < 6:
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

// String decodes raw, a JSON string of a scanned text with its quotes. It reports false for any other
// value. The string does not alias raw.
func String(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	if !hasEscape(inner) {
		return string(inner), true
	}
	return string(appendDecoded(make([]byte, 0, len(inner)), inner)), true
}

func hasEscape(inner []byte) bool {
	return bytes.IndexByte(inner, '\\') >= 0
}

// appendDecoded appends the value of a scanned string without its quotes.
func appendDecoded(dst, inner []byte) []byte {
	for i := 0; i < len(inner); {
		if inner[i] != '\\' || i+1 >= len(inner) {
			dst = append(dst, inner[i])
			i++
			continue
		}
		c := inner[i+1]
		if c != 'u' {
			dst = append(dst, unescaped(c))
			i += 2
			continue
		}
		unit, _ := hexUnit(inner, i)
		i += 6
		if utf16.IsSurrogate(unit) {
			low, _ := hexUnit(inner, i)
			unit = utf16.DecodeRune(unit, low)
			i += 6
		}
		dst = utf8.AppendRune(dst, unit)
	}
	return dst
}

// unescaped is the character that a backslash and c stand for.
func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c // quote, backslash, slash
	}
}
