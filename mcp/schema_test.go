package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// writtenSchema has keywords in an order of its own, characters that HTML escapes, and numbers that
// floating point would change.
const writtenSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string","description":"<b> & co"},"n":{"maximum":12345678901234567890}}}},"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"kind":{"enum":["a",1,null]}},"allOf":[{"anyOf":[{"required":["name"]},{"required":["address"]}]}],"if":{"properties":{"kind":{"const":"a"}},"required":["kind"]},"then":{"required":["name"]},"else":{},"x-own":[1.0,2e3],"additionalProperties":false}`

func TestWrittenSchemaIsListedUnchanged(t *testing.T) {
	var spaced strings.Builder
	if err := func() error { // the same with white space
		var buf []byte
		buf, err := json.MarshalIndent(json.RawMessage(writtenSchema), "", "\t")
		spaced.Write(buf)
		return err
	}(); err != nil {
		t.Fatal(err)
	}
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	handler := func(context.Context, *CallToolRequest) (*CallToolResult, error) { return &CallToolResult{}, nil }
	s.AddTool(&Tool{Name: "raw", InputSchema: json.RawMessage(writtenSchema), OutputSchema: json.RawMessage(writtenSchema)}, handler)
	AddTool(s, &Tool{Name: "typed", InputSchema: json.RawMessage(writtenSchema)},
		func(context.Context, *CallToolRequest, map[string]any) (*CallToolResult, any, error) {
			return nil, nil, nil
		})
	s.AddTool(&Tool{Name: "zspaced", InputSchema: json.RawMessage(strings.ReplaceAll(spaced.String(), `\u003c`, "<"))}, handler)
	got, failure := s.catalog().toolsPage("")
	if failure != nil {
		t.Fatal(failure)
	}
	if strings.Count(string(got), writtenSchema) < 3 {
		t.Errorf("the schema is not in the list as it was written:\n%s", got)
	}
}

func TestWrittenSchemaIsChecked(t *testing.T) {
	s, err := compileObject(json.RawMessage(writtenSchema))
	if err != nil {
		t.Fatal(err)
	}
	for text, valid := range map[string]bool{
		`{"name":"x"}`:                         true,
		`{"address":{"street":"y"}}`:           true,
		`{"address":{"street":1}}`:             false,
		`{}`:                                   false,
		`{"kind":"a","address":{}}`:            false,
		`{"kind":null,"address":{}}`:           true,
		`{"name":"x","more":1}`:                false,
		`{"name":"x","name ":1}`:               false,
		`{"name":"x","address":{"more":true}}`: true,
	} {
		if err := s.validate([]byte(text)); (err == nil) != valid {
			t.Errorf("%s: got %v, want valid %v", text, err, valid)
		}
	}
}

func TestSchemasThatAreRefused(t *testing.T) {
	deep := strings.Repeat(`{"type":"object","properties":{"a":`, 70) + `{}` + strings.Repeat(`}}`, 70)
	for _, test := range []struct {
		name   string
		schema any
		want   string
	}{
		{"none", nil, "it is missing"},
		{"no JSON", json.RawMessage(`{"type":`), "unexpected end"},
		{"no encoding", make(chan int), "unsupported type"},
		{"no object", json.RawMessage(`[]`), "json"},
		{"another type", json.RawMessage(`{"type":"string"}`), `its type is "string", want "object"`},
		{"no type", json.RawMessage(`{}`), `its type is "", want "object"`},
		{"several types", json.RawMessage(`{"type":["object","null"]}`), "its type is"},
		{"an unknown dialect", json.RawMessage(`{"type":"object","$schema":"http://json-schema.org/draft-04/schema#"}`), "its dialect is"},
		{"a reference to the network", json.RawMessage(`{"type":"object","properties":{"a":{"$ref":"https://example.com/s.json"}}}`), "example.com"},
		{"a reference to nothing", json.RawMessage(`{"type":"object","$ref":"#/$defs/none"}`), "none"},
		{"a pattern that is no pattern", json.RawMessage(`{"type":"object","properties":{"a":{"pattern":"("}}}`), "parsing regexp"},
		{"too deep", json.RawMessage(deep), "nested"},
		{"too long", json.RawMessage(`{"type":"object","description":"` + strings.Repeat("a", maxSchemaBytes) + `"}`), "bytes"},
		{"a default that breaks it", json.RawMessage(`{"type":"object","properties":{"a":{"type":"string","default":1}}}`), "type"},
		{"a circle", json.RawMessage(`{"type":"object","$ref":"#"}`), "refers to itself"},
		{"a circle by way of others", json.RawMessage(`{"type":"object","allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#b"}]},"b":{"$anchor":"b","not":{"$ref":"#/allOf/0"}}}}`), "refers to itself"},
		{"a circle by $id", json.RawMessage(`{"$id":"https://example.com/a","type":"object","$ref":"https://example.com/a#"}`), "refers to itself"},
		{"a circle in a schema of its own", json.RawMessage(`{"type":"object","properties":{"a":{"$id":"https://example.com/a","$ref":"#"}}}`), "refers to itself"},
		{"a circle by an escaped pointer", json.RawMessage(`{"type":"object","$defs":{"a b":{"$ref":"#/$defs/a%20b"}}}`), "refers to itself"},
		{"a relative reference", json.RawMessage(`{"$id":"https://example.com/a","type":"object","$ref":"a"}`), "neither a fragment"},
		{"a circle below a property with the name of a keyword", json.RawMessage(`{"type":"object","properties":{"default":{"$ref":"#/properties/default"}}}`), "refers to itself"},
		{"a circle by way of a dynamic anchor", json.RawMessage(`{"$id":"https://example.com/r","type":"object","$dynamicAnchor":"y","allOf":[{"$ref":"https://example.com/x"}],
			"$defs":{"x":{"$id":"https://example.com/x","$dynamicRef":"#y","$defs":{"y":{"$dynamicAnchor":"y"}}}}}`), "refers to itself"},
		{"work that doubles", json.RawMessage(doublingSchema(20)), "more than 10000 schemas"},
		{"a circle below", json.RawMessage(`{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}`), "refers to itself"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := compileObject(test.schema)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// doublingSchema has n schemas that each apply the next one twice.
func doublingSchema(n int) string {
	var defs strings.Builder
	for i := range n {
		fmt.Fprintf(&defs, `"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]},`, i, i+1, i+1)
	}
	return fmt.Sprintf(`{"type":"object","$ref":"#/$defs/a0","$defs":{%s"a%d":{}}}`, defs.String(), n)
}

