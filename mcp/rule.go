package mcp

import (
	"bytes"
	"iter"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// rule checks a JSON text against a simple schema without decoding it. It may refuse what the schema
// accepts (numbers in unusual forms, for example), and never accepts what the schema refuses; so a caller
// asks the library after a refusal only.
//
// A schema is simple if it has no other keywords than type, properties, required, additionalProperties as a
// boolean, items, an enum of strings, and those that check nothing.
type rule struct {
	types    typeSet
	enum     []string // nil: any
	fields   []field
	required uint64 // bit i: fields[i] must be there
	closed   bool   // no other members than fields
	items    *rule  // of arrays; nil: any
}

type field struct {
	name string
	rule *rule
}

// typeSet is a set of JSON types; the zero set stands for all.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBoolean
	typeString
	typeInteger
	typeNumber
	typeArray
	typeObject
)

var typeNames = map[string]typeSet{
	"null": typeNull, "boolean": typeBoolean, "string": typeString, "integer": typeInteger,
	"number": typeNumber, "array": typeArray, "object": typeObject,
}

// maxRequired is how many fields fit into rule.required.
const maxRequired = 64

// compileRule makes the rule of a schema; nil if the schema is not simple.
func compileRule(s *jsonschema.Schema) *rule {
	r := &rule{}
	if !r.readTypes(s) || !r.readEnum(s) || !onlySimple(s) {
		return nil
	}
	switch extra := s.AdditionalProperties; {
	case extra == nil || reflect.DeepEqual(*extra, jsonschema.Schema{}):
	case reflect.DeepEqual(*extra, jsonschema.Schema{Not: &jsonschema.Schema{}}): // false
		r.closed = true
	default:
		return nil
	}
	if s.Items != nil {
		if r.items = compileRule(s.Items); r.items == nil {
			return nil
		}
	}
	return r.readFields(s)
}

func (r *rule) readTypes(s *jsonschema.Schema) bool {
	names := s.Types
	if s.Type != "" {
		names = []string{s.Type}
	}
	for _, name := range names {
		t := typeNames[name]
		if t == 0 {
			return false
		}
		r.types |= t
	}
	return true
}

func (r *rule) readEnum(s *jsonschema.Schema) bool {
	if s.Enum == nil {
		return true
	}
	r.enum = []string{}
	for _, v := range s.Enum {
		text, ok := v.(string)
		if !ok {
			return false
		}
		r.enum = append(r.enum, text)
	}
	return true
}

func (r *rule) readFields(s *jsonschema.Schema) *rule {
	for name, property := range s.Properties {
		if property == nil {
			return nil
		}
		sub := compileRule(property)
		if sub == nil {
			return nil
		}
		r.fields = append(r.fields, field{name, sub})
	}
	// Fields that must be there come first, since their place is a bit.
	slices.SortFunc(r.fields, func(a, b field) int {
		switch first, second := slices.Contains(s.Required, a.name), slices.Contains(s.Required, b.name); {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	for _, name := range s.Required {
		i := slices.IndexFunc(r.fields, func(f field) bool { return f.name == name })
		if i < 0 || i >= maxRequired {
			return nil
		}
		r.required |= 1 << i
	}
	return r
}

// onlySimple reports whether s has only keywords that a rule knows, or that check nothing.
func onlySimple(s *jsonschema.Schema) bool {
	rest := *s
	rest.Type, rest.Types, rest.Enum, rest.Items = "", nil, nil, nil
	rest.Properties, rest.Required, rest.AdditionalProperties, rest.PropertyOrder = nil, nil, nil, nil
	rest.Title, rest.Description, rest.Comment, rest.Schema = "", "", "", ""
	rest.Default, rest.Examples, rest.Format = nil, nil, ""
	rest.Deprecated, rest.ReadOnly, rest.WriteOnly = false, false, false
	return reflect.DeepEqual(rest, jsonschema.Schema{})
}

// accepts reports whether the JSON value, of a text that was scanned, is sure to fit.
func (r *rule) accepts(text []byte) bool {
	t := typeOf(text)
	if t == 0 || r.types != 0 && r.types&t == 0 && (t != typeInteger || r.types&typeNumber == 0) {
		return false
	}
	if r.enum != nil {
		value, ok := jsonrpc.String(text)
		if !ok || !slices.Contains(r.enum, value) {
			return false
		}
	}
	switch {
	case t == typeObject && (r.fields != nil || r.closed):
		return r.acceptsObject(text)
	case t == typeArray && r.items != nil:
		for item := range elements(text) {
			if !r.items.accepts(item) {
				return false
			}
		}
	}
	return true
}

func (r *rule) acceptsObject(text []byte) bool {
	var there uint64
	for name, value := range jsonrpc.Fields(text) {
		i := r.place(name)
		switch {
		case i >= 0:
			if !r.fields[i].rule.accepts(value) {
				return false
			}
			if i < maxRequired {
				there |= 1 << i
			}
		case r.closed:
			return false
		}
	}
	return there&r.required == r.required
}

func (r *rule) place(name string) int {
	for i := range r.fields {
		if r.fields[i].name == name {
			return i
		}
	}
	return -1
}

// maxDigits is how many digits a number has at most that is an integer in every reading.
const maxDigits = 15

// typeOf is the type of a JSON value; 0 for numbers that a rule leaves to the library.
func typeOf(text []byte) typeSet {
	switch text[0] {
	case '{':
		return typeObject
	case '[':
		return typeArray
	case '"':
		return typeString
	case 't', 'f':
		return typeBoolean
	case 'n':
		return typeNull
	}
	digits := 0
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != '-' || i != 0:
			return 0
		}
	}
	if digits == 0 || digits > maxDigits {
		return 0
	}
	return typeInteger
}

// elements yields the elements of an array in a text that was scanned.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, start := 0, -1
		for i := 1; i < len(array); i++ {
			switch c := array[i]; {
			case depth == 0 && (c == ',' || c == ']'):
				if start >= 0 && !yield(bytes.TrimRight(array[start:i], " \t\r\n")) || c == ']' {
					return
				}
				start = -1
				continue
			case c == ' ' || c == '\t' || c == '\n' || c == '\r':
				continue
			}
			if start < 0 {
				start = i
			}
			switch array[i] {
			case '"':
				i = endOfString(array, i)
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
		}
	}
}
