// Command echo is a small MCP server on erlmcp: one tool, over Streamable HTTP and WebSocket.
//
//	go run ./examples/echo -addr 127.0.0.1:8080
//
// It prints the address it serves and drains on SIGINT and SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
)

type echoInput struct {
	Message string `json:"message" jsonschema:"the text to send back"`
}

func echo(_ context.Context, _ *mcp.CallToolRequest, in echoInput) (*mcp.CallToolResult, any, error) {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Message}}}, nil, nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to serve")
	flag.Parse()

	server := mcp.NewServer(&mcp.Implementation{Name: "echo", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo", Description: "Sends the message back."}, echo)
	node, err := erlmcp.New(server, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: *addr}})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		<-node.Ready()
		fmt.Println(node.Addr())
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := node.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
