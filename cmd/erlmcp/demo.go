package main

import (
	"context"
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // for the tool time, in images without it

	"github.com/erlmcp/erlmcp/mcp"
)

const instructions = "Demo tools of erlmcp: echo sends a text back, time tells the time, node tells which node serves the session, slow takes its time, panic crashes and costs nothing but that call."

// newServer makes the server of the node with this name, with the demo features or with none.
func newServer(demo bool, name string) *mcp.Server {
	impl := &mcp.Implementation{Name: "erlmcp", Title: "erlmcp", Version: versionName()}
	if !demo {
		return mcp.NewServer(impl, nil)
	}
	s := mcp.NewServer(impl, &mcp.ServerOptions{Instructions: instructions})
	readOnly := &mcp.ToolAnnotations{ReadOnlyHint: true}
	mcp.AddTool(s, &mcp.Tool{Name: "echo", Title: "Echo", Description: "Sends the message back.", Annotations: readOnly}, echo)
	mcp.AddTool(s, &mcp.Tool{Name: "time", Title: "Time", Description: "Tells the time of the node.", Annotations: readOnly}, tellTime)
	mcp.AddTool(s, &mcp.Tool{Name: "node", Title: "Node", Description: "Tells which node of the cluster serves the session.", Annotations: readOnly}, tellNode(name))
	mcp.AddTool(s, &mcp.Tool{Name: "slow", Title: "Slow", Description: "Answers after a while, with progress every second; can be cancelled.", Annotations: readOnly}, slow)
	mcp.AddTool(s, &mcp.Tool{Name: "panic", Title: "Panic", Description: "Crashes its handler. The call fails, nothing else does.", Annotations: readOnly}, crash)
	s.AddResource(&mcp.Resource{URI: "test://static/text", Name: "text", Description: "A text that does not change.", MIMEType: "text/plain"}, staticText)
	s.AddPrompt(&mcp.Prompt{
		Name: "greet", Description: "Greets somebody.",
		Arguments: []*mcp.PromptArgument{{Name: "name", Description: "Who is greeted.", Required: true}},
	}, greet)
	return s
}

type echoInput struct {
	Message string `json:"message" jsonschema:"the text to send back"`
}

func echo(_ context.Context, _ *mcp.CallToolRequest, in echoInput) (*mcp.CallToolResult, any, error) {
	return textResult(in.Message), nil, nil
}

type timeInput struct {
	Zone string `json:"zone,omitempty" jsonschema:"time zone such as Europe/Berlin; UTC if absent"`
}

type timeOutput struct {
	Time string `json:"time" jsonschema:"the time by RFC 3339"`
	Unix int64  `json:"unix" jsonschema:"seconds since 1970"`
}

func tellTime(_ context.Context, _ *mcp.CallToolRequest, in timeInput) (*mcp.CallToolResult, timeOutput, error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return nil, timeOutput{}, fmt.Errorf("time zone %.60q is unknown", in.Zone)
	}
	now := time.Now().In(zone)
	return nil, timeOutput{Time: now.Format(time.RFC3339), Unix: now.Unix()}, nil
}

type nodeInput struct {
	Note string `json:"note,omitempty" jsonschema:"a text that is sent back, to tell answers apart"`
}

type nodeOutput struct {
	Node string `json:"node" jsonschema:"name of the node"`
	PID  int    `json:"pid" jsonschema:"its process, which tells a restarted node from the one before"`
	At   int64  `json:"at" jsonschema:"time at which the call ran, in microseconds since 1970"`
	Note string `json:"note,omitempty" jsonschema:"the text of the call"`
}

func tellNode(name string) mcp.ToolHandlerFor[nodeInput, nodeOutput] {
	return func(_ context.Context, _ *mcp.CallToolRequest, in nodeInput) (*mcp.CallToolResult, nodeOutput, error) {
		return nil, nodeOutput{Node: name, PID: os.Getpid(), At: time.Now().UnixMicro(), Note: in.Note}, nil
	}
}

type slowInput struct {
	MS int `json:"ms" jsonschema:"how long to take, in milliseconds, at most 600000"`
}

// maxSlow is the longest that slow takes.
const maxSlow = 10 * time.Minute

func slow(ctx context.Context, req *mcp.CallToolRequest, in slowInput) (*mcp.CallToolResult, any, error) {
	took := time.Duration(in.MS) * time.Millisecond
	if in.MS < 0 || took > maxSlow {
		return nil, nil, fmt.Errorf("ms is %d, want 0 to %d", in.MS, maxSlow.Milliseconds())
	}
	done := time.NewTimer(took)
	defer done.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for passed := 1; ; passed++ {
		select {
		case <-done.C:
			return textResult(fmt.Sprintf("done after %d ms", in.MS)), nil, nil
		case <-second.C:
			progress := &mcp.ProgressNotificationParams{Progress: float64(passed), Total: took.Seconds(), Message: "still sleeping"}
			if err := req.Session.NotifyProgress(ctx, progress); err != nil {
				return nil, nil, err
			}
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

func crash(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
	panic("the demo tool panic was called")
}

func textResult(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func staticText(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{Text: "This text does not change."}}}, nil
}

func greet(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	text := "Greet " + req.Params.Arguments["name"] + " in one friendly sentence."
	return &mcp.GetPromptResult{
		Description: "A greeting.",
		Messages:    []*mcp.PromptMessage{{Role: mcp.RoleUser, Content: &mcp.TextContent{Text: text}}},
	}, nil
}
