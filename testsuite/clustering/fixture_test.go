package clustering

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
)

// fixtureVariable makes the test binary a node with the features that tests need; it is the host to serve.
const fixtureVariable = "TESTSUITE_CLUSTERING_NODE"

// runFixture is the life of such a node.
func runFixture() int {
	host := os.Getenv(fixtureVariable)
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	node, err := erlmcp.New(fixtureServer(), erlmcp.Options{
		Name: os.Getenv("NODE_NAME"),
		HTTP: erlmcp.HTTP{Addr: host + ":" + httpPort, AllowUnauthenticated: true},
		Cluster: &erlmcp.Cluster{
			Cookie: []byte(os.Getenv("ERLANG_COOKIE")), Seeds: strings.Split(os.Getenv("CLUSTER_NODES"), ","),
			Gossip: host + ":4369", Dist: host + ":9001",
		},
		Drain:  erlmcp.Drain{Timeout: 10 * time.Second, Spread: -1},
		Logger: log,
	})
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		err = node.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

type reportInput struct {
	Reports int `json:"reports"`
	EveryMS int `json:"every_ms"`
}

type nameInput struct {
	Name string `json:"name"`
}

// fixtureServer has tools that report, and tools that change what the server has.
func fixtureServer() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "fixture", Version: "1"}, nil)
	pid := fmt.Sprint(os.Getpid())
	text := func(s string) *mcp.CallToolResult {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
	}
	mcp.AddTool(s, &mcp.Tool{Name: "pid", Description: "Tells the process."},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return text(pid), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "report", Description: "Reports progress, then is done."},
		func(ctx context.Context, req *mcp.CallToolRequest, in reportInput) (*mcp.CallToolResult, any, error) {
			tick := time.NewTicker(time.Duration(in.EveryMS) * time.Millisecond)
			defer tick.Stop()
			for i := range in.Reports {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return nil, nil, context.Cause(ctx)
				}
				p := &mcp.ProgressNotificationParams{Progress: float64(i + 1), Message: fmt.Sprintf("report %d of %s", i+1, pid)}
				if err := req.Session.NotifyProgress(ctx, p); err != nil {
					return nil, nil, err
				}
			}
			return text("done by " + pid), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "register", Description: "Adds a tool."},
		func(_ context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, any, error) {
			mcp.AddTool(s, &mcp.Tool{Name: in.Name}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
				return text(in.Name), nil, nil
			})
			return text("registered"), nil, nil
		})
	var mu sync.Mutex
	version := 0
	const uri = "test://changing"
	s.AddResource(&mcp.Resource{URI: uri, Name: "changing"}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		mu.Lock()
		defer mu.Unlock()
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, Text: fmt.Sprint(version)}}}, nil
	})
	mcp.AddTool(s, &mcp.Tool{Name: "touch", Description: "Changes the resource."},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			mu.Lock()
			version++
			mu.Unlock()
			s.ResourceUpdated(uri)
			return text("touched"), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "log", Description: "Logs to all clients."},
		func(_ context.Context, _ *mcp.CallToolRequest, in mcp.LoggingMessageParams) (*mcp.CallToolResult, any, error) {
			return text("logged"), nil, s.Log(in.Level, in.Logger, in.Data)
		})
	return s
}
