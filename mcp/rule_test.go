package mcp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"pgregory.net/rapid"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// TestRuleAgreesWithTheLibrary compares the quick check with the library's on random schemas and values. The
// rule never accepts what the library refuses; on values without unusual numbers the two are the same.
func TestRuleAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawSchema(t, 3)
		var parsed jsonschema.Schema
		if err := json.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatalf("schema %s: %v", text, err)
		}
		resolved, err := parsed.Resolve(nil)
		if err != nil {
			t.Skip("not a schema") // a required field twice, for example
		}
		r := compileRule(&parsed)
		if r == nil {
			return
		}
		unusual := false
		value := drawValue(t, &parsed, 4, &unusual)
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Skip("a number that is too large")
		}
		invalid := resolved.Validate(v)
		accepts := r.accepts([]byte(value))
		if accepts && invalid != nil {
			t.Fatalf("schema %s\nvalue %s\nthe rule accepts it, the library says: %v", text, value, invalid)
		}
		if !accepts && invalid == nil && !unusual {
			t.Fatalf("schema %s\nvalue %s\nthe rule refuses it, the library does not", text, value)
		}
	})
}

var drawnNames = []string{"a", "b", "A", "long name", "é"}

func drawSchema(t *rapid.T, depth int) string {
	var members []string
	add := func(format string, args ...any) { members = append(members, fmt.Sprintf(format, args...)) }
	types := []string{"null", "boolean", "string", "integer", "number", "array", "object"}
	switch rapid.IntRange(0, 3).Draw(t, "types") {
	case 0, 1:
		add(`"type":%q`, rapid.SampledFrom(types).Draw(t, "type"))
	case 2:
		two, _ := json.Marshal(rapid.SliceOfNDistinct(rapid.SampledFrom(types), 1, 3, rapid.ID).Draw(t, "types"))
		add(`"type":%s`, two)
	}
	if rapid.IntRange(0, 4).Draw(t, "enum") == 0 {
		add(`"enum":["a","b"]`)
	}
	if depth > 0 && rapid.Bool().Draw(t, "object") {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(drawnNames), 0, 3, rapid.ID).Draw(t, "names")
		var properties []string
		for _, name := range names {
			properties = append(properties, fmt.Sprintf("%q:%s", name, drawSchema(t, depth-1)))
		}
		add(`"properties":{%s}`, strings.Join(properties, ","))
		var required []string
		for _, name := range names {
			if rapid.Bool().Draw(t, "required") {
				required = append(required, fmt.Sprintf("%q", name))
			}
		}
		if len(required) > 0 {
			add(`"required":[%s]`, strings.Join(required, ","))
		}
		add(`"additionalProperties":%s`, rapid.SampledFrom([]string{"true", "false", "{}"}).Draw(t, "additional"))
	}
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "array") == 0 {
		add(`"items":%s`, drawSchema(t, depth-1))
	}
	switch rapid.IntRange(0, 15).Draw(t, "other") {
	case 0:
		add(`"description":"d","format":"date","x-own":1`)
	case 1:
		add(`"minLength":2`)
	case 2:
		add(`"maximum":3`)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// drawValue draws a JSON text that has a good chance to fit the schema.
func drawValue(t *rapid.T, s *jsonschema.Schema, depth int, unusual *bool) string {
	kinds := []string{"null", "boolean", "string", "integer", "number"}
	if depth > 0 {
		kinds = append(kinds, "array", "object")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	if s != nil && s.Type != "" && slices.Contains(kinds, s.Type) && rapid.IntRange(0, 4).Draw(t, "fit") > 0 {
		kind = s.Type
	}
	space := rapid.SampledFrom([]string{"", "", " ", "\n\t "})
	switch kind {
	case "null":
		return "null"
	case "boolean":
		return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
	case "string":
		return rapid.SampledFrom([]string{`"a"`, `"b"`, `"\u0061"`, `"]},\\\""`, `""`, `"c d"`}).Draw(t, "string")
	case "integer":
		return rapid.SampledFrom([]string{"0", "-1", "7", "123456789012345"}).Draw(t, "integer")
	case "number":
		*unusual = true
		return rapid.SampledFrom([]string{"1.0", "1.5", "-0", "1e2", "1e-2", "12345678901234567890", "1e400", "-0.0"}).Draw(t, "number")
	case "array":
		var item *jsonschema.Schema
		if s != nil {
			item = s.Items
		}
		items := make([]string, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range items {
			items[i] = space.Draw(t, "space") + drawValue(t, item, depth-1, unusual) + space.Draw(t, "space")
		}
		return "[" + space.Draw(t, "space") + strings.Join(items, ",") + "]"
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(drawnNames), 0, 4, rapid.ID).Draw(t, "members")
	if s != nil && rapid.Bool().Draw(t, "have required") {
		for _, name := range s.Required {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	members := make([]string, len(names))
	for i, name := range names {
		var sub *jsonschema.Schema
		if s != nil {
			sub = s.Properties[name]
		}
		members[i] = fmt.Sprintf("%s%q%s:%s%s", space.Draw(t, "space"), name, space.Draw(t, "space"),
			space.Draw(t, "space"), drawValue(t, sub, depth-1, unusual))
	}
	return "{" + strings.Join(members, ",") + space.Draw(t, "space") + "}"
}

func TestRuleLeavesOtherSchemasToTheLibrary(t *testing.T) {
	for _, text := range []string{
		`{"minLength":1}`, `{"maximum":1}`, `{"pattern":"a"}`, `{"const":1}`, `{"enum":["a",1]}`, `{"anyOf":[{}]}`,
		`{"allOf":[{}]}`, `{"oneOf":[{}]}`, `{"not":{"type":"null"}}`, `{"if":{}}`, `{"$ref":"#/$defs/a"}`,
		`{"additionalProperties":{"type":"string"}}`, `{"patternProperties":{"a":{}}}`, `{"minProperties":1}`,
		`{"propertyNames":{}}`, `{"dependentRequired":{"a":["b"]}}`, `{"unevaluatedProperties":false}`,
		`{"prefixItems":[{}]}`, `{"contains":{}}`, `{"uniqueItems":true}`, `{"minItems":1}`, `{"required":["a"]}`,
		`{"properties":{"a":{"minLength":1}}}`, `{"items":{"minLength":1}}`, `{"type":"object","items":false}`,
	} {
		var parsed jsonschema.Schema
		if err := json.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if r := compileRule(&parsed); r != nil {
			t.Errorf("%s: got a rule, want none", text)
		}
	}
}

func TestRuleIsMadeForInferredSchemas(t *testing.T) {
	type inner struct {
		N []int `json:"n,omitempty"`
	}
	type in struct {
		S  string  `json:"s" jsonschema:"text"`
		P  *inner  `json:"p"`
		L  []inner `json:"l"`
		F  float64
		OK bool `json:"ok,omitempty"`
	}
	s, err := infer[in]()
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compileObject(s)
	if err != nil {
		t.Fatal(err)
	}
	if compiled.quick == nil {
		t.Fatalf("no rule for %s", compiled.text)
	}
	good := `{"s":"x","p":null,"l":[{"n":[1,2]},{}],"F":3}`
	if !compiled.quick.accepts([]byte(good)) {
		t.Errorf("the rule for %s refuses %s", compiled.text, good)
	}
}

func TestElements(t *testing.T) {
	for _, test := range []struct {
		array string
		want  []string
	}{
		{`[]`, nil},
		{`[ ]`, nil},
		{`[1]`, []string{"1"}},
		{`[ 1 , "a,]" ,{"a":[1,2]}, [ [ ] ] ]`, []string{"1", `"a,]"`, `{"a":[1,2]}`, "[ [ ] ]"}},
		{`["\\","\""]`, []string{`"\\"`, `"\""`}},
		{"[true\n,\tnull]", []string{"true", "null"}},
	} {
		var got []string
		for e := range elements([]byte(test.array)) {
			got = append(got, string(e))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.array, got, test.want)
		}
	}
}

// FuzzElements checks that the elements of any array are those that encoding/json finds.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{`[]`, `[1,"a",{"b":[]}]`, "[ \"\\\\\" ,\n[[]] ]", `[{"]":"}"},-1.5e3]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, array []byte) {
		text := slices.Concat([]byte(`{"jsonrpc":"2.0","method":"m","params":`), array, []byte("}"))
		m, failure := jsonrpc.Scan(text, jsonrpc.Limits{})
		if failure != nil || len(m.Params) == 0 || m.Params[0] != '[' {
			return
		}
		var want []json.RawMessage
		if err := json.Unmarshal(m.Params, &want); err != nil {
			return
		}
		i := 0
		for e := range elements(m.Params) {
			if i >= len(want) || string(e) != string(want[i]) {
				t.Fatalf("%q: element %d: got %q, want %q", m.Params, i, e, want)
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%q: got %d elements, want %d", m.Params, i, len(want))
		}
	})
}
