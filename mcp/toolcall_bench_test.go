package mcp

import (
	"context"
	"testing"
)

type echoInput struct {
	Message string `json:"message" jsonschema:"what comes back"`
}

func addEcho(s *Server) {
	AddTool(s, &Tool{Name: "echo", Description: "gives the message back"},
		func(_ context.Context, _ *CallToolRequest, in echoInput) (*CallToolResult, any, error) {
			return &CallToolResult{Content: []Content{&TextContent{Text: in.Message}}}, nil, nil
		})
}

// BenchmarkToolCall measures a typed call from the raw arguments to the encoded result.
func BenchmarkToolCall(b *testing.B) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	addEcho(s)
	type sums struct {
		A, B int
		Tags []string
	}
	type total struct {
		Sum  int      `json:"sum"`
		Tags []string `json:"tags"`
	}
	AddTool(s, &Tool{Name: "structured"},
		func(_ context.Context, _ *CallToolRequest, in sums) (*CallToolResult, total, error) {
			return nil, total{in.A + in.B, in.Tags}, nil
		})
	for _, bench := range []struct{ name, tool, arguments string }{
		{"echo", "echo", `{"message":"hello, world"}`},
		{"structured", "structured", `{"A":1,"B":2,"Tags":["a","b"]}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out := s.catalog().tool(bench.tool).call(b.Context(), &CallToolRequest{
					Params: &CallToolParamsRaw{Name: bench.tool, Arguments: []byte(bench.arguments)},
				})
				if out.Err != nil {
					b.Fatal(out.Err)
				}
			}
		})
	}
}
