package repl

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// commands are the shell's own, for completion.
const commands = "b( f( h( v( help( q( i( regs( pid("

// Sessions knows the ids of clients' sessions. An Inspector that has it lets
// the shell complete them.
type Sessions interface {
	// SessionIDs gives ids that begin with prefix, at most most of them.
	SessionIDs(prefix string, most int) []string
}

// maxSessionIDs is how many ids of sessions a completion gives.
const maxSessionIDs = 100

// Candidates completes the last word of a line: Module: to its functions, a
// capital to variables, other words to modules, functions without a module,
// commands, and the names of registered processes and nodes; within a string,
// what is there of it to the ids of sessions. It gives whole words, sorted, and
// how many bytes of the line they replace.
func (s *Shell) Candidates(ctx context.Context, line string) (words []string, replace int) {
	if strings.Count(line, `"`)%2 == 1 {
		text := line[strings.LastIndex(line, `"`)+1:]
		if known, ok := s.o.Inspector.(Sessions); ok {
			words = known.SessionIDs(text, maxSessionIDs)
			slices.Sort(words)
		}
		return words, len(text)
	}
	start := strings.LastIndexFunc(line, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_@:.'", r)
	}) + 1
	word := line[start:]
	var all []string
	if mod, _, ok := strings.Cut(word, ":"); ok {
		for _, f := range s.Functions(mod) {
			all = append(all, mod+":"+f)
		}
	} else {
		all = append(all, s.Variables()...)
		if word != "" {
			all = append(all, s.words(ctx)...)
		}
	}
	for _, w := range all {
		if strings.HasPrefix(w, word) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return slices.Compact(words), len(word)
}

// words are the words that need no module before them.
func (s *Shell) words(ctx context.Context) []string {
	var all []string
	for _, mod := range s.Modules() {
		all = append(all, mod+":")
	}
	for f := range bifs {
		if s.natives[f] != nil {
			all = append(all, f.name+"(")
		}
	}
	for _, f := range System() {
		if f.Module == "erlang" && isBIF(f.Name, f.Arity) {
			all = append(all, f.Name+"(")
		}
	}
	if s.o.Commands {
		all = append(all, strings.Fields(commands)...)
	}
	return append(append(all, s.names(ctx, "registered")...), s.names(ctx, "nodes")...)
}

// names gives the atoms that a function of the inspector answers with.
func (s *Shell) names(ctx context.Context, function string) []string {
	if s.o.Inspector == nil {
		return nil
	}
	v, ok, err := s.o.Inspector.Call(ctx, "erlang", function, nil)
	if !ok || err != nil {
		return nil
	}
	list, _ := Slice(v)
	var names []string
	for _, t := range list {
		if a, ok := t.(Atom); ok {
			names = append(names, Format(a))
		}
	}
	return names
}

// Modules gives the names of all modules, sorted.
func (s *Shell) Modules() []string {
	var mods []string
	for f := range s.natives {
		if f.module != "$lib" {
			mods = append(mods, f.module)
		}
	}
	for _, f := range System() {
		mods = append(mods, f.Module)
	}
	files, _ := sources.ReadDir("lib")
	for _, f := range files {
		mods = append(mods, strings.TrimSuffix(f.Name(), ".erl"))
	}
	slices.Sort(mods)
	return slices.Compact(mods)
}

// Functions gives the functions of a module as Name/Arity, sorted. Operators
// are left out.
func (s *Shell) Functions(module string) []string {
	var list []string
	add := func(name string, arity int) {
		if name != "" && name[0] >= 'a' && name[0] <= 'z' {
			list = append(list, name+"/"+strconv.Itoa(arity))
		}
	}
	for f := range s.natives {
		if f.module == module {
			add(f.name, f.arity)
		}
	}
	for _, f := range System() {
		if f.Module == module {
			add(f.Name, f.Arity)
		}
	}
	if mod := s.module(module); mod != nil {
		for f, fn := range mod.functions {
			if fn.Exported {
				add(f.name, f.arity)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
