// Package erlmcp runs MCP servers as supervised actors.
//
// A tool author registers features on an mcp.Server and embeds a node:
//
//	srv := mcp.NewServer(&mcp.Implementation{Name: "demo", Version: "1.0"}, nil)
//	mcp.AddTool(srv, &mcp.Tool{Name: "echo"}, echo)
//	node, err := erlmcp.New(srv, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:8080"}})
//	if err != nil { ... }
//	err = node.Run(ctx)
//
// New builds nothing that runs; Run starts the supervision tree, serves until ctx ends, drains, and stops
// the tree in reverse order. The zero Options serve stdio.
//
// The package assembles: the tree is in tree.go, the order of a stop in drain.go. What a message means is
// decided in package mcp, who is restarted in package supervisors.
//
// Stability: product; semantic versioning.
package erlmcp
