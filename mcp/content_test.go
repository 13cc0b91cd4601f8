package mcp

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// wireText, wireMedia, wireResource and wireContents say with tags what the encoders write by hand.
type (
	wireText struct {
		Type        string       `json:"type"`
		Text        string       `json:"text"`
		Meta        Meta         `json:"_meta,omitempty"`
		Annotations *Annotations `json:"annotations,omitempty"`
	}
	wireMedia struct {
		Type        string       `json:"type"`
		Data        []byte       `json:"data"`
		MIMEType    string       `json:"mimeType"`
		Meta        Meta         `json:"_meta,omitempty"`
		Annotations *Annotations `json:"annotations,omitempty"`
	}
	wireResource struct {
		Type        string        `json:"type"`
		Resource    *wireContents `json:"resource"`
		Meta        Meta          `json:"_meta,omitempty"`
		Annotations *Annotations  `json:"annotations,omitempty"`
	}
	wireContents struct {
		URI      string  `json:"uri"`
		MIMEType string  `json:"mimeType,omitempty"`
		Blob     *[]byte `json:"blob,omitempty"`
		Text     *string `json:"text,omitempty"`
		Meta     Meta    `json:"_meta,omitempty"`
	}
	wireResult struct {
		Content           []any `json:"content"`
		StructuredContent any   `json:"structuredContent,omitempty"`
		IsError           bool  `json:"isError,omitempty"`
		Meta              Meta  `json:"_meta,omitempty"`
	}
)

// mirror is what encoding/json makes the wire form of a block of.
func mirror(c Content) any {
	switch c := c.(type) {
	case *TextContent:
		return wireText{"text", c.Text, c.Meta, c.Annotations}
	case *ImageContent:
		return wireMedia{"image", bytesOf(c.Data), c.MIMEType, c.Meta, c.Annotations}
	case *AudioContent:
		return wireMedia{"audio", bytesOf(c.Data), c.MIMEType, c.Meta, c.Annotations}
	case *EmbeddedResource:
		w := &wireContents{URI: c.Resource.URI, MIMEType: c.Resource.MIMEType, Meta: c.Resource.Meta}
		if c.Resource.Blob != nil {
			w.Blob = &c.Resource.Blob
		} else {
			w.Text = &c.Resource.Text
		}
		return wireResource{"resource", w, c.Meta, c.Annotations}
	}
	return c
}

// bytesOf is b without nil, which encoding/json writes as null.
func bytesOf(b []byte) []byte { return append([]byte{}, b...) }

// TestResultsEncodeAsEncodingJSONDoes compares the hand-written encoders with encoding/json.
func TestResultsEncodeAsEncodingJSONDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &CallToolResult{IsError: rapid.Bool().Draw(t, "isError"), Meta: drawMeta(t)}
		want := wireResult{Content: []any{}, IsError: r.IsError, Meta: r.Meta}
		for range rapid.IntRange(0, 4).Draw(t, "blocks") {
			c := drawContent(t)
			r.Content = append(r.Content, c)
			want.Content = append(want.Content, mirror(c))
		}
		if len(r.Content) > 0 && rapid.Bool().Draw(t, "structured") {
			r.StructuredContent = map[string]any{"a": rapid.String().Draw(t, "value")}
			want.StructuredContent = r.StructuredContent
		}
		got, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var gotValue, wantValue any
		if err := json.Unmarshal(got, &gotValue); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if err := json.Unmarshal(text, &wantValue); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantValue, gotValue); diff != "" {
			t.Fatalf("got  %s\nwant %s\n%s", got, text, diff)
		}
	})
}

func drawMeta(t *rapid.T) Meta {
	if rapid.IntRange(0, 3).Draw(t, "meta") > 0 {
		return nil
	}
	return Meta{rapid.String().Draw(t, "key"): rapid.SampledFrom([]any{"<&>", true, 1.5, nil}).Draw(t, "meta value")}
}