func TestSchemasThatAreTaken(t *testing.T) {
	for name, schema := range map[string]any{
		"a tree":            json.RawMessage(`{"type":"object","properties":{"left":{"$ref":"#"},"right":{"$ref":"#"}}}`),
		"a list":            json.RawMessage(`{"type":"object","$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"}}}},"allOf":[{"$ref":"#/$defs/n"}]}`),
		"one twice":         json.RawMessage(`{"type":"object","$defs":{"n":{}},"allOf":[{"$ref":"#/$defs/n"},{"$ref":"#/$defs/n"}]}`),
		"ids":               json.RawMessage(`{"$id":"https://example.com/a","type":"object","$defs":{"b":{"$id":"https://example.com/b","$defs":{"c":{}},"$ref":"#/$defs/c"}},"properties":{"a":{"$ref":"https://example.com/b"}}}`),
		"data":              json.RawMessage(`{"type":"object","properties":{"a":{"default":"x","examples":[{"$ref":"none"}]},"default":{"type":"object"},"const":{"const":{"$ref":"none"}}}}`),
		"little doubling":   json.RawMessage(doublingSchema(8)),
		"draft 7":           json.RawMessage(`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}`),
		"an empty fragment": json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema#","type":"object"}`),
		"the library's":     &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{"a": {Type: "string"}}},
		"a map":             map[string]any{"type": "object"},
		"keywords as names": json.RawMessage(`{"type":"object","properties":{"$ref":{"type":"string"},"not":{"$ref":"#"},"allOf":{}}}`),
	} {
		s, err := compileObject(schema)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := s.validate([]byte(`{"a":"x"}`)); err != nil {
			t.Errorf("%s: {}: %v", name, err)
		}
	}
}

func TestAddToolPanicsAndNamesTheTool(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	rawTool(s, "taken")
	raw := func(context.Context, *CallToolRequest) (*CallToolResult, error) { return nil, nil }
	object := json.RawMessage(`{"type":"object"}`)
	for name, test := range map[string]struct {
		want string
		f    func()
	}{
		"nil tool":      {"the tool is nil", func() { s.AddTool(nil, raw) }},
		"nil handler":   {`tool "t": the handler is nil`, func() { s.AddTool(&Tool{Name: "t", InputSchema: object}, nil) }},
		"no schema":     {`tool "t": input schema: it is missing`, func() { s.AddTool(&Tool{Name: "t"}, raw) }},
		"bad output":    {`tool "t": output schema`, func() { s.AddTool(&Tool{Name: "t", InputSchema: object, OutputSchema: 1}, raw) }},
		"twice":         {`tool "taken" exists already`, func() { rawTool(s, "taken") }},
		"no name":       {"0 characters", func() { rawTool(s, "") }},
		"long name":     {"129 characters", func() { rawTool(s, strings.Repeat("a", 129)) }},
		"name in space": {`"a b"`, func() { rawTool(s, "a b") }},
		"lookalike":     {"character", func() { rawTool(s, "\u0435cho") }},
		"typed nil tool": {"the tool is nil", func() {
			AddTool(s, nil, func(context.Context, *CallToolRequest, any) (*CallToolResult, any, error) { return nil, nil, nil })
		}},
		"typed nil handler": {`tool "t": the handler is nil`, func() { AddTool[any, any](s, &Tool{Name: "t"}, nil) }},
		"input no object": {`tool "t": input schema: int is neither`, func() {
			AddTool(s, &Tool{Name: "t"}, func(context.Context, *CallToolRequest, int) (*CallToolResult, any, error) { return nil, nil, nil })
		}},
		"output no object": {`tool "t": output schema: []string is neither`, func() {
			AddTool(s, &Tool{Name: "t"}, func(context.Context, *CallToolRequest, any) (*CallToolResult, []string, error) { return nil, nil, nil })
		}},
		"input with a channel": {`tool "t": input schema`, func() {
			AddTool(s, &Tool{Name: "t"}, func(context.Context, *CallToolRequest, struct{ C chan int }) (*CallToolResult, any, error) {
				return nil, nil, nil
			})
		}},
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, test.want, test.f) })
	}
	if names, _ := toolNames(t, s.catalog()); len(names) != 1 {
		t.Errorf("tools are now %q", names)
	}
	rawTool(s, strings.Repeat("a", 128))
	rawTool(s, "A.b_c-d/9")
}
