package repl

import (
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// commonAtoms exist before any expression names them.
const commonAtoms = `ok error true false undefined null nil none infinity normal shutdown kill killed noproc timeout
	badarg badarith badmatch badkey badmap badfun badarity function_clause case_clause if_clause try_clause undef
	system_limit noconnection nodedown EXIT DOWN nonode@nohost local global via worker supervisor permanent temporary
	transient reply noreply stop call cast info init start start_link stop terminate handle_call handle_cast
	handle_info module name type value key node pid port reference atom list tuple map integer float binary string`

// maxAtoms bounds the atoms a shell remembers.
const maxAtoms = 10_000

// noteAtoms remembers the atoms of an expression's text.
func (s *Shell) noteAtoms(text string) {
	for name := range syntax.Atoms(text) {
		s.noteAtom(name)
	}
}

func (s *Shell) noteAtom(name string) {
	if len(s.atoms) < maxAtoms {
		s.atoms[name] = true
	}
}

// atomExists tells whether an atom has been named: in an expression, by a
// conversion, or in the library.
func (s *Shell) atomExists(name string) bool {
	if s.atoms[name] || utf8.RuneCountInString(name) == 1 && name < "\x80" {
		return true
	}
	for f := range s.natives {
		if f.module == name || f.name == name {
			return true
		}
	}
	for _, f := range System() {
		if f.Module == name || f.Name == name {
			return true
		}
	}
	files, _ := sources.ReadDir("lib")
	for _, file := range files {
		text, err := sources.ReadFile("lib/" + file.Name())
		if err != nil {
			continue
		}
		for a := range syntax.Atoms(string(text)) {
			if a == name {
				return true
			}
		}
	}
	for _, a := range strings.Fields(commonAtoms) {
		if a == name {
			return true
		}
	}
	return term.IsReserved(name)
}

// existing makes a conversion to atoms refuse unknown ones.
func existing(f native) native {
	return func(m *machine, args []Term) (Term, error) {
		v, err := f(m, args)
		if err != nil {
			return nil, err
		}
		if err := m.step(100); err != nil {
			return nil, err
		}
		if !m.shell.atomExists(string(v.(Atom))) {
			return nil, badarg
		}
		return v, nil
	}
}

// noting remembers the atoms that a conversion makes.
func noting(f native) native {
	return func(m *machine, args []Term) (Term, error) {
		v, err := f(m, args)
		if a, ok := v.(Atom); ok && err == nil {
			m.shell.noteAtom(string(a))
		}
		return v, err
	}
}
