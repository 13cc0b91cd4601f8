package repl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// stringFunctions are the functions of the module string on chardata; a binary
// gives binaries, a list gives lists. A grapheme is a code point here. The
// older functions are in lib/string.erl.
func stringFunctions() map[string]native {
	mapText := func(f func(string) string) native {
		return func(m *machine, a []Term) (Term, error) {
			if !term.IsList(a[0]) && !is[Bits](a[0]) {
				return nil, functionClause
			}
			c, err := m.chardata(a[0])
			if err != nil {
				return nil, err
			}
			return m.as(c, f(c.text))
		}
	}
	table := map[string]native{
		"length/1": func(m *machine, a []Term) (Term, error) {
			c, err := m.chardata(a[0])
			return Int(utf8.RuneCountInString(c.text)), err
		},
		"is_empty/1": func(m *machine, a []Term) (Term, error) {
			if !term.IsList(a[0]) && !is[Bits](a[0]) {
				return False, nil
			}
			c, err := m.chardata(a[0])
			return Bool(c.text == ""), err
		},
		"to_graphemes/1": func(m *machine, a []Term) (Term, error) {
			c, err := m.chardata(a[0])
			if err != nil {
				return nil, err
			}
			return m.text(c.text)
		},
		"uppercase/1": mapText(func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "ß", "SS")) }),
		"lowercase/1": mapText(strings.ToLower),
		"casefold/1":  mapText(func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) }),
		"titlecase/1": mapText(func(s string) string {
			r, n := utf8.DecodeRuneInString(s)
			if n == 0 {
				return s
			}
			return string(unicode.ToTitle(r)) + s[n:]
		}),
		"reverse/1":        stringReverse,
		"equal/2":          stringEqual,
		"equal/3":          stringEqual,
		"equal/4":          stringEqual,
		"slice/2":          stringSlice,
		"slice/3":          stringSlice,
		"trim/1":           trim,
		"trim/2":           trim,
		"trim/3":           trim,
		"chomp/1":          chomp,
		"prefix/2":         stringPrefix,
		"split/2":          stringSplit,
		"split/3":          stringSplit,
		"find/2":           stringFind,
		"find/3":           stringFind,
		"lexemes/2":        lexemes,
		"nth_lexeme/3":     nthLexeme,
		"take/2":           stringTake,
		"take/3":           stringTake,
		"take/4":           stringTake,
		"to_integer/1":     stringToInteger,
		"to_float/1":       stringToFloat,
		"next_codepoint/1": nextChar,
		"next_grapheme/1":  nextChar,
	}
	for name, fails := range notText {
		table[name] = checkText(table[name], fails)
	}
	return table
}

// notText says how functions fail whose first argument is neither a list nor a binary: in the function of Erlang's
// that looks at it first.
var notText = map[string]func(t Term) error{
	"length/1": noCodePoint, "to_graphemes/1": noCodePoint, "reverse/1": noCodePoint, "equal/2": noCodePoint,
	"prefix/2": noCodePoint, "slice/2": noCodePoint, "slice/3": noCodePoint, "next_codepoint/1": noCodePoint,
	"next_grapheme/1": noCodePoint,
	"uppercase/1":     badText, "lowercase/1": badText, "casefold/1": badText,
	"split/2": unmatched, "find/2": unmatched, "split/3": unmatched,
	"trim/1": noTrim, "trim/2": noTrim, "chomp/1": noTrim,
	"lexemes/2": func(t Term) error {
		return noClauseOf("string", "lexemes_m", t, Tuple{List(), List(), Atom("undefined")}, Nil{})
	},
}

func checkText(f native, fails func(Term) error) native {
	return func(m *machine, args []Term) (Term, error) {
		if !term.IsList(args[0]) && !is[Bits](args[0]) {
			return nil, fails(args[0])
		}
		return f(m, args)
	}
}

func noCodePoint(t Term) error { return noClauseOf("unicode_util", "cp", t) }
func badText(t Term) error     { return errorTuple("badarg", t) }
func unmatched(t Term) error   { return errorTuple("badmatch", t) }
func noTrim(t Term) error      { return noClauseOf("string", "trim_l", t, whiteSpaces) }

// whiteSpaces are the graphemes of whitespace, as trim's inner function gets them.
var whiteSpaces = func() Term {
	elems := []Term{String("\r\n")}
	for _, r := range whitespace {
		elems = append(elems, Int(r))
	}
	return List(elems...)
}()

func noClauseOf(module, name string, args ...Term) error {
	return raised(functionClause, mfa{module, name, len(args)}, args)
}

// chardata is a text with the type its parts are given back in.
type chardata struct {
	text   string
	binary bool
}

func (m *machine) chardata(t Term) (chardata, error) {
	s, err := m.chars(t)
	return chardata{s, is[Bits](t)}, err
}

// as gives a text in the type of c.
func (m *machine) as(c chardata, s string) (Term, error) {
	if c.binary {
		return Binary(s), m.alloc(len(s))
	}
	return m.text(s)
}

func stringReverse(m *machine, args []Term) (Term, error) {
	s, err := m.chars(args[0])
	if err != nil {
		return nil, err
	}
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return m.text(string(r))
}

func stringEqual(m *machine, args []Term) (Term, error) {
	if len(args) == 2 && !term.IsList(args[1]) && !is[Bits](args[1]) {
		return nil, noCodePoint(args[1])
	}
	a, err1 := m.chars(args[0])
	b, err2 := m.chars(args[1])
	if err1 != nil || err2 != nil {
		return nil, badarg
	}
	if len(args) > 2 && args[2] == Term(True) {
		return Bool(strings.EqualFold(a, b)), nil
	}
	return Bool(a == b), nil
}

