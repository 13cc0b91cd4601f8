package main

import (
	"encoding/base64"

	"github.com/erlmcp/erlmcp/mcp"
)

// Fixtures is the server under test: the tools, resources and prompts that the suite looks for by name.
func Fixtures() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{
		Name:        "erlmcp-conformance",
		Title:       "erlmcp conformance server",
		Version:     "1.0.0",
		Description: "Fixtures of the MCP conformance suite",
	}, nil)
	addContentTools(s)
	addReportingTools(s)
	addAskingTools(s)
	addElicitationTools(s)
	addResources(s)
	addPrompts(s)
	return s
}

// noInput is the input of tools without arguments.
type noInput struct{}

func text(s string) *mcp.TextContent { return &mcp.TextContent{Text: s} }

func textResult(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{text(s)}}
}

// redPixel is a picture of one red pixel, and silence a sound of one sample.
var (
	redPixel = decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC")
	silence  = decode("UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==")
)

func decode(s string) []byte {
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err) // the text is above
	}
	return data
}

func image() *mcp.ImageContent { return &mcp.ImageContent{Data: redPixel, MIMEType: "image/png"} }
