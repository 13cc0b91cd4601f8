package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// schema is a compiled JSON schema, draft 2020-12 or draft 7. It refers to nothing outside itself.
type schema struct {
	text     []byte // as it was written, without white space
	resolved *jsonschema.Resolved
	quick    *rule // accepts only what resolved accepts; nil if the schema is not simple
	defaults []defaultValue
}

// defaultValue is the default of a property of the schema itself.
type defaultValue struct {
	name  string
	value []byte
}

// Limits of a schema.
const (
	maxSchemaBytes = 1 << 20
	maxSchemaDepth = 128 // of the JSON text: 64 levels of properties
)

// compileObject compiles a schema of type object from anything that encodes to one.
func compileObject(v any) (*schema, error) {
	if v == nil {
		return nil, errors.New("it is missing")
	}
	text, err := appendValue(nil, v)
	if err != nil {
		return nil, err
	}
	switch {
	case len(text) > maxSchemaBytes:
		return nil, fmt.Errorf("it has %d bytes, want at most %d", len(text), maxSchemaBytes)
	case depthOf(text) > maxSchemaDepth:
		return nil, fmt.Errorf("it is nested %d deep, want at most %d", depthOf(text), maxSchemaDepth)
	}
	var parsed jsonschema.Schema
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	if parsed.Type != "object" {
		return nil, fmt.Errorf("its type is %q, want %q", parsed.Type, "object")
	}
	return compile(text, &parsed)
}

// Dialects.
const (
	draft2020 = "https://json-schema.org/draft/2020-12/schema" // of schemas that name none
	draft7    = "http://json-schema.org/draft-07/schema#"
)

func compile(text []byte, parsed *jsonschema.Schema) (*schema, error) {
	switch parsed.Schema {
	case "", draft2020, draft7:
	case draft2020 + "#":
		parsed.Schema = draft2020
	default:
		return nil, fmt.Errorf("its dialect is %q, want %q or %q", parsed.Schema, draft2020, draft7)
	}
	if err := checkCycles(text); err != nil {
		return nil, err
	}
	defaults := defaultsOf(parsed)
	resolved, err := parsed.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: len(defaults) != 0})
	if err != nil {
		return nil, err
	}
	return &schema{text: text, resolved: resolved, quick: compileRule(parsed), defaults: defaults}, nil
}

// defaultsOf has the defaults of the schema's own properties, in the order of their names.
func defaultsOf(parsed *jsonschema.Schema) []defaultValue {
	var defaults []defaultValue
	for name, property := range parsed.Properties {
		if property != nil && property.Default != nil {
			defaults = append(defaults, defaultValue{name, property.Default})
		}
	}
	slices.SortFunc(defaults, func(a, b defaultValue) int { return strings.Compare(a.name, b.name) })
	return defaults
}

// complete is the object with the defaults of the properties that it has not.
func (s *schema) complete(object []byte) []byte {
	if len(s.defaults) == 0 {
		return object
	}
	there := make([]bool, len(s.defaults))
	empty := true
	for name := range jsonrpc.Fields(object) {
		empty = false
		if i := slices.IndexFunc(s.defaults, func(d defaultValue) bool { return d.name == name }); i >= 0 {
			there[i] = true
		}
	}
	text := bytes.TrimRight(slices.Clone(object), " \t\r\n")
	text = text[:len(text)-1]
	for i, d := range s.defaults {
		if there[i] {
			continue
		}
		if !empty {
			text = append(text, ',')
		}
		empty = false
		text = append(jsonrpc.AppendString(text, d.name), ':')
		text = append(text, d.value...)
	}
	return append(text, '}')
}

// validate checks a JSON text that was scanned. It reports where it breaks the schema and how.
func (s *schema) validate(text []byte) error {
	if s.quick != nil && s.quick.accepts(text) {
		return nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	if err := s.resolved.Validate(v); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "validating root: "))
	}
	return nil
}

// depthOf is how deep a valid JSON text nests.
func depthOf(text []byte) int {
	depth, deepest := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		case '"':
			i = endOfString(text, i)
		}
	}
	return deepest
}

// endOfString is the place of the quote that ends the string starting at i, in valid JSON.
func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}
