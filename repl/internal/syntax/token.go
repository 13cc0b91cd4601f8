package syntax

import (
	"fmt"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// Pos is a place in the text; line and column (in characters) count from 1.
type Pos struct{ Line, Column int }

// Error is a message about a place in the text.
type Error struct {
	Pos        Pos
	Text       string
	Lint       bool // found after parsing: a variable, a pattern, a guard
	Incomplete bool // the text ends before its full stop
}

func (e *Error) Error() string {
	return fmt.Sprintf("* %d:%d: %s", e.Pos.Line, e.Pos.Column, e.Text)
}

type kind uint8

const (
	kindEnd    kind = iota // end of the text
	kindDot                // full stop
	kindPunct              // operator, bracket or reserved word; text is its spelling
	kindAtom               // value is the Atom
	kindVar                // text is the name
	kindNumber             // value is the number
	kindChar               // value is the Int
	kindString             // text is the content
)

type token struct {
	kind  kind
	pos   Pos
	text  string
	value term.Term
}

// String gives the token as an error message shows it.
func (t token) String() string {
	switch t.kind {
	case kindEnd:
		return ""
	case kindDot:
		return "'.'"
	case kindPunct:
		return term.Quote(t.text, '\'', false)
	case kindVar:
		return t.text
	case kindString:
		return term.Quote(t.text, '"', false)
	case kindChar:
		return charText(rune(t.value.(term.Int)))
	}
	return term.Write(t.value, term.Style{Depth: -1, Unicode: true})
}

func charText(c rune) string {
	if c == '"' || c == '\'' {
		return "$" + string(c)
	}
	if c == ' ' {
		return `$\s`
	}
	q := term.Quote(string(c), '"', false)
	return "$" + q[1:len(q)-1]
}

func (t token) is(text string) bool { return t.kind == kindPunct && t.text == text }

// unexpected is the error about a token that cannot stand where it is.
func unexpected(t token) *Error {
	return &Error{Pos: t.pos, Text: "syntax error before: " + t.String(), Incomplete: t.kind == kindEnd}
}

func errorAt(p Pos, format string, args ...any) *Error {
	return &Error{Pos: p, Text: fmt.Sprintf(format, args...)}
}
