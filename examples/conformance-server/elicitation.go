package main

import (
	"context"

	"github.com/erlmcp/erlmcp/mcp"
)

// addElicitationTools adds tools that ask the user to fill in forms of every kind.
func addElicitationTools(s *mcp.Server) {
	for _, tool := range []struct{ name, description, message, form string }{
		{"test_elicitation_sep1034_defaults", "Asks with defaults of every type.", "Please review and update the form", defaultsForm},
		{"test_elicitation_sep1330_enums", "Asks with enumerations of every form.", "Please choose", enumsForm},
	} {
		mcp.AddTool(s, &mcp.Tool{Name: tool.name, Description: tool.description},
			func(ctx context.Context, req *mcp.CallToolRequest, _ noInput) (*mcp.CallToolResult, any, error) {
				return elicit(ctx, req.Session, "Elicitation completed", tool.message, tool.form)
			})
	}
}

// defaultsForm is SEP-1034: defaults.
const defaultsForm = `{
	"type": "object",
	"properties": {
		"name": {"type": "string", "description": "User name", "default": "John Doe"},
		"age": {"type": "integer", "description": "User age", "default": 30},
		"score": {"type": "number", "description": "User score", "default": 95.5},
		"status": {"type": "string", "description": "User status", "enum": ["active", "inactive", "pending"], "default": "active"},
		"verified": {"type": "boolean", "description": "Verification status", "default": true}
	},
	"required": []
}`

// enumsForm is SEP-1330: enumerations with and without titles, for one choice and for several.
const enumsForm = `{
	"type": "object",
	"properties": {
		"untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
		"titledSingle": {"type": "string", "oneOf": [
			{"const": "value1", "title": "First Option"},
			{"const": "value2", "title": "Second Option"},
			{"const": "value3", "title": "Third Option"}
		]},
		"legacyEnum": {
			"type": "string",
			"enum": ["opt1", "opt2", "opt3"],
			"enumNames": ["Option One", "Option Two", "Option Three"]
		},
		"untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
		"titledMulti": {"type": "array", "items": {"anyOf": [
			{"const": "value1", "title": "First Choice"},
			{"const": "value2", "title": "Second Choice"},
			{"const": "value3", "title": "Third Choice"}
		]}}
	},
	"required": []
}`
