package mcp

import "github.com/erlmcp/erlmcp/internal/jsonrpc"

// capabilities is the encoded object of what the server can do under a revision. Tools, prompts and
// resources are always part of it, since they may come while a client is connected.
//
// MCP 2025-11-25, basic/lifecycle, capability negotiation.
func (c *catalog) capabilities(rev *Revision) []byte {
	text := append([]byte(nil), `{"logging":{},`...)
	if rev.Completions && c.completes() {
		text = append(text, `"completions":{},`...)
	}
	return append(text, `"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}}`...)
}

// completes reports whether any argument can be completed.
func (c *catalog) completes() bool {
	if c.server.opts.CompletionHandler != nil {
		return true
	}
	for _, p := range c.prompts.entries {
		for _, a := range p.prompt.Arguments {
			if a.Complete != nil {
				return true
			}
		}
	}
	for _, t := range c.templates.entries {
		if len(t.template.Complete) != 0 {
			return true
		}
	}
	return false
}

// initializeResult is the encoded result of initialize.
//
// MCP 2025-11-25, schema, InitializeResult.
func (s *Server) initializeResult(rev *Revision) []byte {
	text := append([]byte(nil), `{"protocolVersion":`...)
	text = jsonrpc.AppendString(text, rev.Version)
	text = append(text, `,"capabilities":`...)
	text = append(text, s.catalog().capabilities(rev)...)
	text, err := appendMember(text, "serverInfo", s.infoFor(rev))
	if err != nil {
		panic("mcp: encode the implementation: " + err.Error()) // strings always encode
	}
	if s.opts.Instructions != "" {
		text = append(text, `,"instructions":`...)
		text = jsonrpc.AppendString(text, s.opts.Instructions)
	}
	return append(text, '}')
}

// infoFor is the part of the implementation that a revision knows.
func (s *Server) infoFor(rev *Revision) Implementation {
	impl := s.impl
	if !rev.Titles {
		impl.Title = ""
	}
	if !rev.Icons {
		impl.Description, impl.WebsiteURL, impl.Icons = "", "", nil
	}
	return impl
}
