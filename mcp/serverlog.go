package mcp

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// MaxLogBytes bounds a message of Server.Log: its level, logger and data as JSON.
const MaxLogBytes = 64 << 10

// ErrLogTooLarge says that a message of Server.Log is longer than MaxLogBytes.
var ErrLogTooLarge = errors.New("mcp: log message too large")

// Log sends a log message to every client whose level is not above level: the one it chose with
// logging/setLevel, info until it has chosen. On a node in a cluster these are the clients of all nodes, each
// once. logger names what logs, and may be empty; data is any value that encodes as JSON.
//
// It does not wait. It fails for an unknown level, for data that cannot be encoded, and with ErrLogTooLarge. A
// node takes 100 messages at once and then 100 a second; it drops and counts what exceeds that, since each
// may go to very many clients. Clients over HTTP that have no event stream open get nothing.
//
// MCP 2025-11-25, server/utilities/logging.
func (s *Server) Log(level LoggingLevel, logger string, data any) error {
	if _, ok := levelOf(string(level)); !ok {
		return fmt.Errorf("mcp: unknown log level %q", level)
	}
	params, err := json.Marshal(&LoggingMessageParams{Level: level, Logger: logger, Data: data})
	if err != nil {
		return fmt.Errorf("mcp: encode log message: %w", err)
	}
	if len(params) > MaxLogBytes {
		return ErrLogTooLarge
	}
	s.notify(LogMessage{Level: level, Text: jsonrpc.AppendNotification(nil, notifyMessage, params)})
	return nil
}

// Logs reports whether the client wants log messages of the level.
func (st *State) Logs(level LoggingLevel) bool {
	l, ok := levelOf(string(level))
	return ok && l >= st.level
}

// logMessage passes a log message of the server on, if the client wants it.
func (s *Session) logMessage(in LogMessage, out []Effect) []Effect {
	if s.state == nil || !s.state.initialized || !s.state.revision.Sessions || !s.state.Logs(in.Level) {
		return out
	}
	return append(out, Send{Text: in.Text})
}