func drawContent(t *rapid.T) Content {
	text := rapid.String().Draw(t, "text")
	data := rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "data")
	var a *Annotations
	if rapid.IntRange(0, 3).Draw(t, "annotations") == 0 {
		a = &Annotations{Audience: []Role{RoleAssistant}, Priority: 0.25}
	}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return &ImageContent{Data: data, MIMEType: text, Meta: drawMeta(t), Annotations: a}
	case 1:
		return &AudioContent{Data: data, MIMEType: text, Meta: drawMeta(t), Annotations: a}
	case 2:
		return &EmbeddedResource{Resource: &ResourceContents{URI: text, Text: text, Meta: drawMeta(t)}, Annotations: a}
	case 3:
		return &EmbeddedResource{Resource: &ResourceContents{URI: text, MIMEType: text, Blob: bytesOf(data)}, Meta: drawMeta(t)}
	}
	return &TextContent{Text: text, Meta: drawMeta(t), Annotations: a}
}

// TestContentOnTheWire has each kind of content as it goes out, and checks that it comes back as it was.
func TestContentOnTheWire(t *testing.T) {
	size := int64(5)
	for _, test := range []struct {
		content Content
		want    string
	}{
		{&TextContent{Text: "a\n\"<&>\u2028"}, `{"type":"text","text":"a\n\"<&>` + "\u2028" + `"}`},
		{&TextContent{Annotations: &Annotations{Priority: 1}}, `{"type":"text","text":"","annotations":{"priority":1}}`},
		{&ImageContent{Data: []byte{1, 2, 3}, MIMEType: "image/png"}, `{"type":"image","data":"AQID","mimeType":"image/png"}`},
		{&AudioContent{Data: []byte{1}, MIMEType: "audio/wav", Meta: Meta{"k": true}},
			`{"type":"audio","data":"AQ==","mimeType":"audio/wav","_meta":{"k":true}}`},
		{&ResourceLink{URI: "test://r", Name: "r"}, `{"type":"resource_link","uri":"test://r","name":"r"}`},
		{&ResourceLink{URI: "test://r", Name: "r", Title: "R", Description: "<d>", MIMEType: "a/b", Size: &size, Icons: []Icon{{Source: "data:,", Theme: "dark"}}},
			`{"type":"resource_link","uri":"test://r","name":"r","title":"R","description":"<d>","mimeType":"a/b","size":5,"icons":[{"src":"data:,","theme":"dark"}]}`},
		{&EmbeddedResource{Resource: &ResourceContents{URI: "test://r", Text: "t"}},
			`{"type":"resource","resource":{"uri":"test://r","text":"t"}}`},
		{&EmbeddedResource{Resource: &ResourceContents{URI: "test://r", MIMEType: "a/b", Blob: []byte{}}},
			`{"type":"resource","resource":{"uri":"test://r","mimeType":"a/b","blob":""}}`},
		{&ToolUseContent{ID: "1", Name: "t", Input: map[string]any{"a": "b"}}, `{"type":"tool_use","id":"1","name":"t","input":{"a":"b"}}`},
		{&ToolResultContent{ToolUseID: "1", Content: []Content{&TextContent{Text: "x"}}, StructuredContent: map[string]any{"a": "b"}, IsError: true},
			`{"type":"tool_result","toolUseId":"1","content":[{"type":"text","text":"x"}],"structuredContent":{"a":"b"},"isError":true}`},
	} {
		got, err := test.content.MarshalJSON()
		if err != nil || string(got) != test.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			continue
		}
		back, err := decodeContent(got)
		if err != nil || !reflect.DeepEqual(back, test.content) {
			t.Errorf("%s\ncomes back as %#v, %v", got, back, err)
		}
	}
}

