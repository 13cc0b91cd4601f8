package mcp

import "encoding/json"

// Tool is what a client gets to know of a tool.
//
// MCP 2025-11-25, server/tools.
type Tool struct {
	// Name is the tool's name: 1 to 128 of A-Z a-z 0-9 _ - . and /, unique within the server.
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"` // for people
	Description string `json:"description,omitempty"`
	// InputSchema is the JSON schema of the arguments, of type object. It may be anything that encodes to
	// one: a json.RawMessage, a *jsonschema.Schema, a map. Clients get it unchanged but for white space.
	// The generic AddTool infers it where it is nil.
	InputSchema any `json:"inputSchema"`
	// OutputSchema is the JSON schema of StructuredContent, of type object; nil if there is none.
	OutputSchema any              `json:"outputSchema,omitempty"`
	Annotations  *ToolAnnotations `json:"annotations,omitempty"`
	Icons        []Icon           `json:"icons,omitempty"`
	Meta         Meta             `json:"_meta,omitempty"`
}

// MarshalJSON encodes the tool. Without an input schema, any object is one.
func (t *Tool) MarshalJSON() ([]byte, error) {
	type members Tool
	own := members(*t)
	if own.InputSchema == nil {
		own.InputSchema = json.RawMessage(`{"type":"object"}`)
	}
	return appendValue(nil, &own)
}

// ToolAnnotations are hints about a tool. A client must not rely on them where it does not trust the
// server.
//
// MCP 2025-11-25, schema, ToolAnnotations.
type ToolAnnotations struct {
	Title           string `json:"title,omitempty"`
	ReadOnlyHint    bool   `json:"readOnlyHint,omitempty"`    // it changes nothing
	DestructiveHint *bool  `json:"destructiveHint,omitempty"` // it may destroy; nil means true
	IdempotentHint  bool   `json:"idempotentHint,omitempty"`  // twice is as good as once
	OpenWorldHint   *bool  `json:"openWorldHint,omitempty"`   // it deals with outside things; nil means true
}

// CallToolParamsRaw are the params of tools/call. They are read-only; Arguments is good until the handler
// returns.
type CallToolParamsRaw struct {
	Meta      Meta            `json:"_meta,omitempty"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"` // an object; nil if absent
}

// CallToolRequest is a call of a tool.
type CallToolRequest struct {
	Session *ServerSession // nil only where a handler is tried outside a session
	Params  *CallToolParamsRaw
}

// CallToolResult is what came of a call.
//
// MCP 2025-11-25, server/tools, tool result.
type CallToolResult struct {
	Meta    Meta
	Content []Content // nil is encoded as an empty array
	// StructuredContent encodes to an object; nil is left out. Clients of 2025-03-26 do not get it.
	StructuredContent any
	// IsError says that the tool failed, and Content how: the model gets to see it.
	IsError bool
}

// ListToolsResult is one page of tools/list.
type ListToolsResult struct {
	Meta       Meta    `json:"_meta,omitempty"`
	Tools      []*Tool `json:"tools"`
	NextCursor string  `json:"nextCursor,omitempty"`
}
