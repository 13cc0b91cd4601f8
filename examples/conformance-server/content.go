package main

import (
	"context"
	"encoding/json"

	"github.com/erlmcp/erlmcp/mcp"
)

// addContentTools adds tools that give back fixed content.
func addContentTools(s *mcp.Server) {
	for _, tool := range []struct {
		name, description string
		content           []mcp.Content
	}{
		{"test_simple_text", "Gives back a text.", []mcp.Content{text("This is a simple text response for testing.")}},
		{"test_image_content", "Gives back a picture.", []mcp.Content{image()}},
		{"test_audio_content", "Gives back a sound.", []mcp.Content{&mcp.AudioContent{Data: silence, MIMEType: "audio/wav"}}},
		{"test_embedded_resource", "Gives back a resource.", []mcp.Content{&mcp.EmbeddedResource{Resource: &mcp.ResourceContents{
			URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content.",
		}}}},
		{"test_multiple_content_types", "Gives back a text, a picture and a resource.", []mcp.Content{
			text("Multiple content types test:"),
			image(),
			&mcp.EmbeddedResource{Resource: &mcp.ResourceContents{
				URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`,
			}},
		}},
	} {
		result := &mcp.CallToolResult{Content: tool.content}
		mcp.AddTool(s, &mcp.Tool{Name: tool.name, Description: tool.description},
			func(context.Context, *mcp.CallToolRequest, noInput) (*mcp.CallToolResult, any, error) {
				return result, nil, nil
			})
	}
	mcp.AddTool(s, &mcp.Tool{Name: "test_error_handling", Description: "Always fails."},
		func(context.Context, *mcp.CallToolRequest, noInput) (*mcp.CallToolResult, any, error) {
			result := textResult("This tool intentionally returns an error for testing")
			result.IsError = true
			return result, nil, nil
		})
	s.AddTool(&mcp.Tool{
		Name:        "json_schema_2020_12_tool",
		Description: "Tool with JSON Schema 2020-12 features",
		InputSchema: json.RawMessage(schema202012),
	}, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) { return textResult("ok"), nil })
}

// schema202012 has the keywords that the list of tools has to keep.
const schema202012 = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object",
	"$defs": {
		"address": {
			"$anchor": "addressDef",
			"type": "object",
			"properties": {"street": {"type": "string"}, "city": {"type": "string"}}
		}
	},
	"properties": {
		"name": {"type": "string"},
		"address": {"$ref": "#/$defs/address"},
		"contactMethod": {"type": "string", "enum": ["phone", "email"]},
		"phone": {"type": "string"},
		"email": {"type": "string"}
	},
	"allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
	"if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
	"then": {"required": ["phone"]},
	"else": {"required": ["email"]},
	"additionalProperties": false
}`
