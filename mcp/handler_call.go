package mcp

import (
	"context"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// toolsCall starts a tool.
//
// MCP 2025-11-25, server/tools.
func (s *Session) toolsCall(r request, out []Effect) []Effect {
	var d decoder
	var name string
	var arguments []byte
	var m meta
	var hasName bool
	for member, raw := range jsonrpc.Fields(r.params) {
		switch member {
		case "name":
			name, hasName = d.str(member, raw), true
		case "arguments":
			arguments = d.object(member, raw)
		case "_meta":
			m = d.meta(raw)
		}
	}
	d.require("name", hasName)
	if d.err != nil {
		return refuse(r, d.err, out)
	}
	tool := s.server.catalog().tool(name)
	if tool == nil {
		return refuse(r, InvalidParams("unknown tool: "+brief(name)), out)
	}
	run := func(ctx context.Context, p Peer) Outcome {
		return tool.call(ctx, &CallToolRequest{
			Session: NewServerSession(p),
			Params:  &CallToolParamsRaw{Meta: m.decode(), Name: name, Arguments: arguments},
		})
	}
	return s.start(r, name, m, run, out)
}

// resourcesRead starts reading a resource. Which one it is the call finds out: matching a long URI with many
// templates is too much work for a turn.
//
// MCP 2025-11-25, server/resources.
func (s *Session) resourcesRead(r request, out []Effect) []Effect {
	uri, m, err := decodeURI(r.params)
	if err != nil {
		return refuse(r, err, out)
	}
	c := s.server.catalog()
	run := func(ctx context.Context, p Peer) Outcome {
		resource := c.readResource(uri)
		if resource == nil {
			return Outcome{Err: ResourceNotFound(uri)}
		}
		return resource.read(ctx, &ReadResourceRequest{
			Session: NewServerSession(p),
			Params:  &ReadResourceParams{Meta: m.decode(), URI: uri},
		})
	}
	return s.start(r, uri, m, run, out)
}

// promptsGet starts making a prompt.
//
// MCP 2025-11-25, server/prompts.
func (s *Session) promptsGet(r request, out []Effect) []Effect {
	var d decoder
	var m meta
	var hasName bool
	params := &GetPromptParams{}
	for member, raw := range jsonrpc.Fields(r.params) {
		switch member {
		case "name":
			params.Name, hasName = d.str(member, raw), true
		case "arguments":
			params.Arguments = d.strings(member, raw)
		case "_meta":
			m = d.meta(raw)
		}
	}
	d.require("name", hasName)
	if d.err != nil {
		return refuse(r, d.err, out)
	}
	prompt := s.server.catalog().prompt(params.Name)
	if prompt == nil {
		return refuse(r, InvalidParams("unknown prompt: "+brief(params.Name)), out)
	}
	run := func(ctx context.Context, p Peer) Outcome {
		params.Meta = m.decode()
		return prompt.get(ctx, &GetPromptRequest{Session: NewServerSession(p), Params: params})
	}
	return s.start(r, params.Name, m, run, out)
}

// complete starts completing an argument of a prompt or a resource template.
//
// MCP 2025-11-25, server/utilities/completion.
func (s *Session) complete(r request, out []Effect) []Effect {
	params, m, err := decodeComplete(r.params)
	if err != nil {
		return refuse(r, err, out)
	}
	if !s.state.revision.CompletionContext {
		params.Context = nil
	}
	run := func(ctx context.Context, p Peer) Outcome {
		params.Meta = m.decode()
		return s.server.complete(ctx, &CompleteRequest{Session: NewServerSession(p), Params: params})
	}
	return s.start(r, params.Ref.Name+params.Ref.URI, m, run, out)
}

func decodeComplete(text []byte) (*CompleteParams, meta, *Error) {
	var d decoder
	var m meta
	var hasRef, hasArgument bool
	params := &CompleteParams{}
	for member, raw := range jsonrpc.Fields(text) {
		switch member {
		case "ref":
			params.Ref, hasRef = d.reference(raw), true
		case "argument":
			params.Argument, hasArgument = d.argument(raw), true
		case "context":
			for name, value := range jsonrpc.Fields(d.object(member, raw)) {
				if name == "arguments" {
					params.Context = &CompleteContext{Arguments: d.strings("context.arguments", value)}
				}
			}
		case "_meta":
			m = d.meta(raw)
		}
	}
	d.require("ref", hasRef)
	d.require("argument", hasArgument)
	return params, m, d.err
}

// Types of references in completion/complete.
const (
	refPrompt   = "ref/prompt"
	refResource = "ref/resource"
)

// reference decodes what the argument to complete belongs to. It is never nil.
func (d *decoder) reference(raw []byte) *CompleteReference {
	ref := &CompleteReference{}
	var hasName, hasURI bool
	for member, value := range jsonrpc.Fields(d.object("ref", raw)) {
		switch member {
		case "type":
			ref.Type = d.str("ref.type", value)
		case "name":
			ref.Name, hasName = d.str("ref.name", value), true
		case "uri":
			ref.URI, hasURI = d.str("ref.uri", value), true
		}
	}
	switch ref.Type {
	case refPrompt:
		d.require("ref.name", hasName)
		ref.URI = ""
	case refResource:
		d.require("ref.uri", hasURI)
		ref.Name = ""
	default:
		d.complain("ref.type", "one of "+refPrompt+" and "+refResource)
	}
	return ref
}

// argument decodes the argument to complete.
func (d *decoder) argument(raw []byte) CompleteParamsArgument {
	var a CompleteParamsArgument
	var hasName, hasValue bool
	for member, value := range jsonrpc.Fields(d.object("argument", raw)) {
		switch member {
		case "name":
			a.Name, hasName = d.str("argument.name", value), true
		case "value":
			a.Value, hasValue = d.str("argument.value", value), true
		}
	}
	d.require("argument.name", hasName)
	d.require("argument.value", hasValue)
	return a
}
