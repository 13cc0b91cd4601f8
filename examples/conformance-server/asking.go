package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/erlmcp/erlmcp/mcp"
)

type samplingInput struct {
	Prompt string `json:"prompt" jsonschema:"the prompt for the client's model"`
}

type elicitationInput struct {
	Message string `json:"message" jsonschema:"the message for the user"`
}

// addAskingTools adds tools that ask the client something.
func addAskingTools(s *mcp.Server) {
	mcp.AddTool(s, &mcp.Tool{Name: "test_sampling", Description: "Asks the client's model."},
		func(ctx context.Context, req *mcp.CallToolRequest, in samplingInput) (*mcp.CallToolResult, any, error) {
			answer, err := req.Session.CreateMessage(ctx, &mcp.CreateMessageParams{
				Messages:  []*mcp.SamplingMessage{{Role: mcp.RoleUser, Content: []mcp.Content{text(in.Prompt)}}},
				MaxTokens: 100,
			})
			if err != nil {
				return nil, nil, err
			}
			var said strings.Builder
			for _, block := range answer.Content {
				if t, ok := block.(*mcp.TextContent); ok {
					said.WriteString(t.Text)
				}
			}
			return textResult("LLM response: " + said.String()), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "test_elicitation", Description: "Asks the user for a name and an address."},
		func(ctx context.Context, req *mcp.CallToolRequest, in elicitationInput) (*mcp.CallToolResult, any, error) {
			return elicit(ctx, req.Session, "User response", in.Message, userForm)
		})
}

// userForm asks for two strings.
const userForm = `{
	"type": "object",
	"properties": {
		"username": {"type": "string", "description": "User's response"},
		"email": {"type": "string", "description": "User's email address"}
	},
	"required": ["username", "email"]
}`

// elicit asks the user to fill in a form and tells what came of it.
func elicit(ctx context.Context, ss *mcp.ServerSession, title, message, form string) (*mcp.CallToolResult, any, error) {
	answer, err := ss.Elicit(ctx, &mcp.ElicitParams{Message: message, RequestedSchema: json.RawMessage(form)})
	if err != nil {
		return nil, nil, err
	}
	content, err := json.Marshal(answer.Content)
	if err != nil {
		return nil, nil, err
	}
	return textResult(fmt.Sprintf("%s: action=%s, content=%s", title, answer.Action, content)), nil, nil
}
