package mcp

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

func rawSchema(text string) json.RawMessage { return json.RawMessage(text) }

func TestElicitSends(t *testing.T) {
	for _, c := range []struct {
		name, version string
		params        *ElicitParams
		want          string
	}{
		{"form", "2025-11-25", &ElicitParams{Message: "?"}, `{"mode":"form","message":"?","requestedSchema":{"type":"object","properties":{}}}`},
		{"form before there were modes", "2025-06-18", &ElicitParams{Mode: ElicitForm, Message: "?"}, `{"message":"?","requestedSchema":{"type":"object","properties":{}}}`},
		{"url", "2025-11-25", &ElicitParams{Message: "?", URL: "https://e", ElicitationID: "1"}, `{"mode":"url","message":"?","url":"https://e","elicitationId":"1"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer(c.version, `{"action":"cancel","content":{"ignored":1}}`)
			r, err := NewServerSession(p).Elicit(context.Background(), c.params)
			if err != nil || r.Action != ElicitCancel || r.Content != nil {
				t.Errorf("got %+v, %v, want a cancel without content", r, err)
			}
			if p.params != c.want {
				t.Errorf("got %s, want %s", p.params, c.want)
			}
		})
	}
}

func TestElicitRefusesParams(t *testing.T) {
	for _, c := range []struct {
		name, want string
		params     *ElicitParams
	}{
		{"unknown mode", "unknown elicitation mode", &ElicitParams{Mode: "x"}},
		{"URL without id", "needs URL and ElicitationID", &ElicitParams{URL: "https://e"}},
		{"URL with a schema", "takes no schema", &ElicitParams{URL: "https://e", ElicitationID: "1", RequestedSchema: rawSchema(`{}`)}},
		{"form with a URL", "takes no URL", &ElicitParams{Mode: ElicitForm, URL: "https://e"}},
		{"no schema of an object", "want object", &ElicitParams{RequestedSchema: rawSchema(`{"type":"string"}`)}},
		{"nested", `property "a" is not of a simple type`, &ElicitParams{RequestedSchema: rawSchema(`{"type":"object","properties":{"a":{"type":"object"}}}`)}},
		{"no schema at all", "the requested schema", &ElicitParams{RequestedSchema: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer("2025-11-25", `{"action":"accept"}`)
			if _, err := NewServerSession(p).Elicit(context.Background(), c.params); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if p.method != "" {
				t.Errorf("%s went to the client", p.params)
			}
		})
	}
}

func TestElicitChecksAnswer(t *testing.T) {
	const schema = `{"type":"object","required":["n"],"properties":{"n":{"type":"integer","maximum":5},"e":{"type":"string","enum":["a","b"]},"d":{"type":"string","default":"x"}}}`
	for _, c := range []struct {
		name, answer, want string
	}{
		{"right", `{"action":"accept","content":{"n":3,"e":"a"}}`, ""},
		{"declined", `{"action":"decline"}`, ""},
		{"too large", `{"action":"accept","content":{"n":6}}`, "breaks the requested schema"},
		{"wrong type", `{"action":"accept","content":{"n":"3"}}`, "breaks the requested schema"},
		{"not of the enumeration", `{"action":"accept","content":{"n":3,"e":"c"}}`, "breaks the requested schema"},
		{"missing", `{"action":"accept"}`, "breaks the requested schema"},
		{"unknown action", `{"action":"maybe"}`, "unknown action"},
		{"no object", `{"action":"accept","content":[]}`, "the client's answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewServerSession(newPeer("2025-11-25", c.answer)).Elicit(context.Background(), &ElicitParams{RequestedSchema: rawSchema(schema)})
			if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestElicitTakesEverySimpleSchema has the kinds of properties that MCP 2025-11-25, client/elicitation lists.
func TestElicitTakesEverySimpleSchema(t *testing.T) {
	for _, c := range []struct{ name, property, value string }{
		{"string", `{"type":"string","title":"T","format":"email","minLength":1,"maxLength":9,"default":"a@b"}`, `"c@d"`},
		{"number", `{"type":"number","minimum":0.5,"maximum":1,"default":0.7}`, `0.6`},
		{"integer", `{"type":"integer","default":3}`, `4`},
		{"boolean", `{"type":"boolean","default":true}`, `false`},
		{"enumeration", `{"type":"string","enum":["a","b"],"default":"a"}`, `"b"`},
		{"enumeration with names", `{"type":"string","enum":["a","b"],"enumNames":["A","B"]}`, `"b"`},
		{"titled enumeration", `{"type":"string","oneOf":[{"const":"a","title":"A"},{"const":"b","title":"B"}]}`, `"b"`},
		{"multiple choice", `{"type":"array","minItems":1,"items":{"type":"string","enum":["a","b"]}}`, `["a","b"]`},
		{"titled multiple choice", `{"type":"array","items":{"anyOf":[{"const":"a","title":"A"}]}}`, `["a"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer("2025-11-25", `{"action":"accept","content":{"x":`+c.value+`}}`)
			r, err := NewServerSession(p).Elicit(context.Background(), &ElicitParams{RequestedSchema: rawSchema(`{"type":"object","properties":{"x":` + c.property + `}}`)})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(r.Content["x"]); string(got) != c.value {
				t.Errorf("got %s, want %s", got, c.value)
			}
		})
	}
}
