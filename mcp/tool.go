package mcp

import (
	"context"
	"encoding/json"
	"fmt"
)

// ToolHandler runs a tool. The arguments have been checked against the tool's input schema. An *Error that it
// returns is an error of the protocol; any other error becomes a result with IsError and the error's
// text, which the model gets to see. It runs on a goroutine of its own; ctx ends when the call does.
type ToolHandler func(context.Context, *CallToolRequest) (*CallToolResult, error)

// toolEntry is a tool with what runs it.
type toolEntry struct {
	server *Server
	tool   *Tool
	text   []byte  // the encoded tool
	input  *schema // of the arguments
	output *schema // of structuredContent; nil if there is none
	typed  bool    // run decodes the arguments, with the defaults of the schema
	run    ToolHandler
}

func (e *toolEntry) key() string        { return e.tool.Name }
func (e *toolEntry) definition() []byte { return e.text }

// AddTool adds a tool with a handler that reads the arguments itself. The tool, which is copied, needs an
// InputSchema. It panics if the tool's name or a schema is no good, or if there is a tool of that name:
// remove it first to replace it.
func (s *Server) AddTool(t *Tool, h ToolHandler) {
	e, err := s.newTool(t)
	if err == nil && h == nil {
		err = fmt.Errorf("mcp: tool %q: the handler is nil", t.Name)
	}
	if err != nil {
		panic(err.Error())
	}
	e.run = h
	s.addTool(e)
}

// RemoveTools removes the tools with the names. Those that do not exist are no error. Calls that run go on.
func (s *Server) RemoveTools(names ...string) {
	s.update(ToolsChanged, func(next *catalog) bool { return next.tools.remove(names) })
}

func (s *Server) addTool(e *toolEntry) {
	s.update(ToolsChanged, func(next *catalog) bool {
		if !next.tools.add(e) {
			panic(fmt.Sprintf("mcp: tool %q exists already", e.tool.Name))
		}
		return true
	})
}

// newTool checks a tool and compiles its schemas.
func (s *Server) newTool(t *Tool) (*toolEntry, error) {
	if t == nil {
		return nil, fmt.Errorf("mcp: the tool is nil")
	}
	if err := checkToolName(t.Name); err != nil {
		return nil, err
	}
	own := *t
	e := &toolEntry{server: s, tool: &own}
	var err error
	if e.input, err = compileObject(t.InputSchema); err != nil {
		return nil, fmt.Errorf("mcp: tool %q: input schema: %w", t.Name, err)
	}
	own.InputSchema = json.RawMessage(e.input.text)
	if t.OutputSchema != nil {
		if e.output, err = compileObject(t.OutputSchema); err != nil {
			return nil, fmt.Errorf("mcp: tool %q: output schema: %w", t.Name, err)
		}
		own.OutputSchema = json.RawMessage(e.output.text)
	}
	if e.text, err = appendValue(nil, &own); err != nil {
		return nil, fmt.Errorf("mcp: tool %q: %w", t.Name, err)
	}
	return e, nil
}

// maxToolName is the longest name of a tool.
const maxToolName = 128

// checkToolName checks a name against what all revisions and their proposals allow.
//
// MCP 2025-11-25, server/tools, tool names; SEP-986.
func checkToolName(name string) error {
	if name == "" || len(name) > maxToolName {
		return fmt.Errorf("mcp: tool name %q has %d characters, want 1 to %d", brief(name), len(name), maxToolName)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == '/':
		default:
			return fmt.Errorf("mcp: tool name %q has a character other than A-Z a-z 0-9 _ - . /", name)
		}
	}
	return nil
}
