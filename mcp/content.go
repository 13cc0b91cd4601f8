package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// errUTF8 is about a json.RawMessage, which encoding/json does not look into.
var errUTF8 = errors.New("mcp: encoded JSON is not UTF-8")

// appendValue appends v as encoding/json encodes it, without the escapes for HTML, so that a
// json.RawMessage keeps its bytes except for white space.
func appendValue(dst []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	text := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	if !utf8.Valid(text[len(dst):]) {
		return dst, errUTF8
	}
	return text, nil
}

// appendMember appends a further member of an object.
func appendMember(dst []byte, name string, v any) ([]byte, error) {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return appendValue(dst, v)
}

// appendTyped appends the object that members encodes to, with type as its first member. The object has at
// least one member.
func appendTyped(dst []byte, kind string, members any) ([]byte, error) {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, '"')
	at := len(dst)
	dst, err := appendValue(dst, members)
	if err != nil {
		return dst, err
	}
	dst[at] = ',' // in place of the brace
	return dst, nil
}

// closeBlock appends the members that most objects share, and the closing brace.
func closeBlock(dst []byte, meta Meta, annotations *Annotations) ([]byte, error) {
	var err error
	if len(meta) != 0 {
		if dst, err = appendMember(dst, "_meta", meta); err != nil {
			return dst, err
		}
	}
	if annotations != nil {
		if dst, err = appendMember(dst, "annotations", annotations); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// errNilBlock is about a handler's content.
var errNilBlock = errors.New("mcp: a block of content is nil")

// appendBlocks appends the array of the blocks.
func appendBlocks(dst []byte, blocks []Content) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, c := range blocks {
		if i > 0 {
			dst = append(dst, ',')
		}
		if c == nil {
			return dst, errNilBlock
		}
		if dst, err = c.appendJSON(dst); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// contentText is every member that a block of content may have, for decoding.
type contentText struct {
	Type              string            `json:"type"`
	Text              string            `json:"text"`
	Data              []byte            `json:"data"`
	MIMEType          string            `json:"mimeType"`
	Resource          *ResourceContents `json:"resource"`
	ID                string            `json:"id"`
	Name              string            `json:"name"`
	Input             map[string]any    `json:"input"`
	ToolUseID         string            `json:"toolUseId"`
	Content           []json.RawMessage `json:"content"`
	StructuredContent any               `json:"structuredContent"`
	IsError           bool              `json:"isError"`
	Meta              Meta              `json:"_meta"`
	Annotations       *Annotations      `json:"annotations"`
}

// decodeContent decodes one block.
func decodeContent(text []byte) (Content, error) {
	var c contentText
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("mcp: content: %w", err)
	}
	switch c.Type {
	case "text":
		return &TextContent{Text: c.Text, Meta: c.Meta, Annotations: c.Annotations}, nil
	case "image":
		return &ImageContent{Data: c.Data, MIMEType: c.MIMEType, Meta: c.Meta, Annotations: c.Annotations}, nil
	case "audio":
		return &AudioContent{Data: c.Data, MIMEType: c.MIMEType, Meta: c.Meta, Annotations: c.Annotations}, nil
	case "resource":
		if c.Resource == nil {
			return nil, errors.New("mcp: content of type resource has no resource")
		}
		return &EmbeddedResource{Resource: c.Resource, Meta: c.Meta, Annotations: c.Annotations}, nil
	case "resource_link":
		link := &ResourceLink{}
		if err := json.Unmarshal(text, link); err != nil {
			return nil, fmt.Errorf("mcp: content: %w", err)
		}
		return link, nil
	case "tool_use":
		return &ToolUseContent{ID: c.ID, Name: c.Name, Input: c.Input, Meta: c.Meta}, nil
	case "tool_result":
		blocks, err := decodeBlocks(c.Content)
		if err != nil {
			return nil, err
		}
		return &ToolResultContent{
			ToolUseID: c.ToolUseID, Content: blocks, StructuredContent: c.StructuredContent, IsError: c.IsError, Meta: c.Meta,
		}, nil
	}
	return nil, fmt.Errorf("mcp: content of unknown type %q", brief(c.Type))
}

func decodeBlocks(texts []json.RawMessage) ([]Content, error) {
	blocks := make([]Content, len(texts))
	for i, text := range texts {
		var err error
		if blocks[i], err = decodeContent(text); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// decodeOneOrMore decodes a block, or an array of them.
func decodeOneOrMore(text []byte) ([]Content, error) {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '[' {
		one, err := decodeContent(text)
		if err != nil {
			return nil, err
		}
		return []Content{one}, nil
	}
	var texts []json.RawMessage
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, fmt.Errorf("mcp: content: %w", err)
	}
	return decodeBlocks(texts)
}

// appendOneOrMore appends a block by itself where it is the only one, else an array: peers before
// 2025-11-25 know no arrays there.
func appendOneOrMore(dst []byte, blocks []Content) ([]byte, error) {
	if len(blocks) == 1 && blocks[0] != nil {
		return blocks[0].appendJSON(dst)
	}
	return appendBlocks(dst, blocks)
}

// UnmarshalJSON decodes the contents of a resource.
func (c *ResourceContents) UnmarshalJSON(text []byte) error {
	var in struct {
		URI      string  `json:"uri"`
		MIMEType string  `json:"mimeType"`
		Text     string  `json:"text"`
		Blob     *[]byte `json:"blob"`
		Meta     Meta    `json:"_meta"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("mcp: resource contents: %w", err)
	}
	*c = ResourceContents{URI: in.URI, MIMEType: in.MIMEType, Text: in.Text, Meta: in.Meta}
	if in.Blob != nil {
		c.Blob = append([]byte{}, *in.Blob...)
	}
	return nil
}
