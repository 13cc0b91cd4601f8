package mcp

import (
	"slices"
	"strings"

	"github.com/yosida95/uritemplate/v3"
)

// uriTemplate matches URIs with a template (RFC 6570). A template of the usual form, variables in braces
// with something other between them that cannot be part of a value, is matched in one pass; others, and
// values that are lists, are left to the library, which takes about 1 us a byte.
type uriTemplate struct {
	library  *uritemplate.Template
	literals []string // before, between and after the variables
	names    []string // of the variables; nil if the template is not of the usual form
}

func newURITemplate(text string) (*uriTemplate, error) {
	library, err := uritemplate.New(text)
	if err != nil {
		return nil, err
	}
	t := &uriTemplate{library: library, literals: []string{text}}
	if literals, names, ok := splitTemplate(text); ok {
		t.literals, t.names = literals, names
	} else if head, _, found := strings.Cut(text, "{"); found {
		t.literals = []string{head}
	}
	return t, nil
}

// splitTemplate takes a template of the usual form apart.
func splitTemplate(text string) (literals, names []string, ok bool) {
	for {
		literal, rest, found := strings.Cut(text, "{")
		if !isPlain(literal) || len(literals) > 0 && found && literal == "" {
			return nil, nil, false
		}
		if len(literals) > 0 && literal != "" && isUnreserved(literal[0]) {
			return nil, nil, false // where the value ends is not clear
		}
		literals = append(literals, literal)
		if !found {
			return literals, names, len(names) > 0
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !isName(name) || slices.Contains(names, name) {
			return nil, nil, false
		}
		names = append(names, name)
		text = after
	}
}

// isPlain reports whether a literal stands for itself.
func isPlain(literal string) bool {
	for i := range len(literal) {
		if c := literal[i]; !isUnreserved(c) && !strings.ContainsRune(":/?#[]@!$&'()*+;=", rune(c)) {
			return false
		}
	}
	return true
}

func isName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) || c == '-' || c == '.' || c == '~' {
			return false
		}
	}
	return name != ""
}

// isUnreserved is the rule of RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// has reports whether the template has a variable of the name.
func (t *uriTemplate) has(name string) bool { return slices.Contains(t.library.Varnames(), name) }

// match has the values of the variables in a URI, decoded; lists are joined with commas. It is not nil if the
// URI is one of the template's.
func (t *uriTemplate) match(uri string) map[string]string {
	if !strings.HasPrefix(uri, t.literals[0]) {
		return nil
	}
	if t.names != nil && !strings.Contains(uri, ",") {
		return t.matchQuickly(uri[len(t.literals[0]):])
	}
	values := t.library.Match(uri)
	if values == nil {
		return nil
	}
	variables := make(map[string]string, len(values))
	for name, v := range values {
		if v.T == uritemplate.ValueTypeString {
			variables[name] = v.String()
		} else {
			variables[name] = strings.Join(v.List(), ",")
		}
	}
	return variables
}

// matchQuickly matches what follows the first literal. Where a value ends is clear: what follows it starts
// with something that is no part of a value.
func (t *uriTemplate) matchQuickly(rest string) map[string]string {
	ends := make([]int, 0, 8)
	at := 0
	for _, literal := range t.literals[1:] {
		at += valueLength(rest[at:])
		ends = append(ends, at)
		if !strings.HasPrefix(rest[at:], literal) {
			return nil
		}
		at += len(literal)
	}
	if at != len(rest) {
		return nil
	}
	variables := make(map[string]string, len(t.names))
	at = 0
	for i, name := range t.names {
		variables[name] = decodeEscapes(rest[at:ends[i]])
		at = ends[i] + len(t.literals[i+1])
	}
	return variables
}

// valueLength is how much of s can be a value: unreserved characters and escapes.
func valueLength(s string) int {
	i := 0
	for i < len(s) {
		switch {
		case isUnreserved(s[i]):
			i++
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 3
		default:
			return i
		}
	}
	return i
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
