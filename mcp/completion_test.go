package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// countTo has as many values as the argument says.
func countTo(_ context.Context, value string, known map[string]string) ([]string, error) {
	switch value {
	case "error":
		return nil, errors.New("secret")
	case "panic":
		panic("secret")
	case "known":
		return []string{known["other"]}, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil, InvalidParams("not a number")
	}
	values := make([]string, n)
	for i := range values {
		values[i] = "v" + strconv.Itoa(i)
	}
	return values, nil
}

func TestOutcomesOfCompletion(t *testing.T) {
	s := newTried(t, ServerOptions{CompletionHandler: func(_ context.Context, req *CompleteRequest) (*CompleteResult, error) {
		if req.Params.Argument.Value == "nothing" {
			return nil, nil
		}
		return &CompleteResult{Completion: CompletionResultDetails{Values: []string{"from the handler"}, HasMore: true}}, nil
	}})
	s.AddPrompt(&Prompt{Name: "p", Arguments: []*PromptArgument{{Name: "a", Complete: countTo}, {Name: "b"}}},
		func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil })
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{x}/{y}", Name: "t", Complete: map[string]CompleteFunc{"x": countTo}}, echoResource)
	s.AddResource(&Resource{URI: "test://r", Name: "r"}, echoResource)
	for _, test := range []struct{ ref, argument, value, want string }{
		{"p", "a", "2", `{"completion":{"values":["v0","v1"],"total":2}}`},
		{"p", "a", "0", `{"completion":{"values":[]}}`},
		{"p", "a", "known", `{"completion":{"values":["o"],"total":1}}`},
		{"p", "a", "x", "error -32602 not a number"},
		{"p", "a", "error", "error -32603 internal error"},
		{"p", "a", "panic", "error -32603 internal error"},
		{"p", "b", "x", `{"completion":{"values":["from the handler"],"hasMore":true}}`},
		{"p", "b", "nothing", "error -32603 internal error"},
		{"p", "c", "x", "error -32602 the prompt has no argument c"},
		{"q", "a", "x", "error -32602 unknown prompt: q"},
		{"test://{x}/{y}", "x", "1", `{"completion":{"values":["v0"],"total":1}}`},
		{"test://{x}/{y}", "y", "1", `{"completion":{"values":["from the handler"],"hasMore":true}}`},
		{"test://{x}/{y}", "z", "1", "error -32602 the resource template has no variable z"},
		{"test://r", "z", "1", `{"completion":{"values":["from the handler"],"hasMore":true}}`},
		{"test://none", "z", "1", "error -32602 unknown resource: test://none"},
	} {
		if got := outcomeText(s.complete(t.Context(), completeRequest(test.ref, test.argument, test.value))); got != test.want {
			t.Errorf("%s %s %s\ngot:  %s\nwant: %s", test.ref, test.argument, test.value, got, test.want)
		}
	}
	if len(s.panics) != 1 || len(s.errs) != 2 {
		t.Errorf("reported panics: %q, errors: %q", s.panics, s.errs)
	}
}

func completeRequest(ref, argument, value string) *CompleteRequest {
	params := &CompleteParams{
		Ref:      &CompleteReference{Type: refPrompt, Name: ref},
		Argument: CompleteParamsArgument{Name: argument, Value: value},
		Context:  &CompleteContext{Arguments: map[string]string{"other": "o"}},
	}
	if strings.Contains(ref, "://") {
		params.Ref = &CompleteReference{Type: refResource, URI: ref}
	}
	return &CompleteRequest{Params: params}
}

func TestAtMost100Completions(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.AddPrompt(&Prompt{Name: "p", Arguments: []*PromptArgument{{Name: "a", Complete: countTo}}},
		func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil })
	for n, more := range map[int]bool{100: false, 101: true, 250: true} {
		var result CompleteResult
		out := s.complete(t.Context(), completeRequest("p", "a", strconv.Itoa(n)))
		if err := json.Unmarshal([]byte(outcomeText(out)), &result); err != nil {
			t.Fatal(err)
		}
		if c := result.Completion; len(c.Values) != 100 || c.Total != n || c.HasMore != more {
			t.Errorf("%d: got %d values, total %d, more %v", n, len(c.Values), c.Total, c.HasMore)
		}
	}
}

func TestCompletionIsUnknownWithoutCompleters(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	if got := s.complete(t.Context(), completeRequest("p", "a", "")); got.Err == nil || got.Err.Code != CodeMethodNotFound {
		t.Errorf("got %s, want error %d", outcomeText(got), CodeMethodNotFound)
	}
}
