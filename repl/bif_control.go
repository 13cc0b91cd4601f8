package repl

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// controlBIFs raise exceptions and use what the shell keeps.
func controlBIFs() map[string]native {
	return map[string]native{
		"error/1":             raiseError,
		"error/2":             raiseError,
		"error/3":             raiseError,
		"exit/1":              func(_ *machine, a []Term) (Term, error) { return nil, Raise(ClassExit, a[0]) },
		"throw/1":             func(_ *machine, a []Term) (Term, error) { return nil, Raise(ClassThrow, a[0]) },
		"raise/3":             raise3,
		"nif_error/1":         raiseError,
		"get/0":               getAll,
		"get/1":               getKey,
		"get_keys/0":          getKeys,
		"get_keys/1":          getKeys,
		"put/2":               putKey,
		"erase/0":             eraseAll,
		"erase/1":             eraseKey,
		"make_ref/0":          makeRef,
		"fun_info/1":          funInfo,
		"fun_info/2":          funInfo,
		"function_exported/3": functionExported,
		"is_builtin/3":        isBuiltin,
		"phash2/1":            phash2,
		"phash2/2":            phash2,
		"unique_integer/0":    uniqueInteger,
		"unique_integer/1":    uniqueInteger,
		"node/1":              nodeOf,
		"display/1": func(m *machine, a []Term) (Term, error) {
			return True, m.print(term.Write(a[0], term.Style{Depth: -1}) + "\n")
		},
		"md5/1":     md5Of,
		"crc32/1":   crc32Of,
		"adler32/1": adler32Of,
	}
}

func raiseError(_ *machine, args []Term) (Term, error) {
	e := Raise(ClassError, args[0])
	if len(args) > 1 {
		if list, ok := term.Slice(args[1]); ok {
			e.Stack = []Frame{{Function: "expr", Arity: len(list)}}
		}
	}
	return nil, e
}

// noClause raises function_clause as if from another function. Only library
// functions written in Erlang call it.
func noClause(_ *machine, args []Term) (Term, error) {
	mod, _ := args[0].(Atom)
	name, _ := args[1].(Atom)
	list, ok := term.Slice(args[2])
	if !ok {
		return nil, badarg
	}
	return nil, raised(functionClause, mfa{string(mod), string(name), len(list)}, list)
}

// raise3 raises an exception of a class; its stack trace is not looked at.
func raise3(_ *machine, args []Term) (Term, error) {
	class, _ := args[0].(Atom)
	switch c := Class(class); c {
	case ClassError, ClassExit, ClassThrow:
		return nil, Raise(c, args[1])
	}
	return nil, badarg
}

func getAll(m *machine, _ []Term) (Term, error) { return m.pairs(m.shell.dict) }

// pairs gives the list of a map's pairs.
func (m *machine) pairs(t *Map) (Term, error) {
	if err := m.alloc(pairSize * t.Len()); err != nil {
		return nil, err
	}
	elems := make([]Term, t.Len())
	for i := range elems {
		k, v := t.At(i)
		elems[i] = Tuple{k, v}
	}
	return m.list(elems)
}

func valueOr(v Term, ok bool) Term {
	if !ok {
		return Atom("undefined")
	}
	return v
}

func getKey(m *machine, args []Term) (Term, error) { return valueOr(m.shell.dict.Get(args[0])), nil }

func getKeys(m *machine, args []Term) (Term, error) {
	var keys []Term
	for i := range m.shell.dict.Len() {
		k, v := m.shell.dict.At(i)
		if len(args) == 0 || term.Equal(v, args[0]) {
			keys = append(keys, k)
		}
	}
	return m.list(keys)
}

func putKey(m *machine, args []Term) (Term, error) {
	const most = 1000
	old := valueOr(m.shell.dict.Get(args[0]))
	if m.shell.dict.Len() >= most {
		return nil, Raise(ClassError, Atom("system_limit"))
	}
	dict, err := m.put(m.shell.dict, args[0], args[1])
	if err != nil {
		return nil, err
	}
	m.shell.dict = dict
	return old, nil
}

func eraseAll(m *machine, _ []Term) (Term, error) {
	v, err := m.pairs(m.shell.dict)
	m.shell.dict = &Map{}
	return v, err
}

func eraseKey(m *machine, args []Term) (Term, error) {
	old := valueOr(m.shell.dict.Get(args[0]))
	m.shell.dict = m.shell.dict.Remove(args[0])
	return old, nil
}

func makeRef(m *machine, _ []Term) (Term, error) {
	m.shell.refs++
	return Ref("0." + strconv.FormatUint(m.shell.refs>>18, 10) + "." + strconv.FormatUint(m.shell.refs&(1<<18-1), 10) + ".1"), nil
}

func uniqueInteger(m *machine, args []Term) (Term, error) {
	m.shell.refs++
	return Int(m.shell.refs), nil
}

func nodeOf(m *machine, args []Term) (Term, error) {
	number := uint64(0)
	switch x := args[0].(type) {
	case Pid:
		number = x.Node
	case Port:
		number = x.Node
	case Ref:
		first, _, _ := strings.Cut(string(x), ".")
		number, _ = strconv.ParseUint(first, 10, 64) // the parser has read it as a number
	default:
		return nil, badarg
	}
	if number == 0 {
		return m.call("erlang", "node")
	}
	if n, ok := m.shell.o.Inspector.(Nodes); ok {
		if name, ok := n.NodeName(number); ok {
			return Atom(name), nil
		}
	}
	return nil, badarg
}

