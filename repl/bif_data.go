package repl

// dataBIFs are the functions on lists, tuples and maps.
func dataBIFs() map[string]native {
	return map[string]native{
		"hd/1":             func(_ *machine, a []Term) (Term, error) { return cell(a[0], func(c *Cons) Term { return c.Head }) },
		"tl/1":             func(_ *machine, a []Term) (Term, error) { return cell(a[0], func(c *Cons) Term { return c.Tail }) },
		"length/1":         length,
		"element/2":        element,
		"setelement/3":     setElement,
		"tuple_size/1":     tupleSize,
		"tuple_to_list/1":  tupleToList,
		"list_to_tuple/1":  listToTuple,
		"make_tuple/2":     makeTuple,
		"make_tuple/3":     makeTuple,
		"append_element/2": appendElement,
		"insert_element/3": insertElement,
		"delete_element/2": deleteElement,
		"size/1":           size,
		"map_size/1":       mapSize,
		"map_get/2":        mapGet,
		"is_map_key/2":     isMapKey,
		"append/2":         func(m *machine, a []Term) (Term, error) { return m.appendLists(a[0], a[1]) },
		"subtract/2":       func(m *machine, a []Term) (Term, error) { return m.subtract(a[0], a[1]) },
	}
}

func cell(t Term, part func(*Cons) Term) (Term, error) {
	c, ok := t.(*Cons)
	if !ok {
		return nil, badarg
	}
	return part(c), nil
}

func length(m *machine, args []Term) (Term, error) {
	n := 0
	for t := args[0]; ; n++ {
		switch c := t.(type) {
		case *Cons:
			t = c.Tail
		case Nil:
			return Int(n), m.step(n / 8)
		default:
			return nil, badarg
		}
	}
}

// index reads a position from 1 to most.
func index(t Term, most int) (int, bool) {
	n, ok := t.(Int)
	return int(n), ok && n >= 1 && n <= Int(most)
}

func element(_ *machine, args []Term) (Term, error) {
	t, ok1 := args[1].(Tuple)
	i, ok2 := index(args[0], len(t))
	if !ok1 || !ok2 {
		return nil, badarg
	}
	return t[i-1], nil
}

func setElement(m *machine, args []Term) (Term, error) {
	t, ok1 := args[1].(Tuple)
	i, ok2 := index(args[0], len(t))
	if !ok1 || !ok2 {
		return nil, badarg
	}
	out, err := m.tuple(len(t))
	if err != nil {
		return nil, err
	}
	copy(out, t)
	out[i-1] = args[2]
	return out, nil
}

// tuple makes room for a tuple within the budget.
func (m *machine) tuple(n int) (Tuple, error) {
	if n > 1<<24 {
		return nil, badarg
	}
	if err := m.alloc(16 * n); err != nil {
		return nil, err
	}
	return make(Tuple, n), m.step(n / 8)
}

func tupleSize(_ *machine, args []Term) (Term, error) {
	t, ok := args[0].(Tuple)
	if !ok {
		return nil, badarg
	}
	return Int(len(t)), nil
}

func tupleToList(m *machine, args []Term) (Term, error) {
	t, ok := args[0].(Tuple)
	if !ok {
		return nil, badarg
	}
	return m.list(t)
}

func listToTuple(m *machine, args []Term) (Term, error) {
	elems, err := m.slice(args[0])
	if err != nil {
		return nil, err
	}
	return Tuple(elems), m.alloc(16 * len(elems))
}

func makeTuple(m *machine, args []Term) (Term, error) {
	n, ok := args[0].(Int)
	if !ok || n < 0 || n > 1<<24 {
		return nil, badarg
	}
	out, err := m.tuple(int(n))
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i] = args[1]
	}
	if len(args) == 2 {
		return out, nil
	}
	inits, err := m.slice(args[2])
	if err != nil {
		return nil, err
	}
	for _, init := range inits {
		p, ok := init.(Tuple)
		if !ok || len(p) != 2 {
			return nil, badarg
		}
		i, ok := index(p[0], len(out))
		if !ok {
			return nil, badarg
		}
		out[i-1] = p[1]
	}
	return out, nil
}

func appendElement(m *machine, args []Term) (Term, error) {
	t, ok := args[0].(Tuple)
	if !ok {
		return nil, badarg
	}
	return insertElement(m, []Term{Int(len(t) + 1), t, args[1]})
}

func insertElement(m *machine, args []Term) (Term, error) {
	t, ok1 := args[1].(Tuple)
	i, ok2 := index(args[0], len(t)+1)
	if !ok1 || !ok2 {
		return nil, badarg
	}
	out, err := m.tuple(len(t) + 1)
	if err != nil {
		return nil, err
	}
	copy(out, t[:i-1])
	out[i-1] = args[2]
	copy(out[i:], t[i-1:])
	return out, nil
}

func deleteElement(m *machine, args []Term) (Term, error) {
	t, ok1 := args[1].(Tuple)
	i, ok2 := index(args[0], len(t))
	if !ok1 || !ok2 {
		return nil, badarg
	}
	out, err := m.tuple(len(t) - 1)
	if err != nil {
		return nil, err
	}
	copy(out, t[:i-1])
	copy(out[i-1:], t[i:])
	return out, nil
}

func size(_ *machine, args []Term) (Term, error) {
	switch t := args[0].(type) {
	case Tuple:
		return Int(len(t)), nil
	case Bits:
		return Int(t.N / 8), nil
	}
	return nil, badarg
}

// mapArg gives a map, or the exception {badmap,T}.
func mapArg(t Term) (*Map, error) {
	m, ok := t.(*Map)
	if !ok {
		return nil, errorTuple("badmap", t)
	}
	return m, nil
}

func mapSize(_ *machine, args []Term) (Term, error) {
	t, err := mapArg(args[0])
	if err != nil {
		return nil, err
	}
	return Int(t.Len()), nil
}

func mapGet(_ *machine, args []Term) (Term, error) {
	t, err := mapArg(args[1])
	if err != nil {
		return nil, err
	}
	v, ok := t.Get(args[0])
	if !ok {
		return nil, errorTuple("badkey", args[0])
	}
	return v, nil
}

func isMapKey(_ *machine, args []Term) (Term, error) {
	t, err := mapArg(args[1])
	if err != nil {
		return nil, err
	}
	_, ok := t.Get(args[0])
	return Bool(ok), nil
}
