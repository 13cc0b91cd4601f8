package mcp

// ToolNames are the names of the tools that are there now, sorted.
func (s *Server) ToolNames() []string { return s.catalog().tools.keys() }

// ResourceURIs are the URIs of the resources, without templates, sorted.
func (s *Server) ResourceURIs() []string { return s.catalog().resources.keys() }

// PromptNames are the names of the prompts, sorted.
func (s *Server) PromptNames() []string { return s.catalog().prompts.keys() }

func (l *list[E]) keys() []string {
	names := make([]string, len(l.entries))
	for i, e := range l.entries {
		names[i] = e.key()
	}
	return names
}
