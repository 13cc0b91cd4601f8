package repl

import (
	"bytes"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// binaryFunctions are the functions of the module binary.
func binaryFunctions() map[string]native {
	return map[string]native{
		"part/2":                  binaryPart,
		"part/3":                  binaryPart,
		"at/2":                    binaryAt,
		"first/1":                 func(m *machine, a []Term) (Term, error) { return binaryAt(m, []Term{a[0], Int(0)}) },
		"last/1":                  binaryLast,
		"bin_to_list/1":           binaryToList,
		"bin_to_list/2":           binToList,
		"bin_to_list/3":           binToList,
		"list_to_bin/1":           iolistToBinary,
		"copy/1":                  binaryCopy,
		"copy/2":                  binaryCopy,
		"split/2":                 binarySplit,
		"split/3":                 binarySplit,
		"replace/3":               binaryReplace,
		"replace/4":               binaryReplace,
		"match/2":                 binaryMatch(false),
		"match/3":                 binaryMatch(false),
		"matches/2":               binaryMatch(true),
		"matches/3":               binaryMatch(true),
		"longest_common_prefix/1": commonAffix(false),
		"longest_common_suffix/1": commonAffix(true),
		"encode_unsigned/1":       encodeUnsigned,
		"encode_unsigned/2":       encodeUnsigned,
		"decode_unsigned/1":       decodeUnsigned,
		"decode_unsigned/2":       decodeUnsigned,
		"encode_hex/1":            encodeHex,
		"encode_hex/2":            encodeHex,
		"decode_hex/1":            decodeHex,
		"compile_pattern/1":       func(_ *machine, a []Term) (Term, error) { return a[0], nil },
		"referenced_byte_size/1":  bitSize(func(b Bits) int { return b.N / 8 }),
	}
}

func binaryAt(_ *machine, args []Term) (Term, error) {
	data, ok1 := binaryArg(args[0])
	i, ok2 := args[1].(Int)
	if !ok1 || !ok2 || i < 0 || i >= Int(len(data)) {
		return nil, badarg
	}
	return Int(data[i]), nil
}

func binaryLast(_ *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	if !ok || len(data) == 0 {
		return nil, badarg
	}
	return Int(data[len(data)-1]), nil
}

func binToList(m *machine, args []Term) (Term, error) {
	b, err := binaryPart(m, args)
	if err != nil {
		return nil, err
	}
	return binaryToList(m, []Term{b})
}

func binaryCopy(m *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	n := Int(1)
	if len(args) == 2 {
		count, isInt := args[1].(Int)
		n, ok = count, ok && isInt
	}
	if !ok || n < 0 {
		return nil, badarg
	}
	if len(data) > 0 && n > Int(m.memory/len(data)) {
		return nil, m.alloc(m.memory + 1)
	}
	if err := m.alloc(len(data) * int(n)); err != nil {
		return nil, err
	}
	return term.Bytes(bytes.Repeat(data, int(n))), nil
}

// searchArgs are the subject and the patterns of a search.
func (m *machine) searchArgs(args []Term) (data []byte, patterns [][]byte, err error) {
	data, ok := binaryArg(args[0])
	if !ok {
		return nil, nil, badarg
	}
	if p, ok := binaryArg(args[1]); ok && len(p) > 0 {
		return data, [][]byte{p}, nil
	}
	list, err := m.slice(args[1])
	if err != nil {
		return nil, nil, err
	}
	for _, t := range list {
		p, ok := binaryArg(t)
		if !ok || len(p) == 0 {
			return nil, nil, badarg
		}
		patterns = append(patterns, p)
	}
	if len(patterns) == 0 {
		return nil, nil, badarg
	}
	return data, patterns, m.step(len(data)*len(patterns)>>8 + 1)
}

// firstMatch finds the first match from off on, the longest of several there.
func firstMatch(data []byte, patterns [][]byte, off int) (start, end int) {
	start, end = -1, -1
	for _, p := range patterns {
		i := bytes.Index(data[off:], p)
		if i < 0 {
			continue
		}
		i += off
		if start < 0 || i < start || i == start && i+len(p) > end {
			start, end = i, i+len(p)
		}
	}
	return start, end
}

// options reads a list of options: atoms, and pairs with their value.
func (m *machine) options(args []Term, i int) (map[Atom]Term, error) {
	opts := map[Atom]Term{}
	if len(args) <= i {
		return opts, nil
	}
	list, err := m.slice(args[i])
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		switch x := o.(type) {
		case Atom:
			opts[x] = True
		case Tuple:
			name, ok := Term(nil), len(x) == 2
			if ok {
				name = x[0]
			}
			a, isAtom := name.(Atom)
			if !ok || !isAtom {
				return nil, badarg
			}
			opts[a] = x[1]
		default:
			return nil, badarg
		}
	}
	return opts, nil
}

