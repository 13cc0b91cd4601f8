package mcp

import (
	"encoding/json"
	"testing"
)

// FuzzSchema compiles any text as a schema and checks a few values against it: it ends, whatever refers to what,
// and the quick check never takes what the library refuses.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{
		`{"type":"object"}`, writtenSchema,
		`{"type":"object","$ref":"#"}`,
		`{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}`,
		`{"type":"object","$defs":{"a":{"$anchor":"x","not":{"$ref":"#x"}}},"additionalProperties":{"$ref":"#/$defs/a"}}`,
		`{"type":"object","properties":{"a":{"$id":"http://e/x","$dynamicRef":"#y","$dynamicAnchor":"y"}}}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","definitions":{"a":{"$id":"#b"}},"dependencies":{"a":{"$ref":"#b"},"b":["a"]}}`,
		`{"type":"object","properties":{"a":{"type":["integer","null"],"enum":["a",1],"default":1}},"additionalProperties":false}`,
	} {
		f.Add([]byte(seed))
	}
	values := []string{`{}`, `{"a":1}`, `{"a":{"a":{}}}`, `{"a":null,"b":[{},"x"]}`}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<12 {
			return
		}
		s, err := compileObject(json.RawMessage(text))
		if err != nil {
			return
		}
		for _, value := range values {
			var v any
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Fatal(err)
			}
			err := s.resolved.Validate(v)
			if s.quick != nil && s.quick.accepts([]byte(value)) && err != nil {
				t.Fatalf("%s\n%s is accepted, the library says: %v", text, value, err)
			}
		}
	})
}
