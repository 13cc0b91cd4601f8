package repl

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// stringError is {error,Reason}.
func stringError(reason string) Term { return Tuple{Atom("error"), Atom(reason)} }

// numberPrefix splits the text into a number and its rest.
func (m *machine) numberPrefix(t Term, none string, size func(string) int) (c chardata, n int, bad Term, err error) {
	if !term.IsList(t) && !is[Bits](t) {
		return c, 0, stringError("badarg"), nil
	}
	if c, err = m.chardata(t); err != nil {
		if err == badarg {
			return c, 0, stringError("badarg"), nil
		}
		return c, 0, nil, err
	}
	if n = size(c.text); n == 0 {
		return c, 0, stringError(none), nil
	}
	return c, n, nil, nil
}

func signAndDigits(s string) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

func stringToInteger(m *machine, args []Term) (Term, error) {
	c, n, bad, err := m.numberPrefix(args[0], "no_integer", signAndDigits)
	if bad != nil || err != nil {
		return bad, err
	}
	if n > 1<<17 {
		return nil, Raise(ClassError, Atom("system_limit"))
	}
	v, _ := new(big.Int).SetString(c.text[:n], 10)
	rest, err := m.as(c, c.text[n:])
	return Tuple{NewInt(v), rest}, err
}

func floatPrefix(s string) int {
	i := signAndDigits(s)
	if i == 0 || i+1 >= len(s) || s[i] != '.' && s[i] != ',' {
		return 0
	}
	frac := i + 1
	for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
	}
	if i == frac {
		return 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if n := signAndDigits(s[i+1:]); n > 0 {
			i += 1 + n
		}
	}
	return i
}

func stringToFloat(m *machine, args []Term) (Term, error) {
	c, n, bad, err := m.numberPrefix(args[0], "no_float", floatPrefix)
	if bad != nil || err != nil {
		return bad, err
	}
	f, perr := strconv.ParseFloat(strings.Replace(c.text[:n], ",", ".", 1), 64)
	if perr != nil {
		return stringError("no_float"), nil
	}
	rest, err := m.as(c, c.text[n:])
	return Tuple{Float(f), rest}, err
}

func nextChar(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	r, n := utf8.DecodeRuneInString(c.text)
	if n == 0 {
		return args[0], nil
	}
	rest, err := m.as(c, c.text[n:])
	return &Cons{Head: Int(r), Tail: rest}, err
}
