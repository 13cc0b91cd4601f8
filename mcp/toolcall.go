package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

const methodToolsCall = "tools/call"

// noArguments stands for arguments that the client left out.
var noArguments = json.RawMessage("{}")

// call runs the tool for a request and encodes what comes of it. It never panics.
func (e *toolEntry) call(ctx context.Context, req *CallToolRequest) (out Outcome) {
	defer e.server.recovered(methodToolsCall, e.tool.Name, &out)
	rev := revisionOf(req.Session)
	if req.Params.Arguments == nil {
		req.Params.Arguments = noArguments
	}
	if e.typed {
		req.Params.Arguments = e.input.complete(req.Params.Arguments)
	}
	if err := e.input.validate(req.Params.Arguments); err != nil {
		return badArguments(rev, err)
	}
	result, err := e.run(ctx, req)
	if err != nil {
		return e.failed(ctx, rev, err)
	}
	if result == nil {
		return e.broken(errNoResult)
	}
	text, err := e.encode(rev, result)
	if err != nil {
		return e.broken(err)
	}
	return Outcome{Result: text}
}

// failed is the outcome of a handler that returned err.
func (e *toolEntry) failed(ctx context.Context, rev *Revision, err error) Outcome {
	if wire := wireError(ctx, err); wire != nil {
		return Outcome{Err: wire}
	}
	if input := (*inputError)(nil); errors.As(err, &input) {
		return badArguments(rev, input)
	}
	if output := (*outputError)(nil); errors.As(err, &output) {
		return e.broken(output)
	}
	return errorResult(err.Error())
}

func (e *toolEntry) broken(err error) Outcome {
	return e.server.broken(methodToolsCall, e.tool.Name, err)
}

// outputError says what is wrong with a typed handler's output.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }

// encoded is a value that is encoded already, without white space.
type encoded []byte

// encode checks and encodes the result.
func (e *toolEntry) encode(rev *Revision, r *CallToolResult) ([]byte, error) {
	structured, err := r.structured()
	if err != nil {
		return nil, err
	}
	if e.output != nil && !r.IsError {
		if structured == nil {
			return nil, errors.New("mcp: the tool has an output schema and the result no structured content")
		}
		if err := e.output.validate(structured); err != nil {
			return nil, fmt.Errorf("mcp: the result breaks the output schema: %w", err)
		}
	}
	return r.append(make([]byte, 0, r.estimate(structured)), structured, rev)
}

// structured is the encoded structured content; nil if there is none.
func (r *CallToolResult) structured() ([]byte, error) {
	if r.StructuredContent == nil {
		return nil, nil
	}
	text, done := r.StructuredContent.(encoded)
	if !done {
		var err error
		if text, err = appendValue(nil, r.StructuredContent); err != nil {
			return nil, fmt.Errorf("mcp: encode structured content: %w", err)
		}
	}
	if text[0] != '{' {
		return nil, errors.New("mcp: the structured content is not an object")
	}
	return text, nil
}

// estimate is about the length of the encoded result.
func (r *CallToolResult) estimate(structured []byte) int {
	size := 64 + 2*len(structured)
	for _, c := range r.Content {
		switch c := c.(type) {
		case *TextContent:
			size += 32 + len(c.Text) + len(c.Text)/8
		case *ImageContent:
			size += 64 + len(c.Data)*4/3
		case *AudioContent:
			size += 64 + len(c.Data)*4/3
		default:
			size += 256
		}
	}
	return size
}

// append appends the result for a client of the revision. Structured content comes as text as well where
// the handler has made no content.
//
// MCP 2025-11-25, server/tools, structured content.
func (r *CallToolResult) append(dst []byte, structured []byte, rev *Revision) ([]byte, error) {
	dst = append(dst, `{"content":`...)
	var err error
	if len(r.Content) == 0 && structured != nil {
		dst, err = appendBlocks(dst, []Content{&TextContent{Text: string(structured)}})
	} else {
		dst, err = appendBlocks(dst, r.Content)
	}
	if err != nil {
		return nil, err
	}
	if structured != nil && rev.StructuredOutput {
		dst = append(dst, `,"structuredContent":`...)
		dst = append(dst, structured...)
	}
	if r.IsError {
		dst = append(dst, `,"isError":true`...)
	}
	return closeBlock(dst, r.Meta, nil)
}

// MarshalJSON encodes the result as clients of the latest revision get it.
func (r *CallToolResult) MarshalJSON() ([]byte, error) {
	structured, err := r.structured()
	if err != nil {
		return nil, err
	}
	return r.append(nil, structured, LatestRevision())
}

// UnmarshalJSON decodes a result. StructuredContent is what encoding/json makes of an object.
func (r *CallToolResult) UnmarshalJSON(text []byte) error {
	var in struct {
		Meta              Meta              `json:"_meta"`
		Content           []json.RawMessage `json:"content"`
		StructuredContent any               `json:"structuredContent"`
		IsError           bool              `json:"isError"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("mcp: tool result: %w", err)
	}
	blocks, err := decodeBlocks(in.Content)
	if err != nil {
		return err
	}
	*r = CallToolResult{Meta: in.Meta, Content: blocks, StructuredContent: in.StructuredContent, IsError: in.IsError}
	return nil
}
