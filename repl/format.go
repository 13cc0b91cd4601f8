package repl

import (
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// control is a control sequence of a format string: ~F.P.PadModC.
type control struct {
	char      rune
	width     int // -1: not given
	left      bool
	precision int // -1: not given
	pad       rune
	unicode   bool
	lists     bool
	args      []Term
}

// formatter writes formatted text.
type formatter struct {
	m     *machine
	out   strings.Builder
	parts []Term // as io_lib:format gives them: characters, and terms as lists
	args  []Term
	col   int // characters since the last newline
}

// maxField bounds widths and precisions.
const maxField = 1 << 16

// format formats as io_lib:format does; badarg where it fails.
func (m *machine) format(format, args Term) (*formatter, error) {
	text, err := m.formatText(format)
	if err != nil {
		return nil, err
	}
	list, err := m.slice(args)
	if err != nil {
		return nil, err
	}
	f := &formatter{m: m, args: list}
	runes := []rune(text)
	for i := 0; i < len(runes); {
		if runes[i] != '~' {
			f.small(string(runes[i]))
			i++
			continue
		}
		c, n, ok := f.scan(runes[i+1:])
		if !ok {
			return nil, badarg
		}
		i += 1 + n
		if err := f.write(c); err != nil {
			return nil, err
		}
	}
	if len(f.args) > 0 {
		return nil, badarg
	}
	return f, m.alloc(f.out.Len() + 16*len(f.parts))
}

// write writes the text of a control sequence.
func (f *formatter) write(c control) error {
	s, err := f.control(c)
	if err != nil {
		return err
	}
	if f.out.Len()+len(s) > f.m.memory {
		return f.m.kill(limitReached("memory"))
	}
	whole := strings.ContainsRune("wWpP", c.char)
	if c.char == 's' {
		_, isAtom := c.args[0].(Atom)
		whole = !isAtom
	}
	if !whole {
		f.small(s)
		return nil
	}
	f.put(s)
	t, err := f.m.text(s)
	f.parts = append(f.parts, t)
	return err
}

// small writes text that stands as characters among the parts.
func (f *formatter) small(s string) {
	f.put(s)
	for _, r := range s {
		f.parts = append(f.parts, Int(r))
	}
}

// formatText gives the text of a format: a list, a binary or an atom.
func (m *machine) formatText(t Term) (string, error) {
	switch x := t.(type) {
	case Atom:
		return string(x), nil
	case Bits:
		if utf8.Valid(x.Data) && x.IsBinary() {
			return string(x.Data), nil
		}
		return latin1(x.Data), nil
	}
	return m.chars(t)
}

func (f *formatter) put(s string) {
	f.out.WriteString(s)
	for _, c := range s {
		switch c {
		case '\n':
			f.col = 0
		case '\t':
			f.col = (f.col + 8) / 8 * 8
		default:
			f.col++
		}
	}
}

// control gives the text of a control sequence.
//
//lint:dispatch-table
func (f *formatter) control(c control) (string, error) {
	switch c.char {
	case '~':
		return c.chars('~'), nil
	case 'n':
		return strings.Repeat("\n", max(c.width, 1)), nil
	case 'i':
		return "", nil
	case 'c':
		n, ok := c.args[0].(Int)
		if !ok {
			return "", badarg
		}
		if !c.unicode {
			n &= 255
		}
		if !term.ValidChar(n) {
			return "", badarg
		}
		return c.chars(rune(n)), nil
	case 'w', 'p', 'W', 'P':
		return f.term(c)
	case 's':
		return f.text(c)
	case 'e', 'f', 'g':
		x, ok := c.args[0].(Float)
		if !ok {
			return "", badarg
		}
		return c.float(float64(x))
	case 'b', 'B', '#', '+', 'x', 'X':
		return f.integer(c)
	}
	return "", badarg
}

// chars repeats a character as ~c does.
func (c control) chars(r rune) string {
	switch {
	case c.precision < 0:
		return strings.Repeat(string(r), max(c.width, 1))
	case c.width < 0:
		return strings.Repeat(string(r), c.precision)
	}
	return c.adjust(strings.Repeat(string(r), c.precision), c.width)
}

// adjust pads text to a width.
func (c control) adjust(s string, width int) string {
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s
	}
	if c.left {
		return s + strings.Repeat(string(c.pad), n)
	}
	return strings.Repeat(string(c.pad), n) + s
}

