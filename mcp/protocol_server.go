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
