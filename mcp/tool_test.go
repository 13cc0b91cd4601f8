package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
)

func TestListedTools(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	no := false
	type out struct {
		OK bool `json:"ok"`
	}
	tool := &Tool{
		Name: "all", Title: "All", Description: "has <everything>",
		Annotations: &ToolAnnotations{Title: "T", ReadOnlyHint: true, DestructiveHint: &no, IdempotentHint: true, OpenWorldHint: &no},
		Icons:       []Icon{{Source: "https://example.com/i.png", MIMEType: "image/png", Sizes: []string{"48x48", "any"}, Theme: "light"}},
		Meta:        Meta{"example.com/k": map[string]any{"a": 1}},
	}
	AddTool(s, tool, func(context.Context, *CallToolRequest, echoInput) (*CallToolResult, out, error) {
		return nil, out{}, nil
	})
	AddTool(s, &Tool{Name: "bare"}, func(context.Context, *CallToolRequest, any) (*CallToolResult, any, error) { return nil, nil, nil })
	AddTool(s, &Tool{Name: "empty"}, func(context.Context, *CallToolRequest, struct{}) (*CallToolResult, any, error) { return nil, nil, nil })
	AddTool(s, &Tool{Name: "pointer"}, func(context.Context, *CallToolRequest, *echoInput) (*CallToolResult, *out, error) {
		return nil, nil, nil
	})
	if tool.InputSchema != nil || tool.OutputSchema != nil {
		t.Error("the caller's tool has been changed")
	}
	const echo = `{"type":"object","properties":{"message":{"type":"string","description":"what comes back"}},"required":["message"],"additionalProperties":false}`
	const ok = `{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}`
	want := `{"tools":[` +
		`{"name":"all","title":"All","description":"has <everything>","inputSchema":` + echo + `,"outputSchema":` + ok +
		`,"annotations":{"title":"T","readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false}` +
		`,"icons":[{"src":"https://example.com/i.png","mimeType":"image/png","sizes":["48x48","any"],"theme":"light"}]` +
		`,"_meta":{"example.com/k":{"a":1}}},` +
		`{"name":"bare","inputSchema":{"type":"object"}},` +
		`{"name":"empty","inputSchema":{"type":"object","additionalProperties":false}},` +
		`{"name":"pointer","inputSchema":` + echo + `,"outputSchema":` + ok + `}]}`
	got, failure := s.catalog().toolsPage("")
	if failure != nil || string(got) != want {
		t.Errorf("got:  %s, %v\nwant: %s", got, failure, want)
	}
	var back ListToolsResult
	if err := json.Unmarshal(got, &back); err != nil || len(back.Tools) != 4 || !back.Tools[0].Annotations.ReadOnlyHint {
		t.Errorf("comes back as %v, %v", back, err)
	}
}

func TestPointersAsInputAndOutput(t *testing.T) {
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t"}, func(_ context.Context, _ *CallToolRequest, in *echoInput) (*CallToolResult, *echoInput, error) {
		return nil, in, nil
	})
	want := `{"content":[{"type":"text","text":"{\"message\":\"x\"}"}],"structuredContent":{"message":"x"}}`
	if got := s.called(t, "t", `{"message":"x"}`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// BenchmarkAddTool measures adding and removing a typed tool beside 2,000 others.
func BenchmarkAddTool(b *testing.B) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	for i := range 2000 {
		rawTool(s, fmt.Sprintf("tool-%04d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		addEcho(s)
		s.RemoveTools("echo")
	}
}
