package main

import (
	"context"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
)

// step is the time between two reports: the suite wants to see them come one by one.
const step = 50 * time.Millisecond

// pause waits, or fails when the call ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// addReportingTools adds tools that tell the client how they go on.
func addReportingTools(s *mcp.Server) {
	mcp.AddTool(s, &mcp.Tool{Name: "test_tool_with_logging", Description: "Logs three messages at level info."},
		func(ctx context.Context, req *mcp.CallToolRequest, _ noInput) (*mcp.CallToolResult, any, error) {
			for i, message := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
				if i > 0 {
					if err := pause(ctx, step); err != nil {
						return nil, nil, err
					}
				}
				if err := req.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "info", Logger: "conformance", Data: message}); err != nil {
					return nil, nil, err
				}
			}
			return textResult("Tool with logging executed successfully"), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "test_tool_with_progress", Description: "Reports progress three times."},
		func(ctx context.Context, req *mcp.CallToolRequest, _ noInput) (*mcp.CallToolResult, any, error) {
			for i, progress := range []float64{0, 50, 100} {
				if i > 0 {
					if err := pause(ctx, step); err != nil {
						return nil, nil, err
					}
				}
				if err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{Progress: progress, Total: 100}); err != nil {
					return nil, nil, err
				}
			}
			return textResult("Tool with progress executed successfully"), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "test_reconnection", Description: "Closes its event stream before it is done."},
		func(ctx context.Context, req *mcp.CallToolRequest, _ noInput) (*mcp.CallToolResult, any, error) {
			if err := req.Session.CloseStream(); err != nil {
				return nil, nil, err
			}
			if err := pause(ctx, 2*step); err != nil {
				return nil, nil, err
			}
			return textResult("Reconnection test completed successfully"), nil, nil
		})
}
