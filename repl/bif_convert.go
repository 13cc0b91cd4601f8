package repl

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// convertBIFs are the functions between numbers, atoms, identifiers and text.
func convertBIFs() map[string]native {
	return map[string]native{
		"atom_to_list/1":            atomTo(func(s string) Term { return String(s) }),
		"atom_to_binary/1":          atomTo(func(s string) Term { return Binary(s) }),
		"atom_to_binary/2":          atomTo(func(s string) Term { return Binary(s) }),
		"list_to_atom/1":            noting(listToAtom),
		"list_to_existing_atom/1":   existing(listToAtom),
		"binary_to_atom/1":          noting(binaryToAtom),
		"binary_to_atom/2":          noting(binaryToAtom),
		"binary_to_existing_atom/1": existing(binaryToAtom),
		"binary_to_existing_atom/2": existing(binaryToAtom),
		"integer_to_list/1":         integerTo(func(s string) Term { return String(s) }),
		"integer_to_list/2":         integerTo(func(s string) Term { return String(s) }),
		"integer_to_binary/1":       integerTo(func(s string) Term { return Binary(s) }),
		"integer_to_binary/2":       integerTo(func(s string) Term { return Binary(s) }),
		"list_to_integer/1":         fromList(toInteger),
		"list_to_integer/2":         fromList(toInteger),
		"binary_to_integer/1":       fromBinary(toInteger),
		"binary_to_integer/2":       fromBinary(toInteger),
		"float_to_list/1":           floatTo(func(s string) Term { return String(s) }),
		"float_to_list/2":           floatTo(func(s string) Term { return String(s) }),
		"float_to_binary/1":         floatTo(func(s string) Term { return Binary(s) }),
		"float_to_binary/2":         floatTo(func(s string) Term { return Binary(s) }),
		"list_to_float/1":           fromList(textToFloat),
		"binary_to_float/1":         fromBinary(textToFloat),
		"pid_to_list/1":             identifierToList(is[Pid]),
		"port_to_list/1":            identifierToList(is[Port]),
		"ref_to_list/1":             identifierToList(is[Ref]),
		"fun_to_list/1":             identifierToList(is[*Fun]),
		"list_to_pid/1":             parsed(term.ParsePid),
		"list_to_port/1":            parsed(term.ParsePort),
		"list_to_ref/1":             parsed(term.ParseRef),
		"term_to_binary/1":          termToBinary,
		"term_to_binary/2":          termToBinary,
		"external_size/1":           externalSize,
		"binary_to_term/1":          binaryToTerm,
		"binary_to_term/2":          binaryToTerm,
	}
}

func atomTo(make func(string) Term) native {
	return func(_ *machine, args []Term) (Term, error) {
		a, ok := args[0].(Atom)
		if !ok {
			return nil, badarg
		}
		if len(args) == 2 && !isEncoding(args[1]) {
			return nil, badarg
		}
		return make(string(a)), nil
	}
}

func isEncoding(t Term) bool {
	return t == Term(Atom("utf8")) || t == Term(Atom("unicode")) || t == Term(Atom("latin1"))
}

func newAtom(s string) (Term, error) {
	if utf8.RuneCountInString(s) > 255 {
		return nil, Raise(ClassError, Atom("system_limit"))
	}
	return Atom(s), nil
}

func listToAtom(_ *machine, args []Term) (Term, error) {
	s, ok := term.Text(args[0])
	if !ok {
		return nil, badarg
	}
	return newAtom(s)
}

func binaryToAtom(_ *machine, args []Term) (Term, error) {
	b, ok := args[0].(Bits)
	if !ok || !b.IsBinary() {
		return nil, badarg
	}
	if len(args) == 2 {
		if !isEncoding(args[1]) {
			return nil, badarg
		}
		if args[1] == Term(Atom("latin1")) {
			return newAtom(latin1(b.Data))
		}
	}
	if !utf8.Valid(b.Data) {
		return nil, badarg
	}
	return newAtom(string(b.Data))
}

