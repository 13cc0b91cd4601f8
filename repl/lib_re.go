package repl

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// reFunctions are the functions of the module re. Expressions are those of
// RE2, which matches in linear time: there are no back references and no
// look-around.
func reFunctions() map[string]native {
	return map[string]native{
		"run/2":     reRun,
		"run/3":     reRun,
		"replace/3": reReplace,
		"replace/4": reReplace,
		"split/2":   reSplit,
		"split/3":   reSplit,
		"compile/1": reCompile,
		"compile/2": reCompile,
	}
}

// reFlags are the options that change how an expression is read.
var reFlags = map[Atom]string{"caseless": "i", "multiline": "m", "dotall": "s", "ungreedy": "U"}

// regexpArg compiles an expression: text, or what re:compile gave.
func (m *machine) regexpArg(t Term, opts map[Atom]Term) (*regexp.Regexp, error) {
	if c, ok := t.(Tuple); ok && len(c) == 5 && c[0] == Term(Atom("re_pattern")) {
		t = c[4]
	}
	text, err := m.formatText(t)
	if err != nil {
		return nil, err
	}
	const most = 10_000
	if len(text) > most {
		return nil, badarg
	}
	flags := ""
	for name, f := range reFlags {
		if opts[name] != nil {
			flags += f
		}
	}
	if opts["anchored"] != nil {
		text = `\A(?:` + text + `)`
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, badarg
	}
	return re, m.step(len(text))
}

// matching takes the reductions of a search in s before it is made, since it
// cannot be interrupted: its time is the product of the sizes of the text and
// the compiled expression.
func (m *machine) matching(re *regexp.Regexp, s string) error {
	parsed, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return badarg
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return badarg
	}
	const share = 256 // steps of the matcher for one reduction
	return m.step(len(s) * len(prog.Inst) / share)
}

func reCompile(m *machine, args []Term) (Term, error) {
	opts, err := m.options(args, 1)
	if err != nil {
		return nil, err
	}
	text, err := m.formatText(args[0])
	if err != nil {
		return nil, err
	}
	if _, perr := syntax.Parse(text, syntax.Perl); perr != nil {
		return Tuple{Atom("error"), Tuple{String(perr.Error()), Int(0)}}, nil
	}
	re, err := m.regexpArg(args[0], opts)
	if err != nil {
		return nil, err
	}
	pattern := Binary(re.String())
	return Tuple{Atom("ok"), Tuple{Atom("re_pattern"), Int(re.NumSubexp()), Int(0), Int(0), pattern}}, nil
}

// subject gives the text to search and its type.
func (m *machine) subject(t Term) (string, error) {
	if b, ok := binaryArg(t); ok {
		return string(b), nil
	}
	return m.chars(t)
}

