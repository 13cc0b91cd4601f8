package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// puncts are the operators and separators, longer ones first.
var puncts = []string{
	"=:=", "=/=", "...", "..", "<<", ">>", "<-", "<=", "->", "=>", ":=", "||", "++", "--", "==", "/=", "=<", ">=", "::", "??",
	"(", ")", "[", "]", "{", "}", ",", ";", ":", "|", "+", "-", "*", "/", "=", "<", ">", "!", "#", "?", ".",
}

// lexer scans a text. The text need not be valid UTF-8; a bad byte is an error.
type lexer struct {
	text string
	off  int
	pos  Pos
	last Pos // of the last token
}

func newLexer(text string) *lexer { return &lexer{text: text, pos: Pos{1, 1}, last: Pos{1, 1}} }

// peek gives the character at the offset; -1 at the end.
func (l *lexer) peek() rune { return l.peekAt(0) }

func (l *lexer) peekAt(n int) rune {
	rest := l.text[l.off:]
	for ; n > 0 && rest != ""; n-- {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	if rest == "" {
		return -1
	}
	r, size := utf8.DecodeRuneInString(rest)
	if r == utf8.RuneError && size == 1 {
		return -2
	}
	return r
}

// take consumes the character at the offset.
func (l *lexer) take() rune {
	r := l.peek()
	if r == -1 {
		return r
	}
	_, size := utf8.DecodeRuneInString(l.text[l.off:])
	l.off += size
	if r == '\n' {
		l.pos = Pos{l.pos.Line + 1, 1}
	} else {
		l.pos.Column++
	}
	return r
}

func (l *lexer) skipSpace() {
	for {
		switch c := l.peek(); {
		case c == '%':
			for c := l.peek(); c != '\n' && c != -1; c = l.peek() {
				l.take()
			}
		case c >= 0 && c <= ' ', c >= 0x80 && c <= 0xa0:
			l.take()
		default:
			return
		}
	}
}

// next scans one token; at the end of the text, kindEnd at the last token.
func (l *lexer) next() (token, *Error) {
	l.skipSpace()
	t := token{pos: l.pos}
	c := l.peek()
	var err *Error
	switch {
	case c == -1:
		t.pos = l.last
		return t, nil
	case isDigit(c):
		err = l.number(&t)
	case c == '$':
		err = l.char(&t)
	case c == '"':
		t.kind = kindString
		t.text, err = l.quoted("string")
	case c == '\'':
		t.kind = kindAtom
		var text string
		text, err = l.quoted("atom")
		if err == nil && utf8.RuneCountInString(text) > 255 {
			err = errorAt(t.pos, "illegal atom")
		}
		t.value = term.Atom(text)
	case isLower(c):
		l.word(&t)
	case isUpper(c) || c == '_':
		t.kind = kindVar
		t.text = l.name()
	default:
		err = l.punct(&t)
	}
	l.last = t.pos
	return t, err
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }
func isLower(c rune) bool { return c >= 'a' && c <= 'z' || c >= 0xdf && c <= 0xff && c != 0xf7 }
func isUpper(c rune) bool { return c >= 'A' && c <= 'Z' || c >= 0xc0 && c <= 0xde && c != 0xd7 }
func isName(c rune) bool {
	return isLower(c) || isUpper(c) || isDigit(c) || c == '_' || c == '@'
}

func (l *lexer) name() string {
	start := l.off
	for isName(l.peek()) {
		l.take()
	}
	return l.text[start:l.off]
}

func (l *lexer) word(t *token) {
	w := l.name()
	if term.IsReserved(w) {
		t.kind, t.text = kindPunct, w
		return
	}
	t.kind, t.value = kindAtom, term.Atom(w)
}

func (l *lexer) punct(t *token) *Error {
	if l.peek() == '.' {
		if n := l.peekAt(1); n == -1 || n >= 0 && n <= ' ' || n >= 0x80 && n <= 0xa0 || n == '%' {
			l.take()
			t.kind = kindDot
			return nil
		}
	}
	for _, p := range puncts {
		if strings.HasPrefix(l.text[l.off:], p) {
			for range p {
				l.take()
			}
			t.kind, t.text = kindPunct, p
			return nil
		}
	}
	c := l.take()
	if c < 0 || c > 0xff {
		return errorAt(t.pos, "illegal character")
	}
	t.kind, t.text = kindPunct, string(c) // a token that no expression has
	return nil
}

// char scans a character literal.
func (l *lexer) char(t *token) *Error {
	l.take()
	t.kind = kindChar
	if l.peek() == -1 {
		return errorAt(t.pos, "unterminated character")
	}
	c, err := l.element(t.pos)
	t.value = term.Int(c)
	return err
}

// element reads one character, or an escape, of a literal that begins at p.
func (l *lexer) element(p Pos) (rune, *Error) {
	here := l.pos
	c := l.take()
	if c == -2 {
		return 0, errorAt(here, "illegal character")
	}
	if c != '\\' {
		return c, nil
	}
	switch c = l.peek(); {
	case c < 0:
		return 0, errorAt(p, "unterminated character")
	case c >= '0' && c <= '7':
		v := rune(0)
		for n := 0; n < 3 && l.peek() >= '0' && l.peek() <= '7'; n++ {
			v = v*8 + l.take() - '0'
		}
		return v, nil
	case c == 'x':
		return l.hexEscape(here)
	case c == '^':
		l.take()
		if c := l.take(); c >= '@' && c <= '_' || c >= 'a' && c <= 'z' {
			return c & 31, nil
		}
		return 0, errorAt(here, "illegal character")
	}
	return term.Escaped(l.take()), nil
}

func (l *lexer) hexEscape(p Pos) (rune, *Error) {
	l.take()
	braces := l.peek() == '{'
	if braces {
		l.take()
	}
	v, n := rune(0), 0
	for digitValue(l.peek()) < 16 && (braces || n < 2) && v <= 0x10ffff {
		v = v*16 + rune(digitValue(l.take()))
		n++
	}
	if n == 0 || !braces && n < 2 || braces && l.take() != '}' || !term.ValidChar(term.Int(v)) {
		return 0, errorAt(p, "illegal character")
	}
	return v, nil
}

// quoted scans a string or a quoted atom.
func (l *lexer) quoted(what string) (string, *Error) {
	start := l.pos
	quote := l.take()
	var b strings.Builder
	for {
		if l.peek() == -1 {
			err := errorAt(start, "unterminated %s starting with %s", what, term.Quote(prefix(b.String(), 16), quote, false))
			err.Incomplete = true
			return "", err
		}
		if l.peek() == quote {
			l.take()
			return b.String(), nil
		}
		if l.peek() == '\\' && l.peekAt(1) == -1 {
			l.take()
			continue
		}
		c, err := l.element(start)
		if err != nil {
			return "", err
		}
		b.WriteRune(c)
	}
}

func prefix(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