func TestContentThatCannotBeEncoded(t *testing.T) {
	bad := Meta{"f": func() {}}
	for name, c := range map[string]Content{
		"text":         &TextContent{Meta: bad},
		"image":        &ImageContent{Meta: bad},
		"audio":        &AudioContent{Meta: bad},
		"link":         &ResourceLink{Meta: bad},
		"resource":     &EmbeddedResource{Resource: &ResourceContents{Meta: bad}},
		"no resource":  &EmbeddedResource{},
		"tool use":     &ToolUseContent{Input: bad},
		"tool result":  &ToolResultContent{StructuredContent: bad},
		"nil in other": &ToolResultContent{Content: []Content{nil}},
	} {
		if got, err := c.MarshalJSON(); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
}

func TestContentThatCannotBeDecoded(t *testing.T) {
	for _, text := range []string{
		`null`, `[]`, `{}`, `{"type":"none"}`, `{"type":1}`, `{"type":"image","data":"%"}`, `{"type":"resource"}`,
		`{"type":"tool_result","content":[{"type":"none"}]}`, `{"type":"resource","resource":{"blob":"%"}}`,
	} {
		if got, err := decodeContent([]byte(text)); err == nil {
			t.Errorf("%s: got %#v, want an error", text, got)
		}
	}
}

func TestSamplingMessagesOnTheWire(t *testing.T) {
	a, b := &TextContent{Text: "a"}, &TextContent{Text: "b"}
	for _, test := range []struct {
		value any
		want  string
	}{
		{&SamplingMessage{Role: RoleUser, Content: []Content{a}}, `{"role":"user","content":{"type":"text","text":"a"}}`},
		{&SamplingMessage{Role: RoleUser, Content: []Content{a, b}, Meta: Meta{"k": "v"}},
			`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"_meta":{"k":"v"}}`},
		{&CreateMessageResult{Role: RoleAssistant, Content: []Content{a}, Model: "m", StopReason: "endTurn"},
			`{"role":"assistant","content":{"type":"text","text":"a"},"model":"m","stopReason":"endTurn"}`},
		{&CreateMessageResult{Role: RoleAssistant, Content: []Content{&ToolUseContent{ID: "1", Name: "t", Input: map[string]any{}}, b}, Model: "m"},
			`{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"t","input":{}},{"type":"text","text":"b"}],"model":"m"}`},
		{&Tool{Name: "t", Description: "<d>"}, `{"name":"t","description":"<d>","inputSchema":{"type":"object"}}`},
		{&PromptMessage{Role: RoleUser, Content: a}, `{"role":"user","content":{"type":"text","text":"a"}}`},
		{&CallToolResult{Content: []Content{a}, StructuredContent: map[string]any{"x": "y"}},
			`{"content":[{"type":"text","text":"a"}],"structuredContent":{"x":"y"}}`},
		{&CallToolResult{IsError: true, Content: []Content{}}, `{"content":[],"isError":true}`},
	} {
		got, err := appendValue(nil, test.value)
		if err != nil || string(got) != test.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			continue
		}
		back := reflect.New(reflect.TypeOf(test.value).Elem()).Interface()
		if err := json.Unmarshal(got, back); err != nil {
			t.Errorf("%s: %v", got, err)
			continue
		}
		if _, isTool := back.(*Tool); !isTool && !reflect.DeepEqual(back, test.value) {
			t.Errorf("%s\ncomes back as %#v, %v", got, back, err)
		}
	}
}

func TestStructuredContentIsAnObject(t *testing.T) {
	for _, value := range []any{1, []int{1}, json.RawMessage(`null`), json.RawMessage(`{`), "text", json.RawMessage("{\"a\":\"\xff\"}")} {
		if got, err := json.Marshal(&CallToolResult{StructuredContent: value}); err == nil {
			t.Errorf("%v: got %s, want an error", value, got)
		}
	}
	got, err := appendValue(nil, &CallToolResult{StructuredContent: json.RawMessage("{ \"a\":\n1.0 }")})
	want := `{"content":[{"type":"text","text":"{\"a\":1.0}"}],"structuredContent":{"a":1.0}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestResultsAreOneLine(t *testing.T) {
	got, err := appendValue(nil, &CallToolResult{Content: []Content{&TextContent{Text: "a\r\nb\u0085\x00"}}, Meta: Meta{"m": "\n"}})
	if err != nil || bytes.ContainsAny(got, "\r\n\x00") || !strings.Contains(string(got), `a\r\nb`) {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzContent checks that what can be decoded can be encoded, and comes back the same.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{
		`{"type":"text","text":"a"}`, `{"type":"image","data":"AQ==","mimeType":"a/b"}`, `{"type":"resource_link","uri":"u","name":"n","size":0}`,
		`{"type":"resource","resource":{"uri":"u","blob":""},"_meta":{"a":[1,null]},"annotations":{"audience":["user"]}}`,
		`{"type":"tool_use","id":"1","name":"n","input":{}}`, `{"type":"tool_result","toolUseId":"1","content":[{"type":"text"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := decodeContent(text)
		if err != nil {
			return
		}
		once, err := c.MarshalJSON()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		back, err := decodeContent(once)
		if err != nil {
			t.Fatalf("%q: %v", once, err)
		}
		twice, err := back.MarshalJSON()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q: %q becomes %q, %v", text, once, twice, err)
		}
	})
}
