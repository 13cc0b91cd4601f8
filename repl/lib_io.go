package repl

import (
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// ioFunctions print to the output of the evaluation. A leading device is
// accepted and means that output as well.
func ioFunctions() map[string]native {
	table := map[string]native{}
	add := func(name string, arities []int, f native) {
		for _, n := range arities {
			table[name+"/"+string(rune('0'+n))] = f
			table[name+"/"+string(rune('0'+n+1))] = onDevice(f)
		}
	}
	for _, name := range []string{"format", "fwrite"} {
		table[name+"/1"], table[name+"/2"] = ioFormat, ioFormat
		table[name+"/3"] = onDevice(ioFormat)
	}
	add("nl", []int{0}, func(m *machine, _ []Term) (Term, error) { return Atom("ok"), m.print("\n") })
	add("put_chars", []int{1}, putChars)
	add("write", []int{1}, func(m *machine, a []Term) (Term, error) {
		return Atom("ok"), m.print(term.Write(a[0], term.Style{Depth: -1}))
	})
	add("columns", []int{0}, func(*machine, []Term) (Term, error) { return Tuple{Atom("error"), Atom("enotsup")}, nil })
	return table
}

// onDevice drops the first argument, which must name a device.
func onDevice(f native) native {
	return func(m *machine, args []Term) (Term, error) {
		switch args[0].(type) {
		case Atom, Pid:
			return f(m, args[1:])
		}
		return nil, badarg
	}
}

// ioFormat prints formatted text.
func ioFormat(m *machine, args []Term) (Term, error) {
	data := Term(Nil{})
	if len(args) == 2 {
		data = args[1]
	}
	f, err := m.format(args[0], data)
	if err != nil {
		return nil, err
	}
	return Atom("ok"), m.print(f.out.String())
}

func putChars(m *machine, args []Term) (Term, error) {
	s, err := m.chars(args[0])
	if err != nil {
		return nil, err
	}
	return Atom("ok"), m.print(s)
}

// ioLibFunctions give text as terms.
func ioLibFunctions() map[string]native {
	format := func(m *machine, args []Term) (Term, error) {
		f, err := m.format(args[0], args[1])
		if err != nil {
			return nil, err
		}
		return m.list(f.parts)
	}
	write := func(style term.Style, print bool) native {
		return func(m *machine, args []Term) (Term, error) {
			style := style
			if len(args) == 2 {
				d, ok := args[1].(Int)
				if !ok {
					return nil, badarg
				}
				style.Depth = int(d)
			}
			if print {
				return m.text(term.Print(args[0], style))
			}
			return m.text(term.Write(args[0], style))
		}
	}
	plain := write(term.Style{Depth: -1}, false)
	return map[string]native{
		"format/2": format, "fwrite/2": format, "format/3": format, "fwrite/3": format,
		"write/1": plain, "write/2": plain,
		"print/1":      write(term.Style{Depth: -1, Width: 80, Column: 1}, true),
		"print/4":      ioLibPrint,
		"nl/0":         func(*machine, []Term) (Term, error) { return String("\n"), nil },
		"write_atom/1": leafText[Atom](plain),
		"write_string/1": func(m *machine, a []Term) (Term, error) {
			s, ok := term.Text(a[0])
			if !ok {
				return nil, badarg
			}
			return m.text(term.Quote(s, '"', false))
		},
		"write_char/1":             writeChar,
		"char_list/1":              isChars(func(rune) bool { return true }),
		"latin1_char_list/1":       isChars(func(c rune) bool { return c < 256 }),
		"printable_list/1":         isChars(func(c rune) bool { return term.Printable(c, true) }),
		"printable_latin1_list/1":  isChars(func(c rune) bool { return term.Printable(c, true) }),
		"printable_unicode_list/1": isChars(func(c rune) bool { return term.Printable(c, false) }),
		"deep_char_list/1":         deepCharList,
		"chars_length/1":           charsLength,
		"indentation/2":            indentation,
	}
}

func leafText[T Term](f native) native {
	return func(m *machine, args []Term) (Term, error) {
		if !is[T](args[0]) {
			return nil, badarg
		}
		return f(m, args)
	}
}

// text builds the list of a text's characters within the budget.
func (m *machine) text(s string) (Term, error) {
	if err := m.alloc(cellSize * utf8.RuneCountInString(s)); err != nil {
		return nil, err
	}
	return String(s), m.step(len(s) / 16)
}

func ioLibPrint(m *machine, args []Term) (Term, error) {
	col, ok1 := args[1].(Int)
	width, ok2 := args[2].(Int)
	depth, ok3 := args[3].(Int)
	if !ok1 || !ok2 || !ok3 {
		return nil, badarg
	}
	return m.text(term.Print(args[0], term.Style{Column: int(col), Width: int(width), Depth: int(depth)}))
}

func writeChar(m *machine, args []Term) (Term, error) {
	n, ok := args[0].(Int)
	if !ok || !term.ValidChar(n) {
		return nil, badarg
	}
	if n == ' ' {
		return String(`$\s`), nil
	}
	if n == '"' || n == '\'' {
		return String("$" + string(rune(n))), nil
	}
	q := term.Quote(string(rune(n)), '"', false)
	return String("$" + q[1:len(q)-1]), nil
}

func isChars(valid func(rune) bool) native {
	return func(m *machine, args []Term) (Term, error) {
		s, ok := term.Text(args[0])
		if !ok {
			return False, nil
		}
		for _, c := range s {
			if !valid(c) {
				return False, nil
			}
		}
		return True, m.step(len(s) / 16)
	}
}

func deepCharList(m *machine, args []Term) (Term, error) {
	if !term.IsList(args[0]) {
		return False, nil
	}
	_, err := m.chars(args[0])
	if err == badarg {
		return False, nil
	}
	return True, err
}

func charsLength(m *machine, args []Term) (Term, error) {
	s, err := m.chars(args[0])
	return Int(utf8.RuneCountInString(s)), err
}

func indentation(m *machine, args []Term) (Term, error) {
	s, err := m.chars(args[0])
	start, ok := args[1].(Int)
	if err != nil || !ok {
		return nil, badarg
	}
	f := formatter{m: m, col: int(start)}
	f.put(s)
	return Int(f.col), nil
}
