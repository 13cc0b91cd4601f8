package interop

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/erlmcp/erlmcp/mcp"
)

// pageSize is small, so that every list of the server has several pages.
const pageSize = 2

// messageInput is the input of tools that take a text.
type messageInput struct {
	Message string `json:"message"`
}

type sumInput struct {
	A int `json:"a"`
	B int `json:"b"`
}

type sumOutput struct {
	Sum int `json:"sum"`
}

type stepsInput struct {
	Steps int `json:"steps"`
}

type nameInput struct {
	Name string `json:"name"`
}

type none struct{}

// features is what the tools of one server share: calls that wait for other calls. Everything is driven
// through tools, so that a node in another process is as good as one in this.
type features struct {
	server *mcp.Server

	mu    sync.Mutex
	gates map[string]*gate
}

// gate is where the calls of one name meet.
type gate struct {
	begun    chan struct{} // one for each call of wait that has begun
	released chan struct{} // closed by release
	ended    chan error    // the cause of each call of wait that was cancelled
}

// gate finds the gate of a name, or makes it.
func (f *features) gate(name string) *gate {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.gates[name]
	if g == nil {
		g = &gate{begun: make(chan struct{}, 16), released: make(chan struct{}), ended: make(chan error, 16)}
		f.gates[name] = g
	}
	return g
}

// newServer makes the server that all nodes of this package serve.
func newServer() *mcp.Server { return newFeatures().server }

func newFeatures() *features {
	s := mcp.NewServer(
		&mcp.Implementation{Name: "interop", Title: "Interop", Version: "1.2.3"},
		&mcp.ServerOptions{Instructions: "call echo", PageSize: pageSize},
	)
	f := &features{server: s, gates: map[string]*gate{}}
	f.addPlainTools()
	f.addMeetingTools()
	f.addAskingTools()
	f.addChangingTools()
	f.addResources()
	f.addPrompts()
	return f
}

func text(format string, args ...any) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf(format, args...)}}}
}

// addTool adds a tool without structured output.
func addTool[In any](s *mcp.Server, name string, h func(context.Context, *mcp.CallToolRequest, In) (*mcp.CallToolResult, error)) {
	mcp.AddTool(s, &mcp.Tool{Name: name, Description: "tool " + name},
		func(ctx context.Context, r *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
			result, err := h(ctx, r, in)
			return result, nil, err
		})
}

// addPlainTools adds tools that need nobody else.
func (f *features) addPlainTools() {
	addTool(f.server, "echo", func(_ context.Context, _ *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, error) {
		return text("%s", in.Message), nil
	})
	mcp.AddTool(f.server, &mcp.Tool{Name: "sum"}, func(_ context.Context, _ *mcp.CallToolRequest, in sumInput) (*mcp.CallToolResult, sumOutput, error) {
		return nil, sumOutput{Sum: in.A + in.B}, nil
	})
	addTool(f.server, "fail", func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, error) {
		return nil, errors.New("it did not work")
	})
	addTool(f.server, "refuse", func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, error) {
		return nil, &mcp.Error{Code: 4711, Message: "not today", Data: map[string]any{"when": "tomorrow"}}
	})
	addTool(f.server, "panic", func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, error) {
		panic("a secret of the handler")
	})
	addTool(f.server, "steps", func(ctx context.Context, r *mcp.CallToolRequest, in stepsInput) (*mcp.CallToolResult, error) {
		for i := range in.Steps {
			p := &mcp.ProgressNotificationParams{Progress: float64(i + 1), Total: float64(in.Steps), Message: "step " + strconv.Itoa(i+1)}
			if err := r.Session.NotifyProgress(ctx, p); err != nil {
				return nil, err
			}
		}
		return text("%d steps", in.Steps), nil
	})
	addTool(f.server, "speak", func(ctx context.Context, r *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, error) {
		for _, level := range []mcp.LoggingLevel{"debug", "info", "error"} {
			if err := r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: level, Logger: "speak", Data: in.Message}); err != nil {
				return nil, err
			}
		}
		return text("spoken"), nil
	})
	addTool(f.server, "whoami", func(_ context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, error) {
		return text("%s %s %s", r.Session.ClientInfo().Name, r.Session.Revision(), r.Session.ID()), nil
	})
}

