package repl

import (
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// binaryBIFs are the functions on binaries and iolists.
func binaryBIFs() map[string]native {
	return map[string]native{
		"byte_size/1":         bitSize(func(b Bits) int { return (b.N + 7) / 8 }),
		"bit_size/1":          bitSize(func(b Bits) int { return b.N }),
		"binary_to_list/1":    binaryToList,
		"binary_to_list/3":    binaryToList,
		"bitstring_to_list/1": bitstringToList,
		"list_to_binary/1":    listToBinary,
		"list_to_bitstring/1": listToBinary,
		"iolist_to_binary/1":  iolistToBinary,
		"iolist_size/1":       iolistSize,
		"iolist_to_iovec/1":   iolistToIovec,
		"split_binary/2":      splitBinary,
		"binary_part/2":       binaryPart,
		"binary_part/3":       binaryPart,
	}
}

func bitSize(f func(Bits) int) native {
	return func(_ *machine, args []Term) (Term, error) {
		b, ok := args[0].(Bits)
		if !ok {
			return nil, badarg
		}
		return Int(f(b)), nil
	}
}

// binaryArg gives the bytes of a binary.
func binaryArg(t Term) ([]byte, bool) {
	b, ok := t.(Bits)
	return b.Data, ok && b.IsBinary()
}

// byteList builds the list of bytes.
func (m *machine) byteList(data []byte) (Term, error) {
	if err := m.alloc(len(data) * cellSize); err != nil {
		return nil, err
	}
	elems := make([]Term, len(data))
	for i, c := range data {
		elems[i] = Int(c)
	}
	return m.list(elems)
}

func binaryToList(m *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	if !ok {
		return nil, badarg
	}
	if len(args) == 3 {
		from, ok1 := index(args[1], len(data))
		to, ok2 := index(args[2], len(data))
		if !ok1 || !ok2 || from > to {
			return nil, badarg
		}
		data = data[from-1 : to]
	}
	return m.byteList(data)
}

func bitstringToList(m *machine, args []Term) (Term, error) {
	b, ok := args[0].(Bits)
	if !ok {
		return nil, badarg
	}
	r := bitReader{bits: b}
	var elems []Term
	for r.left() >= 8 {
		elems = append(elems, Int(r.take(8).Data[0]))
	}
	if n := r.left(); n > 0 {
		elems = append(elems, r.take(n))
	}
	return m.list(elems)
}

// gather appends the bytes of an iolist to w. Binaries of broken bytes count
// only with bits.
func (m *machine) gather(t Term, w *bitWriter, bits bool) error {
	stack := []Term{t}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if err := m.step(1); err != nil {
			return err
		}
		switch x := t.(type) {
		case Nil:
		case Bits:
			if !x.IsBinary() && !bits {
				return badarg
			}
			if err := m.alloc(x.N / 8); err != nil {
				return err
			}
			w.bits(x, x.N)
		case *Cons:
			for c := x; ; {
				if n, ok := c.Head.(Int); ok && n >= 0 && n <= 255 {
					w.grow(8)
					w.byte(byte(n), 8)
				} else if term.IsList(c.Head) || is[Bits](c.Head) {
					stack = append(stack, c.Tail, c.Head)
					break
				} else {
					return badarg
				}
				if is[Int](c.Tail) {
					return badarg
				}
				next, ok := c.Tail.(*Cons)
				if !ok {
					stack = append(stack, c.Tail)
					break
				}
				c = next
			}
			if err := m.alloc(1); err != nil {
				return err
			}
		default:
			return badarg
		}
	}
	return nil
}

func listToBinary(m *machine, args []Term) (Term, error) {
	if !term.IsList(args[0]) {
		return nil, badarg
	}
	var w bitWriter
	if err := m.gather(args[0], &w, true); err != nil {
		return nil, err
	}
	return w.term(), nil
}

// iolist gives the bytes of an iolist.
func (m *machine) iolist(t Term) ([]byte, error) {
	var w bitWriter
	err := m.gather(t, &w, false)
	return w.data, err
}

func iolistToBinary(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	return term.Bytes(data), err
}

func iolistSize(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	return Int(len(data)), err
}

func iolistToIovec(m *machine, args []Term) (Term, error) {
	data, err := m.iolist(args[0])
	return List(term.Bytes(data)), err
}

func splitBinary(_ *machine, args []Term) (Term, error) {
	b, ok1 := args[0].(Bits)
	n, ok2 := args[1].(Int)
	if !ok1 || !ok2 || n < 0 || n > Int(b.N/8) {
		return nil, badarg
	}
	r := bitReader{bits: b}
	return Tuple{r.take(int(n) * 8), r.take(b.N - int(n)*8)}, nil
}

// binaryPart takes a part from a position on; a negative length ends there.
func binaryPart(_ *machine, args []Term) (Term, error) {
	pos, length := args[1:2], args[2:]
	if len(args) == 2 {
		p, ok := args[1].(Tuple)
		if !ok || len(p) != 2 {
			return nil, badarg
		}
		pos, length = p[:1], p[1:]
	}
	data, ok1 := binaryArg(args[0])
	start, ok2 := pos[0].(Int)
	n, ok3 := length[0].(Int)
	if !ok1 || !ok2 || !ok3 {
		return nil, badarg
	}
	if n < 0 {
		start, n = start+n, -n
	}
	if start < 0 || n < 0 || start > Int(len(data)) || n > Int(len(data))-start {
		return nil, badarg
	}
	return term.Bytes(data[start : start+n : start+n]), nil
}

// chars gives the characters of chardata: lists of characters and UTF-8
// binaries, nested.
func (m *machine) chars(t Term) (string, error) {
	var b strings.Builder
	stack := []Term{t}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if err := m.step(1); err != nil {
			return "", err
		}
		for t != nil {
			var err error
			if t, stack, err = charsOf(t, &b, stack); err != nil {
				return "", err
			}
			if b.Len() > m.memory {
				return "", m.kill(limitReached("memory"))
			}
		}
	}
	if err := m.alloc(b.Len()); err != nil {
		return "", err
	}
	return b.String(), m.step(b.Len() / 32)
}

// charsOf takes what stands first in t and gives the rest of it.
func charsOf(t Term, b *strings.Builder, stack []Term) (Term, []Term, error) {
	switch x := t.(type) {
	case Nil:
		return nil, stack, nil
	case Bits:
		if !x.IsBinary() || !utf8.Valid(x.Data) {
			return nil, stack, badarg
		}
		b.Write(x.Data)
		return nil, stack, nil
	case *Cons:
		if n, ok := x.Head.(Int); ok {
			if !term.ValidChar(n) {
				return nil, stack, badarg
			}
			b.WriteRune(rune(n))
			if is[Int](x.Tail) {
				return nil, stack, badarg
			}
			return x.Tail, stack, nil
		}
		return nil, append(stack, x.Tail, x.Head), nil
	}
	return nil, stack, badarg
}