// cuts finds the matches in data; only the first one unless global.
func (m *machine) cuts(data []byte, patterns [][]byte, global bool) ([][2]int, error) {
	var found [][2]int
	for off := 0; off <= len(data); {
		start, end := firstMatch(data, patterns, off)
		if start < 0 {
			break
		}
		if err := m.alloc(32); err != nil {
			return nil, err
		}
		if err := m.step(len(patterns)); err != nil {
			return nil, err
		}
		found = append(found, [2]int{start, end})
		off = end
		if !global {
			break
		}
	}
	return found, nil
}

func binarySplit(m *machine, args []Term) (Term, error) {
	data, patterns, err := m.searchArgs(args)
	if err != nil {
		return nil, err
	}
	opts, err := m.options(args, 2)
	if err != nil {
		return nil, err
	}
	found, err := m.cuts(data, patterns, opts["global"] != nil)
	if err != nil {
		return nil, err
	}
	var parts [][]byte
	from := 0
	for _, f := range found {
		parts = append(parts, data[from:f[0]])
		from = f[1]
	}
	parts = append(parts, data[from:])
	var elems []Term
	for _, p := range parts {
		if len(p) == 0 && opts["trim_all"] != nil {
			continue
		}
		elems = append(elems, term.Bytes(p[:len(p):len(p)]))
	}
	if opts["trim"] != nil {
		for len(elems) > 0 && elems[len(elems)-1].(Bits).N == 0 {
			elems = elems[:len(elems)-1]
		}
	}
	return m.list(elems)
}

func binaryReplace(m *machine, args []Term) (Term, error) {
	data, patterns, err := m.searchArgs(args)
	if err != nil {
		return nil, err
	}
	opts, err := m.options(args, 3)
	if err != nil {
		return nil, err
	}
	by, ok := binaryArg(args[2])
	f, isFun := args[2].(*Fun)
	if !ok && !isFun {
		return nil, badarg
	}
	found, err := m.cuts(data, patterns, opts["global"] != nil)
	if err != nil {
		return nil, err
	}
	var out []byte
	from := 0
	for _, c := range found {
		with := by
		if isFun {
			v, err := m.apply(f, term.Bytes(data[c[0]:c[1]]))
			if err != nil {
				return nil, err
			}
			if with, ok = binaryArg(v); !ok {
				return nil, badarg
			}
		}
		if err := m.alloc(len(with) + c[0] - from); err != nil {
			return nil, err
		}
		out = append(append(out, data[from:c[0]]...), with...)
		from = c[1]
	}
	return term.Bytes(append(out, data[from:]...)), m.alloc(len(data) - from)
}

func binaryMatch(all bool) native {
	return func(m *machine, args []Term) (Term, error) {
		data, patterns, err := m.searchArgs(args)
		if err != nil {
			return nil, err
		}
		opts, err := m.options(args, 2)
		if err != nil {
			return nil, err
		}
		base := 0
		if scope, ok := opts["scope"].(Tuple); ok && len(scope) == 2 {
			part, err := binaryPart(m, []Term{args[0], scope})
			if err != nil {
				return nil, err
			}
			data = part.(Bits).Data
			base = int(scope[0].(Int))
			if n := scope[1].(Int); n < 0 {
				base += int(n)
			}
		}
		found, err := m.cuts(data, patterns, all)
		if err != nil {
			return nil, err
		}
		var elems []Term
		for _, f := range found {
			elems = append(elems, Tuple{Int(f[0] + base), Int(f[1] - f[0])})
		}
		switch {
		case all:
			return m.list(elems)
		case len(elems) == 0:
			return Atom("nomatch"), nil
		}
		return elems[0], nil
	}
}

func commonAffix(suffix bool) native {
	return func(m *machine, args []Term) (Term, error) {
		list, err := m.slice(args[0])
		if err != nil || len(list) == 0 {
			return nil, badarg
		}
		first, ok := binaryArg(list[0])
		if !ok {
			return nil, badarg
		}
		n := len(first)
		for _, t := range list[1:] {
			data, ok := binaryArg(t)
			if !ok {
				return nil, badarg
			}
			n = min(n, len(data))
			for i := 0; i < n; i++ {
				a, b := first[i], data[i]
				if suffix {
					a, b = first[len(first)-1-i], data[len(data)-1-i]
				}
				if a != b {
					n = i
				}
			}
		}
		return Int(n), m.step(len(list))
	}
}