// latin1 reads bytes as code points.
func latin1(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// baseArg is the base in an optional second argument.
func baseArg(args []Term) (int, bool) {
	if len(args) < 2 {
		return 10, true
	}
	n, ok := args[1].(Int)
	return int(n), ok && n >= 2 && n <= 36
}

func integerTo(make func(string) Term) native {
	return func(m *machine, args []Term) (Term, error) {
		n, ok1 := term.BigOf(args[0])
		base, ok2 := baseArg(args)
		if !ok1 || !ok2 {
			return nil, badarg
		}
		if err := m.alloc(n.BitLen() * 12); err != nil {
			return nil, err
		}
		return make(strings.ToUpper(n.Text(base))), nil
	}
}

// fromList and fromBinary make natives of functions that read text.
func fromList(f func(string, []Term) (Term, error)) native {
	return func(m *machine, args []Term) (Term, error) {
		s, ok := term.Text(args[0])
		if !ok || len(s) > 1<<17 {
			return nil, badarg
		}
		if err := m.step(len(s) / 8); err != nil {
			return nil, err
		}
		return f(s, args)
	}
}

func fromBinary(f func(string, []Term) (Term, error)) native {
	return func(m *machine, args []Term) (Term, error) {
		b, ok := args[0].(Bits)
		if !ok || !b.IsBinary() || len(b.Data) > 1<<17 {
			return nil, badarg
		}
		if err := m.step(len(b.Data) / 8); err != nil {
			return nil, err
		}
		return f(string(b.Data), args)
	}
}

func toInteger(s string, args []Term) (Term, error) {
	base, ok := baseArg(args)
	if !ok || strings.Contains(s, "_") {
		return nil, badarg
	}
	n, ok := new(big.Int).SetString(s, base)
	if !ok {
		return nil, badarg
	}
	return NewInt(n), nil
}

var floatSyntax = regexp.MustCompile(`^[+-]?[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?$`)

func textToFloat(s string, _ []Term) (Term, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || !floatSyntax.MatchString(s) {
		return nil, badarg
	}
	return Float(f), nil
}

func floatTo(make func(string) Term) native {
	return func(_ *machine, args []Term) (Term, error) {
		f, ok := args[0].(Float)
		if !ok {
			return nil, badarg
		}
		if len(args) == 1 {
			return make(fmt.Sprintf("%.20e", float64(f))), nil
		}
		s, ok := formatFloat(float64(f), args[1])
		if !ok {
			return nil, badarg
		}
		return make(s), nil
	}
}

// formatFloat formats by the options {decimals,N}, {scientific,N}, compact and
// short; the last one counts.
func formatFloat(f float64, options Term) (string, bool) {
	opts, ok := term.Slice(options)
	if !ok {
		return "", false
	}
	s, compact, decimals := fmt.Sprintf("%.20e", f), false, false
	for _, o := range opts {
		switch x := o.(type) {
		case Atom:
			switch x {
			case "compact":
				compact = true
			case "short":
				s, decimals = term.WriteFloat(Float(f)), false
			default:
				return "", false
			}
		case Tuple:
			if len(x) != 2 {
				return "", false
			}
			n, ok := x[1].(Int)
			if !ok || n < 0 || n > 253 {
				return "", false
			}
			switch x[0] {
			case Term(Atom("decimals")):
				s, decimals = fixed(f, int(n)), n > 0
			case Term(Atom("scientific")):
				s, decimals = fmt.Sprintf("%.*e", int(n), f), false
			default:
				return "", false
			}
		default:
			return "", false
		}
	}
	if compact && decimals {
		s = strings.TrimRight(s, "0")
		if strings.HasSuffix(s, ".") {
			s += "0"
		}
	}
	return s, true
}

// fixed writes a float with n decimals, half away from zero.
func fixed(f float64, n int) string {
	const guard = 25 // further digits, to see halves
	s := strconv.FormatFloat(math.Abs(f), 'f', n+guard, 64)
	whole, frac, _ := strings.Cut(s, ".")
	out, carry := round([]byte(whole+frac), len(whole)+n)
	text := string(out)
	places := len(whole)
	if carry {
		text, places = "1"+text, places+1
	}
	if n > 0 {
		text = text[:places] + "." + text[places:]
	}
	if math.Signbit(f) {
		return "-" + text
	}
	return text
}

func identifierToList(want func(Term) bool) native {
	return func(_ *machine, args []Term) (Term, error) {
		if !want(args[0]) {
			return nil, badarg
		}
		return String(term.Write(args[0], term.Style{Depth: -1})), nil
	}
}

func parsed[T Term](parse func(string) (T, bool)) native {
	return func(_ *machine, args []Term) (Term, error) {
		s, ok := term.Text(args[0])
		if !ok {
			return nil, badarg
		}
		v, ok := parse(s)
		if !ok {
			return nil, badarg
		}
		return v, nil
	}
}
