package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/erlmcp/erlmcp/mcp"
)

// addPrompts adds prompts with every kind of content.
func addPrompts(s *mcp.Server) {
	s.AddPrompt(&mcp.Prompt{Name: "test_simple_prompt", Description: "A prompt without arguments."},
		func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return messages(text("This is a simple prompt for testing.")), nil
		})
	s.AddPrompt(&mcp.Prompt{
		Name:        "test_prompt_with_arguments",
		Description: "A prompt with two arguments.",
		Arguments: []*mcp.PromptArgument{
			{Name: "arg1", Description: "First test argument", Required: true, Complete: completeWord},
			{Name: "arg2", Description: "Second test argument", Required: true, Complete: completeWord},
		},
	}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		a := req.Params.Arguments
		return messages(text(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", a["arg1"], a["arg2"]))), nil
	})
	s.AddPrompt(&mcp.Prompt{
		Name:        "test_prompt_with_embedded_resource",
		Description: "A prompt with a resource in it.",
		Arguments:   []*mcp.PromptArgument{{Name: "resourceUri", Description: "URI of the resource to embed", Required: true}},
	}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return messages(
			&mcp.EmbeddedResource{Resource: &mcp.ResourceContents{
				URI: req.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing.",
			}},
			text("Please process the embedded resource above."),
		), nil
	})
	s.AddPrompt(&mcp.Prompt{Name: "test_prompt_with_image", Description: "A prompt with a picture in it."},
		func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return messages(image(), text("Please analyze the image above.")), nil
		})
}

// messages are messages of the user, one for each block.
func messages(blocks ...mcp.Content) *mcp.GetPromptResult {
	r := &mcp.GetPromptResult{}
	for _, c := range blocks {
		r.Messages = append(r.Messages, &mcp.PromptMessage{Role: mcp.RoleUser, Content: c})
	}
	return r
}

// completeWord completes the beginnings of a few words.
func completeWord(_ context.Context, value string, _ map[string]string) ([]string, error) {
	var fits []string
	for _, word := range []string{"paris", "park", "party", "testValue1", "testValue2"} {
		if strings.HasPrefix(word, value) {
			fits = append(fits, word)
		}
	}
	return fits, nil
}