func stringSlice(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	start, ok := args[1].(Int)
	if !ok || start < 0 {
		return nil, functionClause
	}
	r := []rune(c.text)
	r = r[min(start, Int(len(r))):]
	if len(args) == 3 && args[2] != Term(Atom("infinity")) {
		n, ok := args[2].(Int)
		if !ok || n < 0 {
			return nil, functionClause
		}
		r = r[:min(n, Int(len(r)))]
	}
	return m.as(c, string(r))
}

// whitespace are the characters that trim removes by default.
const whitespace = "\t\n\v\f\r \u0085\u200e\u200f\u2028\u2029"

func trim(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	cutset := whitespace
	if len(args) == 3 {
		if cutset, err = m.chars(args[2]); err != nil {
			return nil, err
		}
	}
	dir := Term(Atom("both"))
	if len(args) > 1 {
		dir = args[1]
	}
	switch dir {
	case Term(Atom("both")):
		return m.as(c, strings.Trim(c.text, cutset))
	case Term(Atom("leading")):
		return m.as(c, strings.TrimLeft(c.text, cutset))
	case Term(Atom("trailing")):
		return m.as(c, strings.TrimRight(c.text, cutset))
	}
	return nil, functionClause
}

func chomp(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	s := c.text
	for strings.HasSuffix(s, "\n") {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
	}
	return m.as(c, s)
}

func stringPrefix(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	p, err := m.chars(args[1])
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(c.text, p)
	if !ok {
		return Atom("nomatch"), nil
	}
	return m.as(c, rest)
}

// where reads leading, trailing or all.
func where(args []Term, i int) (Atom, bool) {
	if len(args) <= i {
		return "leading", true
	}
	a, ok := args[i].(Atom)
	return a, ok && (a == "leading" || a == "trailing" || a == "all")
}

func stringSplit(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	sep, err := m.chars(args[1])
	if err != nil {
		return nil, err
	}
	dir, ok := where(args, 2)
	if !ok {
		return nil, functionClause
	}
	if sep == "" || !strings.Contains(c.text, sep) {
		return List(args[0]), nil
	}
	var parts []string
	switch dir {
	case "leading":
		parts = strings.SplitN(c.text, sep, 2)
	case "trailing":
		i := strings.LastIndex(c.text, sep)
		parts = []string{c.text[:i], c.text[i+len(sep):]}
	default:
		parts = strings.Split(c.text, sep)
	}
	return m.texts(c, parts)
}

// texts gives a list of texts in the type of c.
func (m *machine) texts(c chardata, parts []string) (Term, error) {
	elems := make([]Term, len(parts))
	for i, p := range parts {
		var err error
		if elems[i], err = m.as(c, p); err != nil {
			return nil, err
		}
	}
	return m.list(elems)
}

func stringFind(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	p, err := m.chars(args[1])
	if err != nil {
		return nil, err
	}
	dir, ok := where(args, 2)
	if !ok {
		return nil, functionClause
	}
	i := strings.Index(c.text, p)
	if dir == "trailing" {
		i = strings.LastIndex(c.text, p)
	}
	if p == "" {
		return args[0], nil
	}
	if i < 0 {
		return Atom("nomatch"), nil
	}
	return m.as(c, c.text[i:])
}

func (m *machine) lexemesOf(text, seps Term) (chardata, []string, error) {
	if !term.IsList(seps) {
		return chardata{}, nil, functionClause
	}
	c, err := m.chardata(text)
	if err != nil {
		return c, nil, err
	}
	s, err := m.chars(seps)
	if err != nil {
		return c, nil, err
	}
	return c, strings.FieldsFunc(c.text, func(r rune) bool { return strings.ContainsRune(s, r) }), nil
}

func lexemes(m *machine, args []Term) (Term, error) {
	c, parts, err := m.lexemesOf(args[0], args[1])
	if err != nil {
		return nil, err
	}
	return m.texts(c, parts)
}

func nthLexeme(m *machine, args []Term) (Term, error) {
	n, ok := args[1].(Int)
	if !ok || n < 1 {
		return nil, functionClause
	}
	c, parts, err := m.lexemesOf(args[0], args[2])
	if err != nil {
		return nil, err
	}
	if n > Int(len(parts)) {
		return m.as(c, "")
	}
	return m.as(c, parts[n-1])
}

// stringTake takes characters that are, or with a third argument are not, in a
// set, from the front or the end.
func stringTake(m *machine, args []Term) (Term, error) {
	c, err := m.chardata(args[0])
	if err != nil {
		return nil, err
	}
	set, err := m.chars(args[1])
	if err != nil {
		return nil, err
	}
	complement := len(args) > 2 && args[2] == Term(True)
	out := func(r rune) bool { return strings.ContainsRune(set, r) == complement }
	i := strings.IndexFunc(c.text, out)
	if i < 0 {
		i = len(c.text)
	}
	if dir, _ := where(args, 3); dir == "trailing" {
		i = strings.LastIndexFunc(c.text, out)
		if i < 0 {
			i = 0
		} else {
			_, n := utf8.DecodeRuneInString(c.text[i:])
			i += n
		}
	}
	front, err := m.as(c, c.text[:i])
	if err != nil {
		return nil, err
	}
	rest, err := m.as(c, c.text[i:])
	return Tuple{front, rest}, err
}