// addMeetingTools adds tools whose calls wait for each other.
func (f *features) addMeetingTools() {
	// wait waits until its gate is released or its call is cancelled.
	addTool(f.server, "wait", func(ctx context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		g := f.gate(in.Name)
		g.begun <- struct{}{}
		select {
		case <-g.released:
			return text("released %s", in.Name), nil
		case <-ctx.Done():
			g.ended <- ctx.Err()
			return nil, ctx.Err()
		}
	})
	// detach is wait, after it has ended the event stream of its answer.
	addTool(f.server, "detach", func(ctx context.Context, r *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		if err := r.Session.CloseStream(); err != nil {
			return nil, err
		}
		g := f.gate(in.Name)
		g.begun <- struct{}{}
		select {
		case <-g.released:
			return text("released %s", in.Name), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	// report reports progress, waits until its gate is released, and reports progress again.
	addTool(f.server, "report", func(ctx context.Context, r *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		if err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{Progress: 1}); err != nil {
			return nil, err
		}
		select {
		case <-f.gate(in.Name).released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return text("released %s", in.Name), r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{Progress: 2})
	})
	// lockstep reports progress once, then once for each begun of its gate, until the gate is released.
	addTool(f.server, "lockstep", func(ctx context.Context, r *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		g := f.gate(in.Name)
		for n := 1.0; ; n++ {
			if err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{Progress: n}); err != nil {
				return nil, err
			}
			select {
			case <-g.begun:
				continue
			default:
			}
			select {
			case <-g.begun:
			case <-g.released:
				return text("released %s", in.Name), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	})
	// begun returns when a call of wait has begun.
	addTool(f.server, "begun", func(ctx context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		select {
		case <-f.gate(in.Name).begun:
			return text("begun"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	addTool(f.server, "release", func(_ context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		close(f.gate(in.Name).released)
		return text("released"), nil
	})
	// ended returns when a call of wait was cancelled, with the error of its context.
	addTool(f.server, "ended", func(ctx context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		select {
		case err := <-f.gate(in.Name).ended:
			return text("%v", err), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// addAskingTools adds tools that ask the client.
func (f *features) addAskingTools() {
	addTool(f.server, "sample", func(ctx context.Context, r *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, error) {
		result, err := r.Session.CreateMessage(ctx, &mcp.CreateMessageParams{
			Messages:     []*mcp.SamplingMessage{{Role: mcp.RoleUser, Content: []mcp.Content{&mcp.TextContent{Text: in.Message}}}},
			SystemPrompt: "be brief",
			MaxTokens:    7,
		})
		if err != nil {
			return nil, err
		}
		if len(result.Content) != 1 {
			return nil, fmt.Errorf("%d blocks", len(result.Content))
		}
		said, ok := result.Content[0].(*mcp.TextContent)
		if !ok {
			return nil, fmt.Errorf("content is a %T", result.Content[0])
		}
		return text("%s: %s (%s)", result.Model, said.Text, result.StopReason), nil
	})
	addTool(f.server, "elicit", func(ctx context.Context, r *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, error) {
		result, err := r.Session.Elicit(ctx, &mcp.ElicitParams{
			Message: in.Message,
			RequestedSchema: map[string]any{
				"type":       "object",
				"properties": map[string]any{"color": map[string]any{"type": "string"}},
				"required":   []string{"color"},
			},
		})
		if err != nil {
			return nil, err
		}
		return text("%s %v", result.Action, result.Content["color"]), nil
	})
	addTool(f.server, "roots", func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, error) {
		result, err := r.Session.ListRoots(ctx, nil)
		if err != nil {
			return nil, err
		}
		var uris []string
		for _, root := range result.Roots {
			uris = append(uris, root.URI)
		}
		return text("%s", strings.Join(uris, " ")), nil
	})
	addTool(f.server, "ping", func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, error) {
		return text("pong"), r.Session.Ping(ctx)
	})
}

// addChangingTools adds tools that change what the server has.
func (f *features) addChangingTools() {
	addTool(f.server, "touch", func(_ context.Context, _ *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, error) {
		f.server.ResourceUpdated(in.Message)
		return text("touched"), nil
	})
	addTool(f.server, "register", func(_ context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		addTool(f.server, in.Name, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, error) {
			return text("this is %s", in.Name), nil
		})
		f.server.AddPrompt(&mcp.Prompt{Name: in.Name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{}, nil
		})
		f.server.AddResource(&mcp.Resource{URI: "mem:///" + in.Name, Name: in.Name}, readText)
		return text("registered"), nil
	})
	addTool(f.server, "unregister", func(_ context.Context, _ *mcp.CallToolRequest, in nameInput) (*mcp.CallToolResult, error) {
		f.server.RemoveTools(in.Name)
		return text("unregistered"), nil
	})
}

func readText(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{
		URI: r.Params.URI, MIMEType: "text/plain", Text: "text of " + r.Params.URI,
	}}}, nil
}

func (f *features) addResources() {
	for _, name := range []string{"a", "b", "c"} {
		f.server.AddResource(&mcp.Resource{URI: "mem:///" + name, Name: name, MIMEType: "text/plain"}, readText)
	}
	f.server.AddResource(&mcp.Resource{URI: "mem:///blob", Name: "blob"}, func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, Blob: []byte{0, 1, 255}}}}, nil
	})
	f.server.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "user://{id}/profile", Name: "profile"},
		func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			if r.Variables["id"] == "nobody" {
				return nil, mcp.ResourceNotFound(r.Params.URI)
			}
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, Text: "user " + r.Variables["id"]}}}, nil
		})
}

func (f *features) addPrompts() {
	cities := func(_ context.Context, value string, _ map[string]string) ([]string, error) {
		var found []string
		for _, c := range []string{"paris", "parma", "prague"} {
			if strings.HasPrefix(c, value) {
				found = append(found, c)
			}
		}
		return found, nil
	}
	f.server.AddPrompt(
		&mcp.Prompt{Name: "greet", Arguments: []*mcp.PromptArgument{{Name: "city", Required: true, Complete: cities}}},
		func(_ context.Context, r *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Description: "a greeting", Messages: []*mcp.PromptMessage{
				{Role: mcp.RoleUser, Content: &mcp.TextContent{Text: "greet " + r.Params.Arguments["city"]}},
			}}, nil
		})
	for _, name := range []string{"one", "two"} {
		f.server.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{}}, nil
		})
	}
}
