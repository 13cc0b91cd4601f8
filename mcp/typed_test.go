package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tried is a server whose reports a test can look at.
type tried struct {
	*Server
	panics, errs []string
}

func newTried(t *testing.T, opts ServerOptions) *tried {
	t.Helper()
	s := &tried{}
	opts.OnPanic = func(method, name string, value any, stack []byte) {
		if !strings.Contains(string(stack), "goroutine") {
			t.Errorf("report of %s without a stack", name)
		}
		s.panics = append(s.panics, fmt.Sprintf("%s %s %v", method, name, value))
	}
	opts.OnError = func(method, name string, err error) {
		s.errs = append(s.errs, fmt.Sprintf("%s %s %v", method, name, err))
	}
	s.Server = NewServer(&Implementation{Name: "s", Version: "1"}, &opts)
	return s
}

// called is the outcome of a call as text: the result, or the error's code and message.
func (s *tried) called(t *testing.T, tool, arguments string) string {
	t.Helper()
	return outcomeText(s.catalog().tool(tool).call(t.Context(), toolRequest(tool, arguments)))
}

func toolRequest(tool, arguments string) *CallToolRequest {
	req := &CallToolRequest{Params: &CallToolParamsRaw{Name: tool}}
	if arguments != "" {
		req.Params.Arguments = json.RawMessage(arguments)
	}
	return req
}

func outcomeText(out Outcome) string {
	switch {
	case out.Err != nil && out.Result != nil:
		return "both a result and an error"
	case (out.Fault != nil) != (out.Err != nil && out.Err.Code == CodeInternal):
		return fmt.Sprintf("fault %v with error %v", out.Fault, out.Err)
	case out.Fault != nil && (out.Fault.Panic == nil) != (out.Fault.Stack == nil):
		return "a panic without a stack, or a stack without a panic"
	case out.Fault != nil && (out.Fault.Panic == nil) == (out.Fault.Err == nil):
		return "a fault that is not one of panic and error"
	case out.Err != nil:
		return fmt.Sprintf("error %d %s", out.Err.Code, out.Err.Message)
	}
	return string(out.Result)
}

// TestTypedTool goes through what can come of a typed call. A want that starts with "~" is a part of the outcome.
func TestTypedTool(t *testing.T) {
	type order struct {
		Item  string            `json:"item"`
		Count int               `json:"count,omitempty"`
		Notes []string          `json:"notes,omitempty"`
		Extra map[string]string `json:"extra,omitempty"`
	}
	type receipt struct {
		Total int    `json:"total"`
		For   string `json:"for"`
	}
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "order"}, func(_ context.Context, _ *CallToolRequest, in order) (*CallToolResult, receipt, error) {
		switch in.Item {
		case "none":
			return nil, receipt{}, errors.New("sold out: <none>")
		case "refused":
			return nil, receipt{}, fmt.Errorf("wrapped: %w", &Error{Code: CodeQuota, Message: "no more"})
		case "nil error":
			return nil, receipt{}, (*Error)(nil)
		case "panic":
			panic("secret /path/of/mine.go:12")
		case "failed":
			return &CallToolResult{IsError: true, Content: []Content{&TextContent{Text: "it failed"}}}, receipt{}, nil
		case "described":
			return &CallToolResult{Content: []Content{&TextContent{Text: "described"}}, Meta: Meta{"k": 1}}, receipt{1, "x"}, nil
		case "nil block":
			return &CallToolResult{Content: []Content{nil}}, receipt{}, nil
		}
		return nil, receipt{in.Count, in.Item + strings.Join(in.Notes, "")}, nil
	})
	for _, test := range []struct{ name, arguments, want string }{
		{"output as text and structure", `{"item":"a","count":2}`,
			`{"content":[{"type":"text","text":"{\"total\":2,\"for\":\"a\"}"}],"structuredContent":{"total":2,"for":"a"}}`},
		{"own content", `{"item":"described"}`,
			`{"content":[{"type":"text","text":"described"}],"structuredContent":{"total":1,"for":"x"},"_meta":{"k":1}}`},
		{"arguments missing", "", `~"isError":true`},
		{"required member missing", `{}`, `~invalid arguments: `},
		{"wrong type", `{"item":5}`, `~want \"string\"`},
		{"unknown member", `{"item":"a","more":1}`, `~invalid arguments: `},
		{"member in the wrong case", `{"item":"a","Item":"b"}`, `~"isError":true`},
		{"integer as float", `{"item":"a","count":1.5}`, `~"isError":true`},
		{"handler's error", `{"item":"none"}`, `{"content":[{"type":"text","text":"sold out: <none>"}],"isError":true}`},
		{"handler's protocol error", `{"item":"refused"}`, `error 1005 no more`},
		{"handler's nil protocol error", `{"item":"nil error"}`, `error -32603 internal error`},
		{"handler's panic", `{"item":"panic"}`, `error -32603 internal error`},
		{"handler's own failure", `{"item":"failed"}`, `{"content":[{"type":"text","text":"it failed"}],"isError":true}`},
		{"content that is nil", `{"item":"nil block"}`, `error -32603 internal error`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := s.called(t, "order", test.arguments)
			part, isPart := strings.CutPrefix(test.want, "~")
			if isPart && !strings.Contains(got, part) || !isPart && got != test.want {
				t.Errorf("%s\ngot:  %s\nwant: %s", test.arguments, got, test.want)
			}
		})
	}
	if !slices.Contains(s.panics, "tools/call order secret /path/of/mine.go:12") {
		t.Errorf("reported panics: %q", s.panics)
	}
	if len(s.errs) != 1 || !strings.Contains(s.errs[0], "a block of content is nil") {
		t.Errorf("reported errors: %q", s.errs)
	}
}