func reRun(m *machine, args []Term) (Term, error) {
	opts, err := m.options(dropTriples(args), 2)
	if err != nil {
		return nil, err
	}
	re, err := m.regexpArg(args[1], opts)
	if err != nil {
		return nil, err
	}
	s, err := m.subject(args[0])
	if err != nil {
		return nil, err
	}
	if err := m.matching(re, s); err != nil {
		return nil, err
	}
	n := 1
	if opts["global"] != nil {
		n = -1
	}
	found := re.FindAllStringSubmatchIndex(s, n)
	if found == nil {
		return Atom("nomatch"), nil
	}
	c := captureOf(args)
	if c.what == Term(Atom("none")) {
		return Atom("match"), nil
	}
	var all []Term
	for _, f := range found {
		v, err := c.groups(m, re, s, f)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	if opts["global"] == nil {
		return Tuple{Atom("match"), all[0]}, nil
	}
	list, err := m.list(all)
	return Tuple{Atom("match"), list}, err
}

// dropTriples leaves {capture,What,Type} out of the options.
func dropTriples(args []Term) []Term {
	if len(args) < 3 {
		return args
	}
	list, ok := term.Slice(args[2])
	if !ok {
		return args
	}
	var keep []Term
	for _, o := range list {
		if t, ok := o.(Tuple); !ok || len(t) != 3 {
			keep = append(keep, o)
		}
	}
	return []Term{args[0], args[1], List(keep...)}
}

// capture says which groups a match gives, and as what.
type capture struct {
	what Term
	kind Atom // index, list or binary
}

func captureOf(args []Term) capture {
	c := capture{Atom("all"), "index"}
	if len(args) < 3 {
		return c
	}
	list, _ := term.Slice(args[2])
	for _, o := range list {
		t, ok := o.(Tuple)
		if !ok || len(t) < 2 || t[0] != Term(Atom("capture")) {
			continue
		}
		c.what = t[1]
		if len(t) == 3 {
			c.kind, _ = t[2].(Atom)
		}
	}
	return c
}

// groups gives the captured groups of a match.
func (c capture) groups(m *machine, re *regexp.Regexp, s string, f []int) (Term, error) {
	var numbers []int
	n := len(f) / 2
	trim := false
	switch w := c.what.(type) {
	case Atom:
		from, to := 0, n
		switch w {
		case "first":
			to = 1
		case "all_but_first":
			from = 1
		}
		trim = true
		for i := from; i < to; i++ {
			numbers = append(numbers, i)
		}
	default:
		list, ok := term.Slice(w)
		if !ok {
			return nil, badarg
		}
		for _, t := range list {
			i, ok := groupNumber(re, t)
			if !ok {
				return nil, badarg
			}
			numbers = append(numbers, i)
		}
	}
	for trim && len(numbers) > 1 && f[2*numbers[len(numbers)-1]] < 0 {
		numbers = numbers[:len(numbers)-1]
	}
	elems := make([]Term, len(numbers))
	for i, g := range numbers {
		from, to := -1, -1
		if g < n {
			from, to = f[2*g], f[2*g+1]
		}
		v, err := c.group(m, s, from, to)
		if err != nil {
			return nil, err
		}
		elems[i] = v
	}
	return m.list(elems)
}

func groupNumber(re *regexp.Regexp, t Term) (int, bool) {
	if i, ok := t.(Int); ok {
		return int(i), i >= 0
	}
	name := ""
	switch x := t.(type) {
	case Atom:
		name = string(x)
	case Bits:
		name = string(x.Data)
	default:
		name, _ = term.Text(t)
	}
	i := re.SubexpIndex(name)
	return max(i, 0), i >= 0
}

func (c capture) group(m *machine, s string, from, to int) (Term, error) {
	text := ""
	if from >= 0 {
		text = s[from:to]
	}
	switch c.kind {
	case "list":
		return m.text(text)
	case "binary":
		return Binary(text), m.alloc(len(text))
	}
	return Tuple{Int(from), Int(max(to-from, 0))}, nil
}

// reResult gives iodata in the form of the option return.
func reResult(m *machine, parts []Term, tail Bits, opts map[Atom]Term) (Term, error) {
	kind, _ := opts["return"].(Atom)
	list, err := m.listTail(parts, tail)
	if err != nil || kind == "" || kind == "iodata" {
		return list, err
	}
	data, err := m.iolist(list)
	if err != nil {
		return nil, err
	}
	if kind == "binary" {
		return term.Bytes(data), nil
	}
	return m.text(string(data))
}

func reReplace(m *machine, args []Term) (Term, error) {
	opts, err := m.options(args, 3)
	if err != nil {
		return nil, err
	}
	re, err := m.regexpArg(args[1], opts)
	if err != nil {
		return nil, err
	}
	s, err := m.subject(args[0])
	if err != nil {
		return nil, err
	}
	by, err := m.subject(args[2])
	if err != nil {
		return nil, err
	}
	if err := m.matching(re, s); err != nil {
		return nil, err
	}
	n := 1
	if opts["global"] != nil {
		n = -1
	}
	var parts []Term
	from := 0
	for _, f := range re.FindAllStringSubmatchIndex(s, n) {
		with := expand(by, s, f)
		if err := m.alloc(len(with) + 64); err != nil {
			return nil, err
		}
		if f[0] > from {
			parts = append(parts, Binary(s[from:f[0]]))
		}
		parts = append(parts, Binary(with))
		from = f[1]
	}
	if parts == nil {
		kind, _ := opts["return"].(Atom)
		if kind == "" || kind == "iodata" {
			return args[0], nil
		}
	}
	return reResult(m, parts, Binary(s[from:]), opts)
}

// expand replaces & and \1 to \9 in a replacement by what was matched.
func expand(by, s string, f []int) string {
	var b strings.Builder
	for i := 0; i < len(by); i++ {
		g := -1
		switch {
		case by[i] == '&':
			g = 0
		case by[i] == '\\' && i+1 < len(by):
			i++
			if by[i] >= '0' && by[i] <= '9' {
				g = int(by[i] - '0')
			} else if by[i] != '&' && by[i] != '\\' {
				b.WriteByte('\\')
			}
		}
		if g < 0 {
			b.WriteByte(by[i])
		} else if 2*g+1 < len(f) && f[2*g] >= 0 {
			b.WriteString(s[f[2*g]:f[2*g+1]])
		}
	}
	return b.String()
}

func reSplit(m *machine, args []Term) (Term, error) {
	opts, err := m.options(args, 2)
	if err != nil {
		return nil, err
	}
	re, err := m.regexpArg(args[1], opts)
	if err != nil {
		return nil, err
	}
	s, err := m.subject(args[0])
	if err != nil {
		return nil, err
	}
	if err := m.matching(re, s); err != nil {
		return nil, err
	}
	n := -1
	if p, ok := opts["parts"].(Int); ok && p > 0 {
		n = int(p) - 1
	}
	var parts []string
	from := 0
	for _, f := range re.FindAllStringSubmatchIndex(s, n) {
		if f[1] == f[0] && (f[0] == from || f[0] == len(s)) {
			continue
		}
		parts = append(parts, s[from:f[0]])
		for g := 1; g < len(f)/2; g++ {
			text := ""
			if f[2*g] >= 0 {
				text = s[f[2*g]:f[2*g+1]]
			}
			parts = append(parts, text)
		}
		from = f[1]
	}
	parts = append(parts, s[from:])
	if opts["trim"] != nil {
		for len(parts) > 0 && parts[len(parts)-1] == "" {
			parts = parts[:len(parts)-1]
		}
	}
	kind, _ := opts["return"].(Atom)
	return m.texts(chardata{binary: kind != "list"}, parts)
}
