package repl

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// ErrJSONTooLarge is why JSON gives nothing.
var ErrJSONTooLarge = errors.New("repl: the value is too large for JSON")

// maxJSONDepth is how deep the JSON of a term nests; what is deeper becomes its text.
const maxJSONDepth = 100

// JSON gives a term as JSON, at most limit bytes of it:
//
//	integer, float                   number
//	true, false, null                the same
//	another atom                     string, without quotes of its own
//	binary of UTF-8                  string
//	list that prints as a string     string; the empty list is an array
//	proper list, tuple               array, so [{a,1}] is [["a",1]]
//	map                              object; keys are atoms and strings as above, others as they print
//	pid, port, reference, fun,
//	other bit strings and lists      string, as they print
//
// The error is ErrJSONTooLarge.
func JSON(t Term, limit int) ([]byte, error) {
	w := jsonWriter{limit: limit}
	w.value(t, 0)
	if w.over() {
		return nil, ErrJSONTooLarge
	}
	return w.buf, nil
}

type jsonWriter struct {
	buf   []byte
	limit int
}

func (w *jsonWriter) over() bool { return len(w.buf) > w.limit }

func (w *jsonWriter) value(t Term, depth int) {
	if w.over() {
		return
	}
	switch x := t.(type) {
	case Int:
		w.buf = strconv.AppendInt(w.buf, int64(x), 10)
	case *Big:
		n, _ := term.BigOf(x)
		w.buf = n.Append(w.buf, 10)
	case Float:
		w.float(float64(x))
	case Atom:
		w.atom(x)
	case Nil:
		w.buf = append(w.buf, "[]"...)
	default:
		w.compound(t, depth)
	}
}

func (w *jsonWriter) compound(t Term, depth int) {
	if text, ok := jsonText(t); ok {
		w.text(text)
		return
	}
	if depth < maxJSONDepth {
		switch x := t.(type) {
		case Tuple:
			w.array(x, depth)
			return
		case *Map:
			w.object(x, depth)
			return
		case *Cons:
			if elems, ok := term.Slice(x); ok {
				w.array(elems, depth)
				return
			}
		}
	}
	w.text(term.Print(t, term.Style{Depth: -1, Max: max(w.limit-len(w.buf), 1)}))
}

func (w *jsonWriter) array(elems []Term, depth int) {
	w.buf = append(w.buf, '[')
	for i, e := range elems {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.value(e, depth+1)
	}
	w.buf = append(w.buf, ']')
}

// object writes a map. Of two keys with one text, such as a and <<"a">>, the later in term order is written
// as it prints.
func (w *jsonWriter) object(m *Map, depth int) {
	seen := map[string]bool{}
	w.buf = append(w.buf, '{')
	for i := range m.Len() {
		k, v := m.At(i)
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		name, ok := jsonText(k)
		if a, isAtom := k.(Atom); isAtom {
			name, ok = string(a), true
		}
		if !ok || seen[name] {
			name = term.Print(k, term.Style{Depth: -1, Max: max(w.limit-len(w.buf), 1)})
		}
		seen[name] = true
		w.text(name)
		w.buf = append(w.buf, ':')
		w.value(v, depth+1)
	}
	w.buf = append(w.buf, '}')
}

func (w *jsonWriter) atom(a Atom) {
	switch a {
	case "true", "false", "null":
		w.buf = append(w.buf, a...)
	default:
		w.text(string(a))
	}
}

// float writes the shortest digits that read back the same, always as a number with a fraction or exponent.
func (w *jsonWriter) float(f float64) {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	at := len(w.buf)
	w.buf = strconv.AppendFloat(w.buf, f, format, -1, 64)
	for _, c := range w.buf[at:] {
		if c == '.' || c == 'e' {
			return
		}
	}
	w.buf = append(w.buf, ".0"...)
}

// text writes a string, escaped as RFC 8259 asks for.
func (w *jsonWriter) text(s string) {
	w.buf = append(w.buf, '"')
	for i := 0; i < len(s) && !w.over(); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			w.buf = append(w.buf, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			w.buf = append(w.buf, '\\', 'u', '0', '0', hexDigit(r>>4), hexDigit(r&15))
		case r == utf8.RuneError && size == 1:
			w.buf = append(w.buf, "\\ufffd"...)
		default:
			w.buf = append(w.buf, s[i:i+size]...)
		}
		i += size
	}
	w.buf = append(w.buf, '"')
}

func hexDigit(r rune) byte { return "0123456789abcdef"[r] }

// jsonText gives the text of a binary or of a list that prints as a string.
func jsonText(t Term) (string, bool) {
	switch x := t.(type) {
	case Bits:
		return string(x.Data), x.IsBinary() && utf8.Valid(x.Data)
	case *Cons:
		if text, ok := term.Text(x); ok && !strings.ContainsFunc(text, unprintable) {
			return text, true
		}
	}
	return "", false
}

// unprintable tells whether a list with this character does not print as a string.
func unprintable(r rune) bool { return !term.Printable(r, true) }