// field fits a term's text into the width: stars where it does not fit.
func (c control) field(s string) string {
	width := c.width
	if width < 0 {
		if c.precision < 0 {
			return s
		}
		width = c.precision
	}
	n := utf8.RuneCountInString(s)
	limit := width
	if c.precision >= 0 {
		limit = min(c.precision, width)
	}
	if n > limit {
		s = strings.Repeat("*", limit)
	}
	return c.adjust(s, width)
}

func (f *formatter) term(c control) (string, error) {
	style := term.Style{Depth: -1, Unicode: c.unicode, Lists: c.lists}
	if len(c.args) == 2 {
		d, ok := c.args[1].(Int)
		if !ok {
			return "", badarg
		}
		style.Depth = int(min(d, 1<<30))
	}
	if c.char == 'w' || c.char == 'W' {
		s, err := f.render(c.args[0], style, true)
		return c.field(s), err
	}
	if c.left && c.width >= 0 {
		return "", badarg
	}
	style.Width, style.Column = 80, f.col+1
	if c.width >= 0 {
		style.Width = c.width
	}
	if c.precision >= 0 {
		style.Column = c.precision
	}
	return f.render(c.args[0], style, false)
}

// render writes a term; one whose text is too long ends the evaluation.
func (f *formatter) render(t Term, style term.Style, write bool) (string, error) {
	s, whole := term.Render(t, style, write)
	if !whole {
		return "", f.m.kill(limitReached("text of a term"))
	}
	return s, f.m.step(len(s) >> 6)
}

// text gives the text of ~s: an iolist, with t chardata, or an atom.
func (f *formatter) text(c control) (string, error) {
	var s string
	switch x := c.args[0].(type) {
	case Atom:
		s = string(x)
	default:
		var err error
		if s, err = f.stringArg(x, c.unicode); err != nil {
			return "", err
		}
	}
	n := utf8.RuneCountInString(s)
	switch {
	case c.precision < 0 && c.width < 0:
		return s, nil
	case c.precision < 0:
		return c.adjust(cut(s, c.width), c.width), nil
	case c.width < 0:
		c.left = true
		return c.adjust(cut(s, c.precision), c.precision), nil
	case c.width < c.precision:
		return "", badarg
	case n < c.precision && c.width > c.precision:
		s += strings.Repeat(string(c.pad), c.precision-n)
	}
	return c.adjust(cut(s, c.precision), c.width), nil
}

func (f *formatter) stringArg(t Term, unicode bool) (string, error) {
	if unicode {
		if b, ok := t.(Bits); ok && b.IsBinary() && !utf8.Valid(b.Data) {
			return latin1(b.Data), nil
		}
		return f.m.chars(t)
	}
	data, err := f.m.iolist(t)
	return latin1(data), err
}

// cut gives the first n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func (f *formatter) integer(c control) (string, error) {
	n, ok := term.BigOf(c.args[0])
	base := 10
	if c.precision >= 0 {
		base = c.precision
	}
	if !ok || base < 2 || base > 36 {
		return "", badarg
	}
	if err := f.m.alloc(n.BitLen() * 2); err != nil {
		return "", err
	}
	digits := n.Text(base)
	if c.char == 'B' || c.char == '#' || c.char == 'X' {
		digits = strings.ToUpper(digits)
	}
	prefix := ""
	switch c.char {
	case '#', '+':
		prefix = Format(Int(base)) + "#"
	case 'x', 'X':
		a, isAtom := c.args[1].(Atom)
		prefix = string(a)
		if !isAtom {
			var err error
			if prefix, err = f.m.chars(c.args[1]); err != nil {
				return "", err
			}
		}
	}
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		digits = "-" + prefix + rest
	} else {
		digits = prefix + digits
	}
	c.precision = -1
	return c.field(digits), nil
}