func TestArgumentsThatBreakTheSchemaAreAnErrorBefore20251125(t *testing.T) {
	s := newTried(t, ServerOptions{})
	addEcho(s.Server)
	for _, test := range []struct{ revision, want string }{
		{"2025-03-26", "error -32602 invalid arguments"},
		{"2025-06-18", "error -32602 invalid arguments"},
		{"2025-11-25", `{"content":[{"type":"text","text":"invalid arguments`},
	} {
		req := toolRequest("echo", `{"message":1}`)
		req.Session = NewServerSession(deafPeer{&State{revision: RevisionOf(test.revision)}})
		got := outcomeText(s.catalog().tool("echo").call(t.Context(), req))
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %s, want %s...", test.revision, got, test.want)
		}
	}
}

func TestStructuredContentIsLeftOutBefore20250618(t *testing.T) {
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t"}, func(context.Context, *CallToolRequest, struct{}) (*CallToolResult, echoInput, error) {
		return nil, echoInput{"hi"}, nil
	})
	req := toolRequest("t", "")
	req.Session = NewServerSession(deafPeer{&State{revision: RevisionOf("2025-03-26")}})
	got := outcomeText(s.catalog().tool("t").call(t.Context(), req))
	if want := `{"content":[{"type":"text","text":"{\"message\":\"hi\"}"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOutputThatBreaksItsSchemaIsInternal(t *testing.T) {
	s := newTried(t, ServerOptions{})
	output := json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}`)
	AddTool(s.Server, &Tool{Name: "typed", OutputSchema: output},
		func(context.Context, *CallToolRequest, any) (*CallToolResult, map[string]int, error) {
			return nil, map[string]int{"n": 0}, nil
		})
	AddTool(s.Server, &Tool{Name: "nil", OutputSchema: output},
		func(context.Context, *CallToolRequest, any) (*CallToolResult, *struct{}, error) { return nil, nil, nil })
	s.AddTool(&Tool{Name: "raw", InputSchema: json.RawMessage(`{"type":"object"}`), OutputSchema: output},
		func(context.Context, *CallToolRequest) (*CallToolResult, error) { return &CallToolResult{}, nil })
	AddTool(s.Server, &Tool{Name: "unencodable"},
		func(context.Context, *CallToolRequest, any) (*CallToolResult, any, error) {
			return nil, make(chan int), nil
		})
	for _, tool := range []string{"typed", "nil", "raw", "unencodable"} {
		if got := s.called(t, tool, `{}`); got != "error -32603 internal error" {
			t.Errorf("%s: got %s", tool, got)
		}
	}
	if len(s.errs) != 4 {
		t.Errorf("reported errors: %q", s.errs)
	}
}

