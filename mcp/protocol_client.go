package mcp

// LoggingLevel is the severity of a log message: debug, info, notice, warning, error, critical, alert or
// emergency, RFC 5424 section 6.2.1.
type LoggingLevel string

// LoggingMessageParams are the params of notifications/message.
//
// MCP 2025-11-25, server/utilities/logging.
type LoggingMessageParams struct {
	Meta   Meta         `json:"_meta,omitempty"`
	Level  LoggingLevel `json:"level"`
	Logger string       `json:"logger,omitempty"` // name of the part that logs
	Data   any          `json:"data"`             // anything that encoding/json takes
}

// ProgressNotificationParams are the params of notifications/progress. The session fills in the token of the
// client's request, whatever ProgressToken is.
//
// MCP 2025-11-25, basic/utilities/progress.
type ProgressNotificationParams struct {
	Meta          Meta    `json:"_meta,omitempty"`
	ProgressToken any     `json:"progressToken,omitempty"`
	Progress      float64 `json:"progress"`        // rises with every report
	Total         float64 `json:"total,omitempty"` // 0 if unknown
	Message       string  `json:"message,omitempty"`
}

// ClientCapabilities is what a client can do for handlers. A nil member is something it cannot do.
//
// MCP 2025-11-25, basic/lifecycle, capability negotiation.
type ClientCapabilities struct {
	Roots       *RootCapabilities        `json:"roots,omitempty"`
	Sampling    *SamplingCapabilities    `json:"sampling,omitempty"`
	Elicitation *ElicitationCapabilities `json:"elicitation,omitempty"`
}

// RootCapabilities says that the client answers roots/list.
type RootCapabilities struct {
	ListChanged bool `json:"listChanged,omitempty"` // it tells when its roots change
}

// SamplingCapabilities says that the client answers sampling/createMessage.
type SamplingCapabilities struct {
	Context *struct{} `json:"context,omitempty"` // it takes includeContext
	Tools   *struct{} `json:"tools,omitempty"`   // it takes tools
}

// ElicitationCapabilities says that the client answers elicitation/create, and in which modes.
type ElicitationCapabilities struct {
	Form *struct{} `json:"form,omitempty"`
	URL  *struct{} `json:"url,omitempty"`
}

// ListRootsParams are the params of roots/list.
type ListRootsParams struct {
	Meta Meta `json:"_meta,omitempty"`
}

// ListRootsResult is the answer to roots/list.
//
// MCP 2025-11-25, client/roots.
type ListRootsResult struct {
	Meta  Meta    `json:"_meta,omitempty"`
	Roots []*Root `json:"roots"`
}

// Root is a place in the client's file system that a server may work in.
type Root struct {
	Meta Meta   `json:"_meta,omitempty"`
	URI  string `json:"uri"` // file://...
	Name string `json:"name,omitempty"`
}

// Modes of ElicitParams.
const (
	ElicitForm = "form"
	ElicitURL  = "url"
)

// ElicitParams are the params of elicitation/create: something the user is to be asked.
//
// MCP 2025-11-25, client/elicitation.
type ElicitParams struct {
	Meta    Meta   `json:"_meta,omitempty"`
	Mode    string `json:"mode,omitempty"` // ElicitForm if empty, or ElicitURL if URL is set
	Message string `json:"message"`
	// RequestedSchema is the JSON schema of the form: an object whose properties are strings, numbers,
	// booleans or enumerations. Anything that encodes to such a schema, a *jsonschema.Schema for example.
	RequestedSchema any    `json:"requestedSchema,omitempty"`
	URL             string `json:"url,omitempty"`           // of ElicitURL: where the user is to go
	ElicitationID   string `json:"elicitationId,omitempty"` // of ElicitURL: unique within the server
}

// ElicitationCompleteParams are the params of notifications/elicitation/complete: what the user was to do at
// the URL is done.
type ElicitationCompleteParams struct {
	Meta          Meta   `json:"_meta,omitempty"`
	ElicitationID string `json:"elicitationId"`
}

// Actions of ElicitResult.
const (
	ElicitAccept  = "accept"  // the user sent the form, or agreed to go to the URL
	ElicitDecline = "decline" // the user said no
	ElicitCancel  = "cancel"  // the user made no choice
)

// ElicitResult is what the user did.
type ElicitResult struct {
	Meta    Meta           `json:"_meta,omitempty"`
	Action  string         `json:"action"`
	Content map[string]any `json:"content,omitempty"` // the form's values; of ElicitAccept only
}

// CreateMessageParams are the params of sampling/createMessage: a request to the client's language model.
//
// MCP 2025-11-25, client/sampling.
type CreateMessageParams struct {
	Meta             Meta               `json:"_meta,omitempty"`
	Messages         []*SamplingMessage `json:"messages"`
	ModelPreferences *ModelPreferences  `json:"modelPreferences,omitempty"`
	SystemPrompt     string             `json:"systemPrompt,omitempty"`
	IncludeContext   string             `json:"includeContext,omitempty"` // none, thisServer or allServers
	Temperature      *float64           `json:"temperature,omitempty"`
	MaxTokens        int64              `json:"maxTokens"`
	StopSequences    []string           `json:"stopSequences,omitempty"`
	Metadata         any                `json:"metadata,omitempty"`
	// Tools and ToolChoice need SamplingCapabilities.Tools.
	Tools      []*Tool     `json:"tools,omitempty"`
	ToolChoice *ToolChoice `json:"toolChoice,omitempty"`
}

// ToolChoice says how the model is to use tools.
type ToolChoice struct {
	Mode string `json:"mode,omitempty"` // auto, required or none
}

// ModelPreferences says what kind of model is wanted. Priorities go from 0 to 1.
type ModelPreferences struct {
	Hints                []*ModelHint `json:"hints,omitempty"` // the first that fits counts
	CostPriority         float64      `json:"costPriority,omitempty"`
	SpeedPriority        float64      `json:"speedPriority,omitempty"`
	IntelligencePriority float64      `json:"intelligencePriority,omitempty"`
}

// ModelHint is a part of the name of a wanted model.
type ModelHint struct {
	Name string `json:"name,omitempty"`
}
