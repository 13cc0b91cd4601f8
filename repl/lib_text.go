package repl

import (
	"encoding/base64"
	"math/rand/v2"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// unicodeFunctions convert between encodings.
func unicodeFunctions() map[string]native {
	return map[string]native{
		"characters_to_list/1":     charactersToList,
		"characters_to_list/2":     charactersToList,
		"characters_to_binary/1":   charactersToBinary,
		"characters_to_binary/2":   charactersToBinary,
		"characters_to_binary/3":   charactersToBinary,
		"characters_to_nfc_list/1": charactersToList,
	}
}

// characters reads chardata in an encoding; bad UTF-8 gives {error,Good,Rest}.
func (m *machine) characters(args []Term) (string, Term, error) {
	if len(args) > 1 && args[1] == Term(Atom("latin1")) {
		if data, err := m.iolist(args[0]); err == nil {
			return latin1(data), nil, nil
		}
	}
	s, err := m.chars(args[0])
	if b, ok := args[0].(Bits); ok && err == badarg && b.IsBinary() {
		n := 0
		for n < len(b.Data) {
			r, size := utf8.DecodeRune(b.Data[n:])
			if r == utf8.RuneError && size <= 1 {
				break
			}
			n += size
		}
		tag := Atom("error")
		if !utf8.FullRune(b.Data[n:]) {
			tag = "incomplete"
		}
		return string(b.Data[:n]), Tuple{tag, nil, term.Bytes(b.Data[n:])}, nil
	}
	return s, nil, err
}

func charactersToList(m *machine, args []Term) (Term, error) {
	s, bad, err := m.characters(args)
	if err != nil {
		return nil, err
	}
	t, err := m.text(s)
	if bad != nil && err == nil {
		return Tuple{bad.(Tuple)[0], t, bad.(Tuple)[2]}, nil
	}
	return t, err
}

func charactersToBinary(m *machine, args []Term) (Term, error) {
	s, bad, err := m.characters(args)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		return Tuple{bad.(Tuple)[0], Binary(s), bad.(Tuple)[2]}, nil
	}
	to := Atom("utf8")
	if len(args) == 3 {
		to, _ = args[2].(Atom)
	}
	switch to {
	case "utf8", "unicode":
		return Binary(s), m.alloc(len(s))
	case "latin1":
		var data []byte
		for i, r := range s {
			if r > 255 {
				rest, err := m.text(s[i:])
				return Tuple{Atom("error"), term.Bytes(data), rest}, err
			}
			data = append(data, byte(r))
		}
		return term.Bytes(data), m.alloc(len(data))
	case "utf16":
		var data []byte
		for _, u := range utf16.Encode([]rune(s)) {
			data = append(data, byte(u>>8), byte(u))
		}
		return term.Bytes(data), m.alloc(len(data))
	}
	return nil, badarg
}

// base64Functions encode and decode base 64.
func base64Functions() map[string]native {
	encode := func(give func(*machine, string) (Term, error)) native {
		return func(m *machine, args []Term) (Term, error) {
			data, err := m.iolist(args[0])
			if err != nil {
				return nil, err
			}
			return give(m, base64.StdEncoding.EncodeToString(data))
		}
	}
	decode := func(give func(*machine, []byte) (Term, error)) native {
		return func(m *machine, args []Term) (Term, error) {
			text, err := m.iolist(args[0])
			if err != nil {
				return nil, err
			}
			data, derr := base64.StdEncoding.DecodeString(string(text))
			if derr != nil {
				return nil, badarg
			}
			return give(m, data)
		}
	}
	return map[string]native{
		"encode/1":           encode(func(m *machine, s string) (Term, error) { return Binary(s), m.alloc(len(s)) }),
		"encode_to_string/1": encode((*machine).text),
		"decode/1":           decode(func(m *machine, b []byte) (Term, error) { return term.Bytes(b), m.alloc(len(b)) }),
		"decode_to_string/1": decode((*machine).byteList),
	}
}

// randFunctions give random numbers; there are no seeds.
func randFunctions() map[string]native {
	return map[string]native{
		"uniform/0": func(*machine, []Term) (Term, error) { return Float(rand.Float64()), nil },
		"uniform/1": func(_ *machine, a []Term) (Term, error) {
			n, ok := a[0].(Int)
			if !ok || n < 1 {
				return nil, functionClause
			}
			return Int(rand.Int64N(int64(n)) + 1), nil
		},
	}
}
