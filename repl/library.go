package repl

import (
	"embed"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// sources are the library functions that are written in Erlang, one file a
// module.
//
//go:embed lib/*.erl
var sources embed.FS

// funKey names a function within its module.
type funKey struct {
	name  string
	arity int
}

// module is a parsed module of the library.
type module struct {
	name      string
	functions map[funKey]*syntax.Function
}

// module gives a library module, parsed at its first use; nil when there is
// none.
func (s *Shell) module(name string) *module {
	mod, ok := s.modules[name]
	if !ok {
		mod = loadModule(name)
		s.modules[name] = mod
		if len(s.modules) > 256 { // names that do not exist are remembered as well
			s.modules = map[string]*module{name: mod}
		}
	}
	return mod
}

func loadModule(name string) *module {
	text, err := sources.ReadFile("lib/" + name + ".erl")
	if err != nil {
		return nil
	}
	list, err := syntax.ParseModule(string(text))
	if err != nil {
		return nil
	}
	mod := &module{name, make(map[funKey]*syntax.Function, len(list))}
	for i := range list {
		mod.functions[funKey{list[i].Name, list[i].Arity}] = &list[i]
	}
	return mod
}
