package mcp

import (
	"encoding/json"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// SamplingMessage is one message of the conversation that the client's model goes on with. More than one
// block of content needs a client of 2025-11-25.
//
// MCP 2025-11-25, client/sampling.
type SamplingMessage struct {
	Role    Role
	Content []Content
	Meta    Meta
}

// CreateMessageResult is what the client's model said.
//
// MCP 2025-11-25, client/sampling.
type CreateMessageResult struct {
	Role       Role
	Content    []Content // one block, or more of them where the model uses tools
	Model      string
	StopReason string // endTurn, stopSequence, maxTokens, toolUse, or the model's own; empty if not told
	Meta       Meta
}

// MarshalJSON encodes the message.
func (m *SamplingMessage) MarshalJSON() ([]byte, error) {
	dst := append([]byte(nil), `{"role":`...)
	dst = jsonrpc.AppendString(dst, string(m.Role))
	dst = append(dst, `,"content":`...)
	dst, err := appendOneOrMore(dst, m.Content)
	if err != nil {
		return nil, err
	}
	return closeBlock(dst, m.Meta, nil)
}

// UnmarshalJSON decodes a message whose content is a block or an array of them.
func (m *SamplingMessage) UnmarshalJSON(text []byte) error {
	var in sampledText
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	blocks, err := decodeOneOrMore(in.Content)
	if err != nil {
		return err
	}
	*m = SamplingMessage{Role: in.Role, Content: blocks, Meta: in.Meta}
	return nil
}

// MarshalJSON encodes the result.
func (r *CreateMessageResult) MarshalJSON() ([]byte, error) {
	dst := append([]byte(nil), `{"role":`...)
	dst = jsonrpc.AppendString(dst, string(r.Role))
	dst = append(dst, `,"content":`...)
	dst, err := appendOneOrMore(dst, r.Content)
	if err != nil {
		return nil, err
	}
	dst = append(dst, `,"model":`...)
	dst = jsonrpc.AppendString(dst, r.Model)
	if r.StopReason != "" {
		dst = append(dst, `,"stopReason":`...)
		dst = jsonrpc.AppendString(dst, r.StopReason)
	}
	return closeBlock(dst, r.Meta, nil)
}

// UnmarshalJSON decodes a result whose content is a block or an array of them.
func (r *CreateMessageResult) UnmarshalJSON(text []byte) error {
	var in sampledText
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	blocks, err := decodeOneOrMore(in.Content)
	if err != nil {
		return err
	}
	*r = CreateMessageResult{Role: in.Role, Content: blocks, Model: in.Model, StopReason: in.StopReason, Meta: in.Meta}
	return nil
}

// sampledText is the encoded form of a message and of a result, whose content is decoded apart.
type sampledText struct {
	Role       Role            `json:"role"`
	Content    json.RawMessage `json:"content"`
	Model      string          `json:"model"`
	StopReason string          `json:"stopReason"`
	Meta       Meta            `json:"_meta"`
}
