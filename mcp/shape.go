package mcp

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// shape has the names under which encoding/json looks for the fields of a type. encoding/json also takes a
// name that differs in case only, so that two readers of one text may see different values; a shape finds
// such names.
type shape struct {
	fields  map[string]*shape // of a struct, by name; the value is nil where nothing is to be checked within
	element *shape            // of a slice, an array or a map
}

// shapeOf makes the shape of a type; nil if it holds no struct that encoding/json decodes by itself.
func shapeOf(t reflect.Type) *shape { return newShape(t, map[reflect.Type]*shape{}) }

var (
	jsonDecoder = reflect.TypeFor[json.Unmarshaler]()
	textDecoder = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func newShape(t reflect.Type, seen map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := reflect.PointerTo(t); p.Implements(jsonDecoder) || p.Implements(textDecoder) {
		return nil
	}
	if s, found := seen[t]; found {
		return s
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		s := &shape{}
		seen[t] = s
		if s.element = newShape(t.Elem(), seen); s.element == nil {
			seen[t] = nil
			return nil
		}
		return s
	case reflect.Struct:
		s := &shape{fields: map[string]*shape{}}
		seen[t] = s
		for _, f := range reflect.VisibleFields(t) {
			if name := nameOf(f); name != "" {
				s.fields[name] = newShape(f.Type, seen)
			}
		}
		return s
	default:
		return nil
	}
}

// nameOf is the name of a field in JSON; empty if it has none of its own.
func nameOf(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case !f.IsExported() || tag == "-":
		return ""
	case name != "":
		return name
	case f.Anonymous:
		return ""
	}
	return f.Name
}

// check finds a name that is not the exact name of a field but that encoding/json would take for one. A nil
// shape finds nothing.
func (s *shape) check(text []byte) error {
	if s == nil {
		return nil
	}
	switch {
	case text[0] == '[':
		for item := range elements(text) {
			if err := s.element.check(item); err != nil {
				return err
			}
		}
	case text[0] == '{' && s.fields == nil:
		for _, value := range jsonrpc.Fields(text) {
			if err := s.element.check(value); err != nil {
				return err
			}
		}
	case text[0] == '{':
		return s.checkFields(text)
	}
	return nil
}

func (s *shape) checkFields(text []byte) error {
	for name, value := range jsonrpc.Fields(text) {
		sub, exact := s.fields[name]
		if exact {
			if err := sub.check(value); err != nil {
				return err
			}
			continue
		}
		for field := range s.fields {
			if strings.EqualFold(field, name) {
				return fmt.Errorf("%q is not the name of an argument, but %q is", brief(name), field)
			}
		}
	}
	return nil
}
