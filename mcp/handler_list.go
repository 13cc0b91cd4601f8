package mcp

import "github.com/erlmcp/erlmcp/internal/jsonrpc"

func (s *Session) toolsList(r request, out []Effect) []Effect {
	return s.list(r, (*catalog).toolsPage, out)
}

func (s *Session) promptsList(r request, out []Effect) []Effect {
	return s.list(r, (*catalog).promptsPage, out)
}

func (s *Session) resourcesList(r request, out []Effect) []Effect {
	return s.list(r, (*catalog).resourcesPage, out)
}

func (s *Session) templatesList(r request, out []Effect) []Effect {
	return s.list(r, (*catalog).templatesPage, out)
}

// list answers with the page of the list that the cursor names.
//
// MCP 2025-11-25, server/utilities/pagination.
func (s *Session) list(r request, page func(*catalog, string) ([]byte, *Error), out []Effect) []Effect {
	var d decoder
	var cursor string
	for name, raw := range jsonrpc.Fields(r.params) {
		switch {
		case name == "cursor" && !isNull(raw):
			cursor = d.str(name, raw)
		case name == "_meta":
			d.meta(raw)
		}
	}
	if d.err != nil {
		return refuse(r, d.err, out)
	}
	result, err := page(s.server.catalog(), cursor)
	if err != nil {
		return refuse(r, err, out)
	}
	return reply(r, result, out)
}
