package mcp

// Resource is what a client gets to know of a resource.
//
// MCP 2025-11-25, server/resources.
type Resource struct {
	URI         string       `json:"uri"` // unique within the server
	Name        string       `json:"name"`
	Title       string       `json:"title,omitempty"` // for people
	Description string       `json:"description,omitempty"`
	MIMEType    string       `json:"mimeType,omitempty"`
	Size        int64        `json:"size,omitempty"` // bytes, before any encoding; 0 if unknown
	Annotations *Annotations `json:"annotations,omitempty"`
	Icons       []Icon       `json:"icons,omitempty"`
	Meta        Meta         `json:"_meta,omitempty"`
}

// ResourceTemplate describes a family of resources.
//
// MCP 2025-11-25, server/resources, resource templates.
type ResourceTemplate struct {
	URITemplate string       `json:"uriTemplate"` // RFC 6570; unique within the server
	Name        string       `json:"name"`
	Title       string       `json:"title,omitempty"` // for people
	Description string       `json:"description,omitempty"`
	MIMEType    string       `json:"mimeType,omitempty"` // of all of them, where they have the same
	Annotations *Annotations `json:"annotations,omitempty"`
	Icons       []Icon       `json:"icons,omitempty"`
	Meta        Meta         `json:"_meta,omitempty"`
	// Complete has a completer for each variable that can be completed. It is not sent.
	Complete map[string]CompleteFunc `json:"-"`
}

// ReadResourceParams are the params of resources/read. They are read-only.
type ReadResourceParams struct {
	Meta Meta   `json:"_meta,omitempty"`
	URI  string `json:"uri"`
}

// ReadResourceRequest is a request for the content of a resource.
type ReadResourceRequest struct {
	Session *ServerSession // nil only where a handler is tried outside a session
	Params  *ReadResourceParams
	// Variables has the values that the variables of a resource template have in the URI, decoded; lists are
	// joined with commas. It is nil for a resource without template.
	Variables map[string]string
}

// ReadResourceResult is the content of a resource, or of several of them where a resource is a collection.
type ReadResourceResult struct {
	Meta Meta `json:"_meta,omitempty"`
	// Contents takes its URI from the request, and its MIME type from the resource, where these are empty.
	Contents []*ResourceContents `json:"contents"`
}

// ListResourcesResult is one page of resources/list.
type ListResourcesResult struct {
	Meta       Meta        `json:"_meta,omitempty"`
	Resources  []*Resource `json:"resources"`
	NextCursor string      `json:"nextCursor,omitempty"`
}

// ListResourceTemplatesResult is one page of resources/templates/list.
type ListResourceTemplatesResult struct {
	Meta              Meta                `json:"_meta,omitempty"`
	ResourceTemplates []*ResourceTemplate `json:"resourceTemplates"`
	NextCursor        string              `json:"nextCursor,omitempty"`
}
