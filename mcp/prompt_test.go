package mcp

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestOutcomesOfPrompts(t *testing.T) {
	s := newTried(t, ServerOptions{})
	s.AddPrompt(&Prompt{Name: "p", Arguments: []*PromptArgument{{Name: "case", Required: true}, {Name: "more"}}},
		func(_ context.Context, req *GetPromptRequest) (*GetPromptResult, error) {
			switch req.Params.Arguments["case"] {
			case "error":
				return nil, errors.New("secret")
			case "protocol error":
				return nil, fmt.Errorf("wrapped: %w", InvalidParams("no such thing"))
			case "panic":
				panic("secret")
			case "nothing":
				return nil, nil
			case "nil message":
				return &GetPromptResult{Messages: []*PromptMessage{nil}}, nil
			case "no content":
				return &GetPromptResult{Messages: []*PromptMessage{{Role: RoleUser}}}, nil
			case "empty":
				return &GetPromptResult{}, nil
			}
			return &GetPromptResult{Description: "d", Messages: []*PromptMessage{
				{Role: RoleUser, Content: &TextContent{Text: req.Params.Arguments["more"]}},
				{Role: RoleAssistant, Content: &ImageContent{Data: []byte{0}, MIMEType: "image/png"}},
			}, Meta: Meta{"k": 1}}, nil
		})
	for _, test := range []struct {
		arguments map[string]string
		want      string
	}{
		{nil, "error -32602 arguments.case is missing"},
		{map[string]string{"more": "x"}, "error -32602 arguments.case is missing"},
		{map[string]string{"case": ""}, `{"description":"d","messages":[{"role":"user","content":{"type":"text","text":""}},` +
			`{"role":"assistant","content":{"type":"image","data":"AA==","mimeType":"image/png"}}],"_meta":{"k":1}}`},
		{map[string]string{"case": "empty"}, `{"messages":[]}`},
		{map[string]string{"case": "error"}, "error -32603 internal error"},
		{map[string]string{"case": "protocol error"}, "error -32602 no such thing"},
		{map[string]string{"case": "panic"}, "error -32603 internal error"},
		{map[string]string{"case": "nothing"}, "error -32603 internal error"},
		{map[string]string{"case": "nil message"}, "error -32603 internal error"},
		{map[string]string{"case": "no content"}, "error -32603 internal error"},
	} {
		out := s.catalog().prompt("p").get(t.Context(), &GetPromptRequest{Params: &GetPromptParams{Name: "p", Arguments: test.arguments}})
		if got := outcomeText(out); got != test.want {
			t.Errorf("%v\ngot:  %s\nwant: %s", test.arguments, got, test.want)
		}
	}
	if len(s.panics) != 1 || len(s.errs) != 4 {
		t.Errorf("reported panics: %q, errors: %q", s.panics, s.errs)
	}
}

func TestListedPrompts(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	p := &Prompt{Name: "p", Title: "P", Description: "d", Arguments: []*PromptArgument{{Name: "a", Required: true}}}
	s.AddPrompt(p, func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil })
	p.Name, p.Arguments[0].Name = "changed", "changed"
	got, err := s.catalog().promptsPage("")
	want := `{"prompts":[{"name":"p","title":"P","description":"d","arguments":[{"name":"a","required":true}]}]}`
	if err != nil || string(got) != want {
		t.Errorf("got:  %s, %v\nwant: %s", got, err, want)
	}
	if s.catalog().prompt("p").prompt.Arguments[0].Name != "a" {
		t.Error("the prompt is shared with the caller")
	}
}

func TestAddPromptPanicsAndNamesThePrompt(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	handler := func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil }
	s.AddPrompt(&Prompt{Name: "taken"}, handler)
	for name, test := range map[string]struct {
		prompt  *Prompt
		handler PromptHandler
		want    string
	}{
		"nil":              {nil, handler, "the prompt is nil"},
		"no name":          {&Prompt{}, handler, "no name"},
		"no handler":       {&Prompt{Name: "p"}, nil, `prompt "p"`},
		"twice":            {&Prompt{Name: "taken"}, handler, `prompt "taken" exists`},
		"nil argument":     {&Prompt{Name: "p", Arguments: []*PromptArgument{nil}}, handler, `prompt "p": argument 1`},
		"no argument name": {&Prompt{Name: "p", Arguments: []*PromptArgument{{Name: "a"}, {}}}, handler, `prompt "p": argument 2`},
		"argument twice":   {&Prompt{Name: "p", Arguments: []*PromptArgument{{Name: "a"}, {Name: "a"}}}, handler, `prompt "p": argument 2`},
		"bad meta":         {&Prompt{Name: "p", Meta: Meta{"f": handler}}, handler, `prompt "p"`},
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, test.want, func() { s.AddPrompt(test.prompt, test.handler) }) })
	}
}
