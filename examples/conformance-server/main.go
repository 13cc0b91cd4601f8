// Command conformance-server serves what the official MCP conformance suite expects of a server under test.
//
//	conformance-server -http 127.0.0.1:8080
//
// With -seeds it is one node of a cluster, whose cookie is in the environment variable that -cookie-env names:
//
//	conformance-server -http 127.0.0.1:8080 -name n1@127.0.0.1 -seeds n1@127.0.0.1,n2@127.0.0.2
//
// It prints the URL it serves and drains on SIGINT and SIGTERM. make conformance builds it and runs the suite
// against it.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/erlmcp/erlmcp"
)

func main() {
	o := erlmcp.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	c := erlmcp.Cluster{}
	flag.StringVar(&o.HTTP.Addr, "http", "127.0.0.1:0", "`address` to serve")
	flag.StringVar(&o.Name, "name", "", "`name` of the node, name@host")
	flag.StringVar(&c.Gossip, "gossip", "", "`address` of the membership; default the host of the name, port 4369")
	flag.StringVar(&c.Dist, "dist", "", "`address` of the distribution; default the host of the name, port 9001")
	seeds := flag.String("seeds", "", "`nodes` of the cluster, separated by commas; empty: no cluster")
	cookie := flag.String("cookie-env", "ERLANG_COOKIE", "environment `variable` with the cookie of the cluster")
	flag.Parse()
	if *seeds != "" {
		c.Seeds, c.Cookie = strings.Split(*seeds, ","), []byte(os.Getenv(*cookie))
		_, host, _ := strings.Cut(o.Name, "@")
		c.Gossip = cmp.Or(c.Gossip, net.JoinHostPort(host, "4369"))
		c.Dist = cmp.Or(c.Dist, net.JoinHostPort(host, "9001"))
		o.Cluster = &c
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "conformance-server:", err)
		os.Exit(1)
	}
}

func run(o erlmcp.Options) error {
	node, err := erlmcp.New(Fixtures(), o)
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