func TestSharedResultIsNotChanged(t *testing.T) {
	shared := &CallToolResult{Content: []Content{&TextContent{Text: "shared"}}}
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t"}, func(context.Context, *CallToolRequest, any) (*CallToolResult, echoInput, error) {
		return shared, echoInput{"hi"}, nil
	})
	s.called(t, "t", "")
	if shared.StructuredContent != nil {
		t.Errorf("the handler's result has become %v", shared)
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t", InputSchema: json.RawMessage(`{"type":"object","required":["name"],
		"properties":{"name":{"type":"string","default":"Bob"},"n":{"type":"integer","default":3}}}`)},
		func(_ context.Context, _ *CallToolRequest, in map[string]any) (*CallToolResult, any, error) {
			return nil, in, nil
		})
	for arguments, want := range map[string]string{
		``:                      `{"n":3,"name":"Bob"}`,
		`{ }`:                   `{"n":3,"name":"Bob"}`,
		`{"name":"Eve"}`:        `{"n":3,"name":"Eve"}`,
		`{"n":1,"name":"Eve" }`: `{"n":1,"name":"Eve"}`,
	} {
		var result CallToolResult
		if err := json.Unmarshal([]byte(s.called(t, "t", arguments)), &result); err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(result.StructuredContent); string(got) != want {
			t.Errorf("%s: got %s, want %s", arguments, got, want)
		}
	}
}

func TestMembersAreFoundByTheirExactNames(t *testing.T) {
	type inner struct {
		Path string `json:"path"`
	}
	type in struct {
		Path  string           `json:"path"`
		List  []inner          `json:"list"`
		Named map[string]inner `json:"named"`
		inner                  // not exported: has no members
	}
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(_ context.Context, _ *CallToolRequest, in in) (*CallToolResult, any, error) { return nil, in, nil })
	for arguments, refused := range map[string]bool{
		`{"path":"a","other":1}`:             false,
		`{"path":"a","PATH":"b"}`:            true,
		`{"PATH":"b"}`:                       true,
		`{"list":[{"path":"a"}]}`:            false,
		`{"list":[{"path":"a"},{"Path":1}]}`: true,
		`{"li\u017ft":[]}`:                   true, // folds to "list"
		`{"named":{"Path":{"path":"a"}}}`:    false,
		`{"named":{"x":{"pAth":"a"}}}`:       true,
	} {
		if got := strings.Contains(s.called(t, "t", arguments), `"isError":true`); got != refused {
			t.Errorf("%s: refused %v, want %v", arguments, got, refused)
		}
	}
}

func TestArgumentsThatDoNotFitTheType(t *testing.T) {
	s := newTried(t, ServerOptions{})
	AddTool(s.Server, &Tool{Name: "t", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *CallToolRequest, struct {
			N int8 `json:"n"`
		}) (*CallToolResult, any, error) {
			return nil, nil, nil
		})
	got := s.called(t, "t", `{"n":1000}`)
	if want := `{"content":[{"type":"text","text":"invalid arguments: n: number 1000 does not fit"}],"isError":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCallEndsWithTheCauseOfItsContext(t *testing.T) {
	s := newTried(t, ServerOptions{})
	s.AddTool(&Tool{Name: "t", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(ctx context.Context, _ *CallToolRequest) (*CallToolResult, error) { return nil, ctx.Err() })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&Error{Code: CodeDeadline, Message: "out of time"})
	got := outcomeText(s.catalog().tool("t").call(ctx, toolRequest("t", "")))
	if want := "error 1003 out of time"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReportThatPanicsCostsNothing(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{
		OnPanic: func(string, string, any, []byte) { panic("again") },
	})
	s.AddTool(&Tool{Name: "t", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *CallToolRequest) (*CallToolResult, error) { panic("first") })
	got := outcomeText(s.catalog().tool("t").call(t.Context(), toolRequest("t", "")))
	if want := "error -32603 internal error"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestComplaintsAboutArgumentsAreShort(t *testing.T) {
	s := newTried(t, ServerOptions{})
	addEcho(s.Server)
	for _, arguments := range []string{
		`{"message":["` + strings.Repeat("ä", 5000) + `"]}`,
		`{"` + strings.Repeat("ä", 5000) + `":1,"message":"x"}`,
		`{"message":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		got := s.called(t, "echo", arguments)
		if len(got) > 2*maxInputError || !strings.Contains(got, `"isError":true`) || strings.Contains(got, "\ufffd") {
			t.Errorf("got %d bytes: %s", len(got), got)
		}
	}
}
