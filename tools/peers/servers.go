package main

import (
	"context"
	"net/http"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	mcpgoserver "github.com/mark3labs/mcp-go/server"
	gosdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// mcpGo is mark3labs/mcp-go with its default, stateful handler.
func mcpGo() http.Handler {
	s := mcpgoserver.NewMCPServer("mcp-go", "1", mcpgoserver.WithToolCapabilities(true))
	tool := mcpgo.NewTool("echo", mcpgo.WithString("message", mcpgo.Required()))
	s.AddTool(tool, func(_ context.Context, r mcpgo.CallToolRequest) (*mcpgo.CallToolResult, error) {
		message, err := r.RequireString("message")
		if err != nil {
			return mcpgo.NewToolResultError(err.Error()), nil
		}
		return mcpgo.NewToolResultText(message), nil
	})
	return mcpgoserver.NewStreamableHTTPServer(s)
}

type echoInput struct {
	Message string `json:"message"`
}

// goSDK is the official SDK with its default, stateful handler.
func goSDK() http.Handler {
	s := gosdk.NewServer(&gosdk.Implementation{Name: "go-sdk", Version: "1"}, nil)
	gosdk.AddTool(s, &gosdk.Tool{Name: "echo"}, func(_ context.Context, _ *gosdk.CallToolRequest, in echoInput) (*gosdk.CallToolResult, any, error) {
		return &gosdk.CallToolResult{Content: []gosdk.Content{&gosdk.TextContent{Text: in.Message}}}, nil, nil
	})
	return gosdk.NewStreamableHTTPHandler(func(*http.Request) *gosdk.Server { return s }, nil)
}
