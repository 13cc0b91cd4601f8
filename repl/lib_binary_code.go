package repl

import (
	"bytes"
	"math/big"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// littleEndian reads the optional argument big or little.
func littleEndian(args []Term) (little, ok bool) {
	if len(args) < 2 || args[1] == Term(Atom("big")) {
		return false, true
	}
	return true, args[1] == Term(Atom("little"))
}

func swap(data []byte) []byte {
	out := make([]byte, len(data))
	for i, c := range data {
		out[len(data)-1-i] = c
	}
	return out
}

func encodeUnsigned(_ *machine, args []Term) (Term, error) {
	n, ok1 := term.BigOf(args[0])
	little, ok2 := littleEndian(args)
	if !ok1 || !ok2 || n.Sign() < 0 {
		return nil, badarg
	}
	data := n.Bytes()
	if len(data) == 0 {
		data = []byte{0}
	}
	if little {
		data = swap(data)
	}
	return term.Bytes(data), nil
}

func decodeUnsigned(m *machine, args []Term) (Term, error) {
	data, ok1 := binaryArg(args[0])
	little, ok2 := littleEndian(args)
	if !ok1 || !ok2 {
		return nil, badarg
	}
	if little {
		data = swap(data)
	}
	return m.integer(new(big.Int).SetBytes(data))
}

func encodeHex(m *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	if !ok {
		return nil, badarg
	}
	digits := "0123456789ABCDEF"
	if len(args) == 2 {
		switch args[1] {
		case Term(Atom("lowercase")):
			digits = "0123456789abcdef"
		case Term(Atom("uppercase")):
		default:
			return nil, badarg
		}
	}
	if err := m.alloc(2 * len(data)); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 2*len(data))
	for _, c := range data {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return term.Bytes(out), nil
}

func decodeHex(m *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	if !ok || len(data)%2 != 0 {
		return nil, badarg
	}
	out := make([]byte, len(data)/2)
	for i, c := range data {
		d := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if c < '0' || d < 0 {
			return nil, badarg
		}
		out[i/2] = out[i/2]<<4 | byte(d)
	}
	return term.Bytes(out), nil
}