func funInfo(_ *machine, args []Term) (Term, error) {
	f, ok := args[0].(*Fun)
	if !ok {
		return nil, badarg
	}
	mod, name, kind := f.Module, f.Name, Atom("external")
	if f.Closure != nil {
		mod, name, kind = "erl_eval", "-expr/6-fun-0-", "local"
	}
	items := []Term{
		Tuple{Atom("module"), mod}, Tuple{Atom("name"), name}, Tuple{Atom("arity"), Int(f.Arity)},
		Tuple{Atom("env"), Nil{}}, Tuple{Atom("type"), kind},
	}
	if len(args) == 1 {
		return List(items...), nil
	}
	for _, i := range items {
		if i.(Tuple)[0] == args[1] {
			return i, nil
		}
	}
	return nil, badarg
}

func functionExported(m *machine, args []Term) (Term, error) {
	mod, ok1 := args[0].(Atom)
	name, ok2 := args[1].(Atom)
	arity, ok3 := args[2].(Int)
	if !ok1 || !ok2 || !ok3 {
		return nil, badarg
	}
	return Bool(m.shell.defined(mfa{string(mod), string(name), int(arity)})), nil
}

func isBuiltin(m *machine, args []Term) (Term, error) {
	ok, err := functionExported(m, args)
	if err != nil {
		return nil, err
	}
	return Bool(ok == Term(True) && args[0] == Term(Atom("erlang"))), nil
}

// defined tells whether the shell has a function, whoever may call it.
func (s *Shell) defined(f mfa) bool {
	if s.natives[f] != nil {
		return true
	}
	if mod := s.module(f.module); mod != nil {
		if fn := mod.functions[funKey{f.name, f.arity}]; fn != nil && fn.Exported {
			return true
		}
	}
	_, ok := s.roles[f]
	return ok
}

// phash2 gives a hash of a term; its values are not those of Erlang.
func phash2(m *machine, args []Term) (Term, error) {
	limit := Int(1 << 27)
	if len(args) == 2 {
		n, ok := args[1].(Int)
		if !ok || n < 1 || n > 1<<32 {
			return nil, badarg
		}
		limit = n
	}
	h := fnv.New64a()
	h.Write([]byte(term.Write(args[0], term.Style{Depth: -1, Max: 1 << 16})))
	return Int(h.Sum64()>>1) % limit, m.step(64)
}

// timeBIFs tell the time.
func timeBIFs() map[string]native {
	return map[string]native{
		"system_time/0":    systemTime,
		"system_time/1":    systemTime,
		"monotonic_time/0": systemTime,
		"monotonic_time/1": systemTime,
		"timestamp/0":      timestamp,
		"now/0":            timestamp,
		"date/0":           func(*machine, []Term) (Term, error) { return dateTerm(time.Now()), nil },
		"time/0":           func(*machine, []Term) (Term, error) { return timeTerm(time.Now()), nil },
		"localtime/0": func(*machine, []Term) (Term, error) {
			now := time.Now()
			return Tuple{dateTerm(now), timeTerm(now)}, nil
		},
		"universaltime/0": func(*machine, []Term) (Term, error) {
			now := time.Now().UTC()
			return Tuple{dateTerm(now), timeTerm(now)}, nil
		},
		"convert_time_unit/3": convertTimeUnit,
	}
}

// perSecond gives the parts of a time unit in a second.
func perSecond(t Term) (Int, bool) {
	switch u := t.(type) {
	case Int:
		return u, u > 0
	case Atom:
		switch u {
		case "second", "seconds":
			return 1, true
		case "millisecond", "milli_seconds":
			return 1e3, true
		case "microsecond", "micro_seconds":
			return 1e6, true
		case "nanosecond", "nano_seconds", "native", "perf_counter":
			return 1e9, true
		}
	}
	return 0, false
}

func systemTime(m *machine, args []Term) (Term, error) {
	unit := Int(1e9)
	if len(args) == 1 {
		u, ok := perSecond(args[0])
		if !ok {
			return nil, badarg
		}
		unit = u
	}
	return convertUnits(m, Int(time.Now().UnixNano()), 1e9, unit)
}

func convertUnits(m *machine, t Term, from, to Int) (Term, error) {
	v, err := m.binary("*", t, to)
	if err != nil {
		return nil, badarg
	}
	// Erlang rounds down, also below zero.
	q, err := m.binary("div", v, from)
	if err != nil {
		return nil, badarg
	}
	r, err := m.binary("rem", v, from)
	if err != nil {
		return nil, badarg
	}
	if term.Compare(r, Int(0)) < 0 {
		return m.binary("-", q, Int(1))
	}
	return q, nil
}

func convertTimeUnit(m *machine, args []Term) (Term, error) {
	from, ok1 := perSecond(args[1])
	to, ok2 := perSecond(args[2])
	if !term.IsInteger(args[0]) || !ok1 || !ok2 {
		return nil, badarg
	}
	return convertUnits(m, args[0], from, to)
}

func timestamp(*machine, []Term) (Term, error) {
	us := time.Now().UnixMicro()
	return Tuple{Int(us / 1e12), Int(us / 1e6 % 1e6), Int(us % 1e6)}, nil
}

func dateTerm(t time.Time) Term {
	return Tuple{Int(t.Year()), Int(t.Month()), Int(t.Day())}
}

func timeTerm(t time.Time) Term {
	return Tuple{Int(t.Hour()), Int(t.Minute()), Int(t.Second())}
}
