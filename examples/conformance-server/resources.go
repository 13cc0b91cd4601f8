package main

import (
	"context"
	"encoding/json"

	"github.com/erlmcp/erlmcp/mcp"
)

// addResources adds resources with fixed content, and a template.
func addResources(s *mcp.Server) {
	for _, r := range []struct {
		resource mcp.Resource
		contents mcp.ResourceContents
	}{
		{
			mcp.Resource{URI: "test://static-text", Name: "static-text", Description: "A text.", MIMEType: "text/plain"},
			mcp.ResourceContents{Text: "This is the content of the static text resource."},
		},
		{
			mcp.Resource{URI: "test://static-binary", Name: "static-binary", Description: "A picture.", MIMEType: "image/png"},
			mcp.ResourceContents{Blob: redPixel},
		},
		{
			mcp.Resource{URI: "test://watched-resource", Name: "watched-resource", Description: "A text to subscribe to.", MIMEType: "text/plain"},
			mcp.ResourceContents{Text: "Watched resource content"},
		},
	} {
		result := &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{&r.contents}}
		s.AddResource(&r.resource, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return result, nil
		})
	}
	s.AddResourceTemplate(&mcp.ResourceTemplate{
		URITemplate: "test://template/{id}/data",
		Name:        "template",
		Description: "Data by its id.",
		MIMEType:    "application/json",
	}, readTemplate)
}

func readTemplate(_ context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	id := req.Variables["id"]
	data, err := json.Marshal(map[string]any{"id": id, "templateTest": true, "data": "Data for ID: " + id})
	if err != nil {
		return nil, err
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{Text: string(data)}}}, nil
}
