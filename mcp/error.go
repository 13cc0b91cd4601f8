package mcp

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// Codes of the errors that go to a client. There are no others: an error of any other kind becomes
// CodeInternal, and its details stay in the log.
const (
	// JSON-RPC 2.0, section 5.1.
	CodeParse          = jsonrpc.CodeParse          // -32700: not JSON
	CodeInvalidRequest = jsonrpc.CodeInvalidRequest // -32600: not a request, or not one at this time
	CodeMethodNotFound = jsonrpc.CodeMethodNotFound // -32601
	CodeInvalidParams  = jsonrpc.CodeInvalidParams  // -32602
	CodeInternal       = jsonrpc.CodeInternal       // -32603

	// MCP, server/resources (until 2025-11-25). Handlers use it under every revision; the session
	// replaces it where the client's revision has another code.
	CodeResourceNotFound = -32002

	// Our own. Each has a member retryAfterMs in its data where trying again helps.
	CodeOverloaded  = 1001 // the node or the session has too much to do
	CodeUpstream    = 1002 // the upstream server cannot be reached
	CodeDeadline    = 1003 // the call ran out of time
	CodeNodeLost    = 1004 // the node that ran the call went away
	CodeQuota       = 1005 // the client has used up what it may have
	CodeDraining    = 1006 // the node goes away
	CodeUnavailable = 1007 // the cluster has no quorum
)

// Error is an error as the client sees it. Handlers return one to choose code and text; its Message and
// Data go to the client, so they hold no path, address or stack.
type Error struct {
	Code    int    // one of the Code constants, or a code of the application's own
	Message string // one sentence without a full stop
	Data    any    // nil, or what encoding/json turns into the data member
}

// Error is the message with the code.
func (e *Error) Error() string {
	return e.Message + " (" + strconv.Itoa(e.Code) + ")"
}

// InvalidRequest is a CodeInvalidRequest error.
func InvalidRequest(message string) *Error {
	return &Error{Code: CodeInvalidRequest, Message: message}
}

// MethodNotFound is a CodeMethodNotFound error for the method, whose name is cut where it is long.
func MethodNotFound(method string) *Error {
	return &Error{Code: CodeMethodNotFound, Message: "method not found: " + brief(method)}
}

// InvalidParams is a CodeInvalidParams error.
func InvalidParams(message string) *Error {
	return &Error{Code: CodeInvalidParams, Message: message}
}

// ResourceNotFound is what reading the resource uri ends with where there is none.
func ResourceNotFound(uri string) *Error {
	return &Error{
		Code:    CodeResourceNotFound,
		Message: "resource not found",
		Data: struct {
			URI string `json:"uri"`
		}{brief(uri)},
	}
}

// Internal is a CodeInternal error without details.
func Internal() *Error {
	return &Error{Code: CodeInternal, Message: "internal error"}
}

// RetryLater is an error with code after which the client may try again when the time after has passed.
func RetryLater(code int, message string, after time.Duration) *Error {
	return &Error{Code: code, Message: message, Data: retryData{after.Milliseconds()}}
}

type retryData struct {
	RetryAfterMs int64 `json:"retryAfterMs"`
}

// Wire is e as it is encoded. Data that cannot be encoded is left out.
func (e *Error) Wire() *jsonrpc.Error {
	w := &jsonrpc.Error{Code: e.Code, Message: e.Message}
	switch data := e.Data.(type) {
	case nil:
	case json.RawMessage:
		w.Data = data
	default:
		if text, err := json.Marshal(data); err == nil {
			w.Data = text
		}
	}
	return w
}

// briefBytes is how much of a client's own text an error repeats.
const briefBytes = 128

// brief is s, cut to at most briefBytes.
func brief(s string) string {
	if len(s) <= briefBytes {
		return s
	}
	cut := briefBytes
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
