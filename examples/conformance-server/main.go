// Command conformance-server serves what the official MCP conformance suite expects of a server under test.
//
//	conformance-server -http 127.0.0.1:8080
//
// It prints the URL it serves and drains on SIGINT and SIGTERM. make conformance builds it and runs the suite
// against it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/erlmcp/erlmcp"
)

func main() {
	addr := flag.String("http", "127.0.0.1:0", "`address` to serve")
	flag.Parse()
	if err := run(*addr); err != nil {
		fmt.Fprintln(os.Stderr, "conformance-server:", err)
		os.Exit(1)
	}
}

func run(addr string) error {
	node, err := erlmcp.New(Fixtures(), erlmcp.Options{
		HTTP:   erlmcp.HTTP{Addr: addr},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	go func() {
		<-node.Ready()
		fmt.Printf("http://%s/mcp\n", node.Addr())
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return node.Run(ctx)
}
