package repl

import "github.com/erlmcp/erlmcp/repl/internal/term"

// arg takes the next argument.
func (f *formatter) arg() (Term, bool) {
	if len(f.args) == 0 {
		return nil, false
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a, true
}

// number reads digits or a *, which takes an argument; -1 when there is none.
func (f *formatter) number(s []rune) (value, used int, ok bool) {
	if len(s) > 0 && s[0] == '*' {
		a, ok := f.arg()
		n, isInt := a.(Int)
		return int(n), 1, ok && isInt && n > -maxField && n < maxField
	}
	value = -1
	for used < len(s) && s[used] >= '0' && s[used] <= '9' {
		value = max(value, 0)*10 + int(s[used]-'0')
		used++
		if value > maxField {
			return 0, used, false
		}
	}
	return value, used, true
}

// scan reads a control sequence after its tilde and takes its arguments.
func (f *formatter) scan(s []rune) (c control, used int, ok bool) {
	c.pad = ' '
	minus := len(s) > 0 && s[0] == '-'
	if minus {
		used++
	}
	n := 0
	if c.width, n, ok = f.number(s[used:]); !ok {
		return c, 0, false
	}
	c.left = minus
	if n == 1 && s[used] == '*' && c.width < 0 {
		c.left, c.width = !minus, -c.width
	}
	used += n
	if c.precision, n, ok = f.dotNumber(s[used:]); !ok {
		return c, 0, false
	}
	used += n
	if used+1 < len(s) && s[used] == '.' {
		if c.pad = s[used+1]; c.pad == '*' {
			a, ok := f.arg()
			p, isInt := a.(Int)
			if !ok || !isInt || !term.ValidChar(p) {
				return c, 0, false
			}
			c.pad = rune(p)
		}
		used += 2
	}
	for used < len(s) && (s[used] == 't' || s[used] == 'l') {
		c.unicode = c.unicode || s[used] == 't'
		c.lists = c.lists || s[used] == 'l'
		used++
	}
	if used == len(s) {
		return c, 0, false
	}
	c.char = s[used]
	return c, used + 1, f.takeArgs(&c)
}

// dotNumber reads a precision; a dot may stand alone before a pad character.
func (f *formatter) dotNumber(s []rune) (value, used int, ok bool) {
	if len(s) == 0 || s[0] != '.' {
		return -1, 0, true
	}
	value, n, ok := f.number(s[1:])
	return value, n + 1, ok && (value >= 0 || n == 0)
}

func (f *formatter) takeArgs(c *control) bool {
	count := 0
	switch c.char {
	case 'w', 'p', 's', 'e', 'f', 'g', 'b', 'B', '+', '#', 'c', 'i':
		count = 1
	case 'W', 'P', 'x', 'X':
		count = 2
	case '~', 'n':
	default:
		return false
	}
	for range count {
		a, ok := f.arg()
		if !ok {
			return false
		}
		c.args = append(c.args, a)
	}
	return true
}
