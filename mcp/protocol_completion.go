package mcp

// CompleteParams are the params of completion/complete. They are read-only.
//
// MCP 2025-11-25, server/utilities/completion.
type CompleteParams struct {
	Meta     Meta                   `json:"_meta,omitempty"`
	Ref      *CompleteReference     `json:"ref"`
	Argument CompleteParamsArgument `json:"argument"`
	Context  *CompleteContext       `json:"context,omitempty"` // nil if the client told none
}

// CompleteReference says what the argument belongs to.
type CompleteReference struct {
	Type string `json:"type"`           // "ref/prompt" or "ref/resource"
	Name string `json:"name,omitempty"` // of the prompt
	URI  string `json:"uri,omitempty"`  // of the resource, or its template
}

// CompleteParamsArgument is the argument to complete.
type CompleteParamsArgument struct {
	Name  string `json:"name"`
	Value string `json:"value"` // what there is of it
}

// CompleteContext is what is known already.
type CompleteContext struct {
	Arguments map[string]string `json:"arguments,omitempty"`
}

// CompleteRequest is a request to complete an argument.
type CompleteRequest struct {
	Session *ServerSession // nil only where a handler is tried outside a session
	Params  *CompleteParams
}

// CompleteResult has what an argument may be completed to.
type CompleteResult struct {
	Meta       Meta                    `json:"_meta,omitempty"`
	Completion CompletionResultDetails `json:"completion"`
}

// CompletionResultDetails are values for an argument, the best first.
type CompletionResultDetails struct {
	Values  []string `json:"values"`            // at most 100 of them are sent
	Total   int      `json:"total,omitempty"`   // how many there are in all; 0 if unknown
	HasMore bool     `json:"hasMore,omitempty"` // there are more than these
}
