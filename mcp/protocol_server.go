package mcp

// Implementation says who a server or a client is.
//
// MCP 2025-11-25, schema, Implementation.
type Implementation struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"` // for people; 2025-06-18 and later
	Version     string `json:"version"`
	Description string `json:"description,omitempty"` // 2025-11-25 and later, as the rest
	WebsiteURL  string `json:"websiteUrl,omitempty"`
	Icons       []Icon `json:"icons,omitempty"`
}

// Icon is a picture that a client may show for something.
//
// MCP 2025-11-25, basic, icons.
type Icon struct {
	Source   string   `json:"src"` // an https or data URL
	MIMEType string   `json:"mimeType,omitempty"`
	Sizes    []string `json:"sizes,omitempty"` // such as "48x48" or "any"
	Theme    string   `json:"theme,omitempty"` // "light", "dark" or empty
}

// InitializeResult is the answer to initialize.
//
// MCP 2025-11-25, basic/lifecycle, initialization.
type InitializeResult struct {
	Meta            Meta                `json:"_meta,omitempty"`
	ProtocolVersion string              `json:"protocolVersion"`
	Capabilities    *ServerCapabilities `json:"capabilities"`
	ServerInfo      *Implementation     `json:"serverInfo"`
	Instructions    string              `json:"instructions,omitempty"`
}

// ServerCapabilities is what a server can do. A nil member is something it cannot do.
//
// MCP 2025-11-25, basic/lifecycle, capability negotiation.
type ServerCapabilities struct {
	Logging     *struct{}             `json:"logging,omitempty"`
	Completions *struct{}             `json:"completions,omitempty"` // 2025-03-26 and later
	Prompts     *ListCapabilities     `json:"prompts,omitempty"`
	Resources   *ResourceCapabilities `json:"resources,omitempty"`
	Tools       *ListCapabilities     `json:"tools,omitempty"`
}

// ListCapabilities says that the server has tools, or prompts.
type ListCapabilities struct {
	ListChanged bool `json:"listChanged,omitempty"` // it tells when the list changes
}

// ResourceCapabilities says that the server has resources.
type ResourceCapabilities struct {
	Subscribe   bool `json:"subscribe,omitempty"`   // clients may watch resources
	ListChanged bool `json:"listChanged,omitempty"` // it tells when the list changes
}
