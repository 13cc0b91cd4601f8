package term

import (
	"fmt"
	"strings"
)

// reserved are the words that an atom of the same text needs quotes for.
var reserved = map[string]bool{
	"after": true, "and": true, "andalso": true, "band": true, "begin": true, "bnot": true, "bor": true,
	"bsl": true, "bsr": true, "bxor": true, "case": true, "catch": true, "cond": true, "div": true, "end": true,
	"fun": true, "if": true, "let": true, "not": true, "of": true, "or": true, "orelse": true, "receive": true,
	"rem": true, "try": true, "when": true, "xor": true,
}

// IsReserved tells whether a word is reserved by Erlang's grammar.
func IsReserved(word string) bool { return reserved[word] }

// Printable tells whether a character may stand in a printed string; with
// latin1, characters above 255 may not.
func Printable(c rune, latin1 bool) bool {
	switch {
	case c >= ' ' && c <= '~', c >= '\b' && c <= '\r', c == 27:
		return true
	case c < 0xa0:
		return false
	case latin1:
		return c <= 0xff
	}
	return c < 0xd800 || c > 0xdfff && c < 0xfffe || c > 0xffff && c <= 0x10ffff
}

// WriteAtom gives the text of an atom, quoted where Erlang needs quotes. With
// latin1, characters above 255 are written as escapes.
func WriteAtom(a Atom, latin1 bool) string {
	if plainAtom(string(a)) {
		return string(a)
	}
	return Quote(string(a), '\'', latin1)
}

func plainAtom(s string) bool {
	if s == "" || reserved[s] {
		return false
	}
	for i, c := range s {
		lower := c >= 'a' && c <= 'z' || c >= 0xdf && c <= 0xff && c != 0xf7
		other := c >= 'A' && c <= 'Z' || c >= 0xc0 && c <= 0xde && c != 0xd7 || c >= '0' && c <= '9' || c == '_' || c == '@'
		if !lower && (i == 0 || !other) {
			return false
		}
	}
	return true
}

// Quote writes text between quotes with Erlang's escapes.
func Quote(text string, quote rune, latin1 bool) string {
	var b strings.Builder
	b.WriteRune(quote)
	for _, c := range text {
		writeChar(&b, c, quote, latin1)
	}
	b.WriteRune(quote)
	return b.String()
}

func writeChar(b *strings.Builder, c, quote rune, latin1 bool) {
	switch {
	case c == quote || c == '\\':
		b.WriteByte('\\')
		b.WriteRune(c)
	case c >= ' ' && c <= '~', c >= 0xa0 && c <= 0xff:
		b.WriteRune(c)
	case c < 0xa0:
		b.WriteString(escape(c))
	case latin1 || !Printable(c, false):
		fmt.Fprintf(b, "\\x{%X}", c)
	default:
		b.WriteRune(c)
	}
}

func escape(c rune) string {
	if i := strings.IndexRune("\n\r\t\v\b\f\x1b\x7f", c); i >= 0 {
		return "\\" + string("nrtvbfed"[i])
	}
	return fmt.Sprintf("\\%03o", c)
}

// Escaped gives the escape of a character after a backslash in a string, an
// atom or a character literal; other characters stand for themselves.
func Escaped(c rune) rune {
	if i := strings.IndexRune("nrtvbfeds", c); i >= 0 {
		return rune("\n\r\t\v\b\f\x1b\x7f "[i])
	}
	return c
}
