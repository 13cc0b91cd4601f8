package mcp

// capabilities is what the server can do under a revision. Tools, prompts and resources are always part of
// it, since they may come while a client is connected.
//
// MCP 2025-11-25, basic/lifecycle, capability negotiation.
func (c *catalog) capabilities(rev *Revision) *ServerCapabilities {
	caps := &ServerCapabilities{
		Logging:   &struct{}{},
		Prompts:   &ListCapabilities{ListChanged: true},
		Resources: &ResourceCapabilities{Subscribe: true, ListChanged: true},
		Tools:     &ListCapabilities{ListChanged: true},
	}
	if rev.Completions && c.completes() {
		caps.Completions = &struct{}{}
	}
	return caps
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
func (s *Server) initializeResult(rev *Revision) []byte {
	text, err := appendValue(nil, &InitializeResult{
		ProtocolVersion: rev.Version,
		Capabilities:    s.catalog().capabilities(rev),
		ServerInfo:      s.infoFor(rev),
		Instructions:    s.opts.Instructions,
	})
	if err != nil {
		panic("mcp: encode the result of initialize: " + err.Error()) // strings always encode
	}
	return text
}

// infoFor is the part of the implementation that a revision knows.
func (s *Server) infoFor(rev *Revision) *Implementation {
	impl := s.impl
	if !rev.Titles {
		impl.Title = ""
	}
	if !rev.Icons {
		impl.Description, impl.WebsiteURL, impl.Icons = "", "", nil
	}
	return &impl
}
