package mcp_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
)

// A typed tool: its input schema comes from the struct, and arguments that break it never reach the handler.
func ExampleAddTool() {
	type input struct {
		A int `json:"a" jsonschema:"the first number"`
		B int `json:"b" jsonschema:"the second number"`
	}
	type output struct {
		Sum int `json:"sum"`
	}
	s := mcp.NewServer(&mcp.Implementation{Name: "calc", Version: "1.0.0"}, nil)
	mcp.AddTool(s, &mcp.Tool{Name: "add", Description: "adds two numbers"},
		func(_ context.Context, _ *mcp.CallToolRequest, in input) (*mcp.CallToolResult, output, error) {
			return nil, output{Sum: in.A + in.B}, nil
		})

	c := connect(s)
	c.request("tools/call", `{"name":"add","arguments":{"a":2,"b":3}}`)
	c.request("tools/call", `{"name":"add","arguments":{"a":"two","b":3}}`)
	// Output:
	// {"content":[{"type":"text","text":"{\"sum\":5}"}],"structuredContent":{"sum":5}}
	// {"content":[{"type":"text","text":"invalid arguments: validating /properties/a: type: two has type \"string\", want \"integer\""}],"isError":true}
}

// A tool with a schema of its own, which clients get unchanged.
func ExampleServer_AddTool() {
	s := mcp.NewServer(&mcp.Implementation{Name: "files", Version: "1.0.0"}, nil)
	s.AddTool(&mcp.Tool{
		Name:        "count",
		InputSchema: map[string]any{"type": "object", "required": []string{"path"}},
	}, func(_ context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return nil, errors.New("nothing there")
	})

	c := connect(s)
	c.request("tools/list", `{}`)
	c.request("tools/call", `{"name":"count","arguments":{"path":"x"}}`)
	// Output:
	// {"tools":[{"name":"count","inputSchema":{"required":["path"],"type":"object"}}]}
	// {"content":[{"type":"text","text":"nothing there"}],"isError":true}
}

// A template reads every URI that it matches.
func ExampleServer_AddResourceTemplate() {
	s := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	s.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "note://{id}", Name: "note", MIMEType: "text/plain"},
		func(_ context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			if req.Variables["id"] != "1" {
				return nil, mcp.ResourceNotFound(req.Params.URI)
			}
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{Text: "buy milk"}}}, nil
		})

	c := connect(s)
	c.request("resources/read", `{"uri":"note://1"}`)
	c.request("resources/read", `{"uri":"note://2"}`)
	c.request("resources/read", `{"uri":"note://.."}`)
	// Output:
	// {"contents":[{"uri":"note://1","mimeType":"text/plain","text":"buy milk"}]}
	// -32002 resource not found
	// -32002 resource not found
}

// A prompt whose argument can be completed.
func ExampleServer_AddPrompt() {
	s := mcp.NewServer(&mcp.Implementation{Name: "greeter", Version: "1.0.0"}, nil)
	languages := func(_ context.Context, value string, _ map[string]string) ([]string, error) {
		return []string{value + "nglish", value + "speranto"}, nil
	}
	s.AddPrompt(&mcp.Prompt{
		Name:      "greet",
		Arguments: []*mcp.PromptArgument{{Name: "language", Required: true, Complete: languages}},
	}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		text := "Say hello in " + req.Params.Arguments["language"]
		return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{{Role: mcp.RoleUser, Content: &mcp.TextContent{Text: text}}}}, nil
	})

	c := connect(s)
	c.request("completion/complete", `{"ref":{"type":"ref/prompt","name":"greet"},"argument":{"name":"language","value":"E"}}`)
	c.request("prompts/get", `{"name":"greet","arguments":{"language":"English"}}`)
	c.request("prompts/get", `{"name":"greet"}`)
	// Output:
	// {"completion":{"values":["English","Esperanto"],"total":2}}
	// {"messages":[{"role":"user","content":{"type":"text","text":"Say hello in English"}}]}
	// -32602 arguments.language is missing
}

// A watcher hears of every change.
func ExampleServer_Watch() {
	s := mcp.NewServer(&mcp.Implementation{Name: "s", Version: "1.0.0"}, nil)
	stop := s.Watch(func(in mcp.Input) { fmt.Printf("%T\n", in) })
	defer stop()
	s.AddPrompt(&mcp.Prompt{Name: "p"}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return &mcp.GetPromptResult{}, nil
	})
	s.ResourceUpdated("note://1")
	// Output:
	// mcp.FeaturesChanged
	// mcp.ResourceUpdated
}

// client is a session that performs its effects at once.
type client struct {
	session *mcp.Session
	id      int
}

func connect(s *mcp.Server) *client {
	c := &client{session: mcp.NewSession(s, mcp.SessionOptions{ID: "example"}, nil)}
	c.receive(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
		`"capabilities":{},"clientInfo":{"name":"example","version":"1"}}}`)
	return c
}

// request makes a request and prints what comes of it.
func (c *client) request(method, params string) {
	c.id++
	for _, effect := range c.receive(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, c.id, method, params)) {
		reply, ok := effect.(mcp.Reply)
		if !ok {
			continue
		}
		m, err := jsonrpc.Scan(reply.Text, jsonrpc.Limits{})
		switch {
		case err != nil:
			fmt.Println(err)
		case m.Kind == jsonrpc.Result:
			fmt.Printf("%s\n", m.Result)
		default:
			for member, value := range jsonrpc.Fields(m.Error) {
				switch member {
				case "code":
					fmt.Printf("%s ", value)
				case "message":
					text, _ := jsonrpc.String(value)
					fmt.Println(text)
				}
			}
		}
	}
}

// receive steps the session with a message, and with the ends of the calls that it starts.
func (c *client) receive(text string) []mcp.Effect {
	m, failure := jsonrpc.Scan([]byte(text), jsonrpc.Limits{})
	if failure != nil {
		panic(failure)
	}
	effects := c.session.Step(time.Time{}, mcp.Received{Message: m}, nil)
	for _, effect := range effects {
		if call, ok := effect.(mcp.StartCall); ok {
			out := call.Run(context.Background(), c)
			effects = c.session.Step(time.Time{}, mcp.CallDone{Call: call.Call, Outcome: out}, effects)
		}
	}
	return effects
}

func (c *client) SessionID() string           { return "example" }
func (c *client) State() *mcp.State           { return c.session.State() }
func (c *client) Notify(string, []byte) error { return nil }
func (c *client) CloseStream() error          { return nil }
func (c *client) Ask(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("nobody to ask")
}
