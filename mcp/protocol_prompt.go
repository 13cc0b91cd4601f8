package mcp

import (
	"encoding/json"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// Prompt is what a client gets to know of a prompt.
//
// MCP 2025-11-25, server/prompts.
type Prompt struct {
	Name        string            `json:"name"`            // unique within the server
	Title       string            `json:"title,omitempty"` // for people
	Description string            `json:"description,omitempty"`
	Arguments   []*PromptArgument `json:"arguments,omitempty"`
	Icons       []Icon            `json:"icons,omitempty"`
	Meta        Meta              `json:"_meta,omitempty"`
}

// PromptArgument is a string that a prompt takes.
type PromptArgument struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"` // for people
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
	// Complete completes the argument; nil if it cannot be completed. It is not sent.
	Complete CompleteFunc `json:"-"`
}

// GetPromptParams are the params of prompts/get. They are read-only.
type GetPromptParams struct {
	Meta      Meta              `json:"_meta,omitempty"`
	Name      string            `json:"name"`
	Arguments map[string]string `json:"arguments,omitempty"`
}

// GetPromptRequest is a request for the messages of a prompt.
type GetPromptRequest struct {
	Session *ServerSession // nil only where a handler is tried outside a session
	Params  *GetPromptParams
}

// GetPromptResult is the messages of a prompt.
type GetPromptResult struct {
	Meta        Meta             `json:"_meta,omitempty"`
	Description string           `json:"description,omitempty"`
	Messages    []*PromptMessage `json:"messages"`
}

// PromptMessage is one message of a prompt. Content is not nil.
type PromptMessage struct {
	Role    Role
	Content Content
}

// ListPromptsResult is one page of prompts/list.
type ListPromptsResult struct {
	Meta       Meta      `json:"_meta,omitempty"`
	Prompts    []*Prompt `json:"prompts"`
	NextCursor string    `json:"nextCursor,omitempty"`
}

// MarshalJSON encodes the message.
func (m *PromptMessage) MarshalJSON() ([]byte, error) { return m.appendJSON(nil) }

func (m *PromptMessage) appendJSON(dst []byte) ([]byte, error) {
	if m == nil || m.Content == nil {
		return dst, errNilBlock
	}
	dst = append(dst, `{"role":`...)
	dst = jsonrpc.AppendString(dst, string(m.Role))
	dst = append(dst, `,"content":`...)
	dst, err := m.Content.appendJSON(dst)
	return append(dst, '}'), err
}

// UnmarshalJSON decodes a message.
func (m *PromptMessage) UnmarshalJSON(text []byte) error {
	var in sampledText
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	block, err := decodeContent(in.Content)
	if err != nil {
		return err
	}
	*m = PromptMessage{Role: in.Role, Content: block}
	return nil
}
