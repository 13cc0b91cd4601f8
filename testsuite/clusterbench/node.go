//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
)

type echoInput struct {
	Message string `json:"message"`
}

type none struct{}

// runNode is one node of the cluster: an echo tool, and one that changes the list of tools.
func runNode(n int) {
	server := mcp.NewServer(&mcp.Implementation{Name: "clusterbench", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo"}, func(_ context.Context, _ *mcp.CallToolRequest, in echoInput) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Message}}}, nil, nil
	})
	var mu sync.Mutex
	there := false
	mcp.AddTool(server, &mcp.Tool{Name: "toggle"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
		mu.Lock()
		defer mu.Unlock()
		if there = !there; there {
			mcp.AddTool(server, &mcp.Tool{Name: "extra"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
				return &mcp.CallToolResult{}, nil, nil
			})
		} else {
			server.RemoveTools("extra")
		}
		return &mcp.CallToolResult{}, nil, nil
	})
	var seeds []string
	for i := 1; i <= nodes; i++ {
		seeds = append(seeds, fmt.Sprintf("n%d@%s", i, address(i)))
	}
	node, err := erlmcp.New(server, erlmcp.Options{
		Name: fmt.Sprintf("n%d@%s", n, address(n)),
		HTTP: erlmcp.HTTP{Addr: address(n) + ":8080"},
		Cluster: &erlmcp.Cluster{
			Cookie: []byte("a cookie of a benchmark on one machine"), Seeds: seeds,
			Gossip: address(n) + ":4369", Dist: address(n) + ":9001",
		},
	})
	check(err)
	check(node.Run(context.Background()))
}
