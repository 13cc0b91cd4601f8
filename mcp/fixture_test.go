package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// scenarioServer is the server of the session's tests: the tools echo and slow, the resources
// test://static/text and test://item/{id}, the prompt greet, and completions. Nobody changes it.
var scenarioServer = sync.OnceValue(func() *Server {
	s := NewServer(&Implementation{Name: "test", Title: "Test", Version: "1", WebsiteURL: "https://example.com"}, &ServerOptions{
		Instructions: "be gentle",
		CompletionHandler: func(_ context.Context, r *CompleteRequest) (*CompleteResult, error) {
			return &CompleteResult{Completion: CompletionResultDetails{Values: []string{r.Params.Argument.Value + "!"}}}, nil
		},
	})
	s.AddTool(&Tool{
		Name:        "echo",
		InputSchema: json.RawMessage(`{"type":"object","required":["message"],"properties":{"message":{"type":"string"}}}`),
	}, func(_ context.Context, r *CallToolRequest) (*CallToolResult, error) {
		var in struct{ Message string }
		if err := json.Unmarshal(r.Params.Arguments, &in); err != nil {
			return nil, err
		}
		return &CallToolResult{Content: []Content{&TextContent{Text: in.Message}}}, nil
	})
	s.AddTool(&Tool{Name: "slow", InputSchema: json.RawMessage(`{"type":"object"}`)}, func(context.Context, *CallToolRequest) (*CallToolResult, error) {
		return &CallToolResult{}, nil
	})
	read := func(_ context.Context, r *ReadResourceRequest) (*ReadResourceResult, error) {
		return &ReadResourceResult{Contents: []*ResourceContents{{URI: r.Params.URI, Text: "text"}}}, nil
	}
	s.AddResource(&Resource{Name: "static", URI: "test://static/text"}, read)
	s.AddResourceTemplate(&ResourceTemplate{Name: "item", URITemplate: "test://item/{id}"}, read)
	s.AddPrompt(&Prompt{Name: "greet", Arguments: []*PromptArgument{{Name: "name", Required: true}}}, func(_ context.Context, r *GetPromptRequest) (*GetPromptResult, error) {
		text := fmt.Sprintf("Hello %s", r.Params.Arguments["name"])
		return &GetPromptResult{Messages: []*PromptMessage{{Role: RoleUser, Content: &TextContent{Text: text}}}}, nil
	})
	return s
})
