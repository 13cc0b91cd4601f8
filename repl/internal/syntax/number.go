package syntax

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// maxDigits bounds the digits of an integer literal.
const maxDigits = 100_000

// digitValue is the value of a digit in bases up to 36, and 99 for others.
func digitValue(c rune) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 99
}

// number scans an integer, an integer with a base, or a float.
func (l *lexer) number(t *token) *Error {
	t.kind = kindNumber
	text := l.digits(10)
	if len(text) > maxDigits {
		return errorAt(t.pos, "illegal integer")
	}
	switch {
	case l.peek() == '#':
		return l.based(t, text)
	case l.peek() == '.' && isDigit(l.peekAt(1)):
		l.take()
		return l.float(t, text+"."+l.digits(10))
	}
	n, _ := new(big.Int).SetString(text, 10)
	t.value = term.NewInt(n)
	return nil
}

// digits scans digits with single underscores between them.
func (l *lexer) digits(base int) string {
	var b strings.Builder
	for {
		c := l.peek()
		if c == '_' && b.Len() > 0 && digitValue(l.peekAt(1)) < base {
			l.take()
			continue
		}
		if digitValue(c) >= base {
			return b.String()
		}
		b.WriteRune(l.take())
	}
}

func (l *lexer) based(t *token, text string) *Error {
	base, err := strconv.Atoi(text)
	if err != nil || base < 2 || base > 36 {
		return errorAt(t.pos, "illegal base '%s'", text)
	}
	l.take()
	digits := l.digits(base)
	n, ok := new(big.Int).SetString(digits, base)
	if !ok || len(digits) > maxDigits {
		return errorAt(t.pos, "illegal integer")
	}
	t.value = term.NewInt(n)
	return nil
}

func (l *lexer) float(t *token, text string) *Error {
	if c := l.peek(); c == 'e' || c == 'E' {
		sign := ""
		skip := 1
		if s := l.peekAt(1); s == '-' || s == '+' {
			sign, skip = string(s), 2
		}
		if !isDigit(l.peekAt(skip)) {
			return errorAt(t.pos, "illegal float")
		}
		for range skip {
			l.take()
		}
		text += "e" + sign + l.digits(10)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return errorAt(t.pos, "illegal float")
	}
	t.value = term.Float(f)
	return nil
}
