package mcp

import (
	"context"
	"errors"
	"fmt"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// PromptHandler makes the messages of a prompt. All required arguments are there. Errors that are no
// *Error are internal ones, without details for the client. It runs on a goroutine of its own; ctx ends when
// the request does.
type PromptHandler func(context.Context, *GetPromptRequest) (*GetPromptResult, error)

// promptEntry is a prompt with what makes its messages.
type promptEntry struct {
	server  *Server
	prompt  *Prompt
	text    []byte // the encoded prompt
	handler PromptHandler
}

func (e *promptEntry) key() string        { return e.prompt.Name }
func (e *promptEntry) definition() []byte { return e.text }

// AddPrompt adds a prompt, which is copied. It panics if its name or that of an argument is empty, if two
// arguments have the same name, if the handler is nil, or if there is a prompt of that name: remove it
// first to replace it.
func (s *Server) AddPrompt(p *Prompt, h PromptHandler) {
	e, err := s.newPrompt(p, h)
	if err != nil {
		panic(err.Error())
	}
	s.update(PromptsChanged, func(next *catalog) bool {
		if !next.prompts.add(e) {
			panic(fmt.Sprintf("mcp: prompt %q exists already", p.Name))
		}
		return true
	})
}

func (s *Server) newPrompt(p *Prompt, h PromptHandler) (*promptEntry, error) {
	switch {
	case p == nil:
		return nil, errors.New("mcp: the prompt is nil")
	case p.Name == "":
		return nil, errors.New("mcp: a prompt has no name")
	case h == nil:
		return nil, fmt.Errorf("mcp: prompt %q: the handler is nil", p.Name)
	}
	own := *p
	own.Arguments = make([]*PromptArgument, len(p.Arguments))
	seen := map[string]bool{}
	for i, a := range p.Arguments {
		if a == nil || a.Name == "" || seen[a.Name] {
			return nil, fmt.Errorf("mcp: prompt %q: argument %d has no name of its own", p.Name, i+1)
		}
		seen[a.Name] = true
		argument := *a
		own.Arguments[i] = &argument
	}
	text, err := appendValue(nil, &own)
	if err != nil {
		return nil, fmt.Errorf("mcp: prompt %q: %w", p.Name, err)
	}
	return &promptEntry{server: s, prompt: &own, text: text, handler: h}, nil
}

// RemovePrompts removes the prompts with the names. Those that do not exist are no error.
func (s *Server) RemovePrompts(names ...string) {
	s.update(PromptsChanged, func(next *catalog) bool { return next.prompts.remove(names) })
}

const methodPromptsGet = "prompts/get"

// get makes the messages for a request and encodes them. It never panics.
func (e *promptEntry) get(ctx context.Context, req *GetPromptRequest) (out Outcome) {
	defer e.server.recovered(methodPromptsGet, e.prompt.Name, &out)
	for _, a := range e.prompt.Arguments {
		if _, there := req.Params.Arguments[a.Name]; a.Required && !there {
			return Outcome{Err: InvalidParams("arguments." + brief(a.Name) + " is missing")}
		}
	}
	result, err := e.handler(ctx, req)
	if err != nil {
		return e.server.failed(ctx, methodPromptsGet, e.prompt.Name, err)
	}
	text, err := encodePrompt(result)
	if err != nil {
		return e.server.broken(methodPromptsGet, e.prompt.Name, err)
	}
	return Outcome{Result: text}
}

func encodePrompt(r *GetPromptResult) ([]byte, error) {
	if r == nil {
		return nil, errNoResult
	}
	text := append([]byte(nil), '{')
	if r.Description != "" {
		text = append(text, `"description":`...)
		text = append(jsonrpc.AppendString(text, r.Description), ',')
	}
	text = append(text, `"messages":[`...)
	for i, m := range r.Messages {
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, err = m.appendJSON(text); err != nil {
			return nil, err
		}
	}
	return closeBlock(append(text, ']'), r.Meta, nil)
}
