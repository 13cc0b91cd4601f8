package repl

// mapsFunctions are the functions of the module maps that are written in Go;
// the others are in lib/maps.erl.
func mapsFunctions() map[string]native {
	return map[string]native{
		"get/2": mapGet,
		"put/3": func(m *machine, a []Term) (Term, error) {
			t, err := mapArg(a[2])
			if err != nil {
				return nil, err
			}
			return m.put(t, a[0], a[1])
		},
		"remove/2": func(m *machine, a []Term) (Term, error) {
			t, err := mapArg(a[1])
			if err != nil {
				return nil, err
			}
			if err := m.alloc(t.Len()); err != nil {
				return nil, err
			}
			return t.Remove(a[0]), nil
		},
		"keys/1":      mapPart(func(t *Map, i int) Term { k, _ := t.At(i); return k }),
		"values/1":    mapPart(func(t *Map, i int) Term { _, v := t.At(i); return v }),
		"to_list/1":   mapToList,
		"from_list/1": fromPairs,
		"from_keys/2": fromKeys,
		"merge/2":     mergeMaps,
	}
}

func mapPart(part func(*Map, int) Term) native {
	return func(m *machine, args []Term) (Term, error) {
		t, err := mapArg(args[0])
		if err != nil {
			return nil, err
		}
		if err := m.alloc(pairSize * t.Len()); err != nil {
			return nil, err
		}
		elems := make([]Term, t.Len())
		for i := range elems {
			elems[i] = part(t, i)
		}
		return m.list(elems)
	}
}

// mapToList gives the pairs of a map.
func mapToList(m *machine, args []Term) (Term, error) {
	t, err := mapArg(args[0])
	if err != nil {
		return nil, err
	}
	return m.pairs(t)
}

func fromPairs(m *machine, args []Term) (Term, error) {
	elems, err := m.slice(args[0])
	if err != nil {
		return nil, err
	}
	pairs := make([][2]Term, len(elems))
	for i, e := range elems {
		p, ok := e.(Tuple)
		if !ok || len(p) != 2 {
			return nil, badarg
		}
		pairs[i] = [2]Term{p[0], p[1]}
	}
	return m.newMap(pairs)
}

func fromKeys(m *machine, args []Term) (Term, error) {
	keys, err := m.slice(args[0])
	if err != nil {
		return nil, err
	}
	pairs := make([][2]Term, len(keys))
	for i, k := range keys {
		pairs[i] = [2]Term{k, args[1]}
	}
	return m.newMap(pairs)
}

// mergeMaps merges two maps; the values of the second one count.
func mergeMaps(m *machine, args []Term) (Term, error) {
	a, err := mapArg(args[0])
	if err != nil {
		return nil, err
	}
	b, err := mapArg(args[1])
	if err != nil {
		return nil, err
	}
	var pairs [][2]Term
	for _, t := range []*Map{a, b} {
		for i := range t.Len() {
			k, v := t.At(i)
			pairs = append(pairs, [2]Term{k, v})
		}
	}
	return m.newMap(pairs)
}
