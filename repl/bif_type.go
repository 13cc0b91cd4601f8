package repl

import "github.com/erlmcp/erlmcp/repl/internal/term"

// typeBIFs are the type tests.
func typeBIFs() map[string]native {
	test := func(f func(Term) bool) native {
		return func(_ *machine, args []Term) (Term, error) { return Bool(f(args[0])), nil }
	}
	isBool := func(t Term) bool { return t == Term(True) || t == Term(False) }
	return map[string]native{
		"is_atom/1":      test(is[Atom]),
		"is_binary/1":    test(func(t Term) bool { b, ok := t.(Bits); return ok && b.IsBinary() }),
		"is_bitstring/1": test(is[Bits]),
		"is_boolean/1":   test(isBool),
		"is_float/1":     test(is[Float]),
		"is_function/1":  test(is[*Fun]),
		"is_function/2":  isFunction,
		"is_integer/1":   test(term.IsInteger),
		"is_list/1":      test(term.IsList),
		"is_map/1":       test(is[*Map]),
		"is_number/1":    test(term.IsNumber),
		"is_pid/1":       test(is[Pid]),
		"is_port/1":      test(is[Port]),
		"is_reference/1": test(is[Ref]),
		"is_tuple/1":     test(is[Tuple]),
		"is_record/2":    isRecord,
		"is_record/3":    isRecord,
	}
}

func is[T Term](t Term) bool {
	_, ok := t.(T)
	return ok
}

func isFunction(_ *machine, args []Term) (Term, error) {
	n, ok := args[1].(Int)
	if !ok || n < 0 {
		return nil, badarg
	}
	f, ok := args[0].(*Fun)
	return Bool(ok && f.Arity == int(n)), nil
}

func isRecord(_ *machine, args []Term) (Term, error) {
	tag, ok := args[1].(Atom)
	if !ok {
		return nil, badarg
	}
	t, ok := args[0].(Tuple)
	ok = ok && len(t) > 0 && t[0] == Term(tag)
	if len(args) == 3 {
		n, isInt := args[2].(Int)
		if !isInt {
			return nil, badarg
		}
		ok = ok && len(t) == int(n)
	}
	return Bool(ok), nil
}
