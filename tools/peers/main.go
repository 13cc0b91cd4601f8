// Command peers serves an MCP echo tool with other servers than erlmcp, so that benchmarks compare all of
// them in one run:
//
//	gorilla  WebSocket, a bare tuned gorilla/websocket loop: the floor for a goroutine a connection
//	nethttp  Streamable HTTP, a bare net/http handler with a session map: the floor for HTTP
//	mcp-go   mark3labs/mcp-go, stateful Streamable HTTP
//	go-sdk   the official Go SDK, stateful Streamable HTTP
//
// It prints the address it listens on and ends with its standard input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	kind := flag.String("kind", "", "gorilla, nethttp, mcp-go or go-sdk")
	flag.Parse()
	handlers := map[string]func() http.Handler{
		"gorilla": gorilla, "nethttp": nethttp, "mcp-go": mcpGo, "go-sdk": goSDK,
	}
	make, ok := handlers[*kind]
	if !ok {
		log.Fatalf("peers: unknown kind %q", *kind)
	}
	lc := net.ListenConfig{KeepAlive: -1}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ln.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal((&http.Server{Handler: make()}).Serve(ln))
}
