package mcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// Meta is the member _meta of the protocol's objects: data that the protocol does not look into. Its keys
// are names with an optional prefix such as "example.com/". nil is left out.
//
// MCP 2025-11-25, basic, _meta.
type Meta map[string]any

// Role says who a message is from: "user" or "assistant".
type Role string

// Roles.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Annotations tell a client what to do with a piece of content or a resource.
//
// MCP 2025-11-25, server/resources, annotations.
type Annotations struct {
	Audience     []Role  `json:"audience,omitempty"`     // whom it is for; empty: everybody
	Priority     float64 `json:"priority,omitempty"`     // 0 (optional) to 1 (needed)
	LastModified string  `json:"lastModified,omitempty"` // ISO 8601
}

// Content is one block of content. The set of its types is closed: TextContent, ImageContent,
// AudioContent, ResourceLink and EmbeddedResource, and in messages of sampling also ToolUseContent and
// ToolResultContent.
type Content interface {
	json.Marshaler
	// appendJSON appends the block. It fails only where Meta or another free-form member cannot be encoded.
	appendJSON(dst []byte) ([]byte, error)
}

// TextContent is text.
type TextContent struct {
	Text        string
	Meta        Meta
	Annotations *Annotations
}

// ImageContent is a picture.
type ImageContent struct {
	Data        []byte // the picture itself; base64 on the wire
	MIMEType    string
	Meta        Meta
	Annotations *Annotations
}

// AudioContent is a sound.
type AudioContent struct {
	Data        []byte // the sound itself; base64 on the wire
	MIMEType    string
	Meta        Meta
	Annotations *Annotations
}

// ResourceLink points to a resource, which need not be listed.
//
// MCP 2025-06-18 and later.
type ResourceLink struct {
	URI         string       `json:"uri"`
	Name        string       `json:"name"`
	Title       string       `json:"title,omitempty"`
	Description string       `json:"description,omitempty"`
	MIMEType    string       `json:"mimeType,omitempty"`
	Size        *int64       `json:"size,omitempty"` // bytes; nil if unknown
	Icons       []Icon       `json:"icons,omitempty"`
	Meta        Meta         `json:"_meta,omitempty"`
	Annotations *Annotations `json:"annotations,omitempty"`
}

// EmbeddedResource is the content of a resource. Resource is not nil.
type EmbeddedResource struct {
	Resource    *ResourceContents
	Meta        Meta
	Annotations *Annotations
}

// ToolUseContent is the model's wish to use a tool.
//
// MCP 2025-11-25, client/sampling.
type ToolUseContent struct {
	ID    string         `json:"id"` // of this use
	Name  string         `json:"name"`
	Input map[string]any `json:"input"`
	Meta  Meta           `json:"_meta,omitempty"`
}

// ToolResultContent is what came of using a tool.
//
// MCP 2025-11-25, client/sampling.
type ToolResultContent struct {
	ToolUseID         string
	Content           []Content
	StructuredContent any
	IsError           bool
	Meta              Meta
}

// ResourceContents is the content of one resource: text, or bytes where Blob is not nil.
//
// MCP 2025-11-25, server/resources.
type ResourceContents struct {
	URI      string
	MIMEType string
	Text     string
	Blob     []byte // base64 on the wire
	Meta     Meta
}

// MarshalJSON encodes the block.
func (c *TextContent) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *ImageContent) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *AudioContent) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *ResourceLink) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *EmbeddedResource) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *ToolUseContent) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the block.
func (c *ToolResultContent) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON encodes the contents.
func (c *ResourceContents) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

func (c *TextContent) appendJSON(dst []byte) ([]byte, error) {
	dst = append(dst, `{"type":"text","text":`...)
	dst = jsonrpc.AppendString(dst, c.Text)
	return closeBlock(dst, c.Meta, c.Annotations)
}

func (c *ImageContent) appendJSON(dst []byte) ([]byte, error) {
	dst = appendMedia(dst, "image", c.Data, c.MIMEType)
	return closeBlock(dst, c.Meta, c.Annotations)
}

func (c *AudioContent) appendJSON(dst []byte) ([]byte, error) {
	dst = appendMedia(dst, "audio", c.Data, c.MIMEType)
	return closeBlock(dst, c.Meta, c.Annotations)
}

func (c *ResourceLink) appendJSON(dst []byte) ([]byte, error) {
	type members ResourceLink
	return appendTyped(dst, "resource_link", (*members)(c))
}

func (c *EmbeddedResource) appendJSON(dst []byte) ([]byte, error) {
	if c.Resource == nil {
		return dst, fmt.Errorf("mcp: EmbeddedResource without Resource")
	}
	dst = append(dst, `{"type":"resource","resource":`...)
	dst, err := c.Resource.appendJSON(dst)
	if err != nil {
		return dst, err
	}
	return closeBlock(dst, c.Meta, c.Annotations)
}

func (c *ToolUseContent) appendJSON(dst []byte) ([]byte, error) {
	type members ToolUseContent
	m := members(*c)
	if m.Input == nil {
		m.Input = map[string]any{}
	}
	return appendTyped(dst, "tool_use", &m)
}

func (c *ToolResultContent) appendJSON(dst []byte) ([]byte, error) {
	dst = append(dst, `{"type":"tool_result","toolUseId":`...)
	dst = jsonrpc.AppendString(dst, c.ToolUseID)
	dst = append(dst, `,"content":`...)
	dst, err := appendBlocks(dst, c.Content)
	if err != nil {
		return dst, err
	}
	if c.StructuredContent != nil {
		if dst, err = appendMember(dst, "structuredContent", c.StructuredContent); err != nil {
			return dst, err
		}
	}
	if c.IsError {
		dst = append(dst, `,"isError":true`...)
	}
	return closeBlock(dst, c.Meta, nil)
}

func (c *ResourceContents) appendJSON(dst []byte) ([]byte, error) {
	dst = append(dst, `{"uri":`...)
	dst = jsonrpc.AppendString(dst, c.URI)
	if c.MIMEType != "" {
		dst = append(dst, `,"mimeType":`...)
		dst = jsonrpc.AppendString(dst, c.MIMEType)
	}
	if c.Blob != nil {
		dst = append(dst, `,"blob":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, c.Blob)
		dst = append(dst, '"')
	} else {
		dst = append(dst, `,"text":`...)
		dst = jsonrpc.AppendString(dst, c.Text)
	}
	return closeBlock(dst, c.Meta, nil)
}

func appendMedia(dst []byte, kind string, data []byte, mimeType string) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","data":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	dst = append(dst, `","mimeType":`...)
	return jsonrpc.AppendString(dst, mimeType)
}
