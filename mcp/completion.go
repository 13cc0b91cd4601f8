package mcp

import "context"

// CompleteFunc lists what an argument of a prompt, or a variable of a resource template, may be: the
// values that go on from what there is of it, the best first. known has the arguments that the
// client has told already; it may be nil. Errors are those of PromptHandler.
type CompleteFunc func(ctx context.Context, value string, known map[string]string) ([]string, error)

// maxCompletions is the most values of one answer.
//
// MCP 2025-11-25, server/utilities/completion.
const maxCompletions = 100

const methodComplete = "completion/complete"

// complete completes an argument and encodes the values. It never panics. An argument that cannot be completed
// has no values; one that does not exist is an error.
func (s *Server) complete(ctx context.Context, req *CompleteRequest) (out Outcome) {
	name := req.Params.Ref.Name + req.Params.Ref.URI
	defer s.recovered(methodComplete, name, &out)
	c := s.catalog()
	if !c.completes() {
		return Outcome{Err: MethodNotFound(methodComplete)}
	}
	completer, err := c.completer(req.Params)
	if err != nil {
		return Outcome{Err: err}
	}
	result, failure := s.completions(ctx, req, completer)
	if failure != nil {
		return s.failed(ctx, methodComplete, name, failure)
	}
	text, failure := appendValue(nil, trimCompletions(result))
	if failure != nil {
		return s.broken(methodComplete, name, failure)
	}
	return Outcome{Result: text}
}

// completer finds the argument that is to be completed, and its completer; nil if it has none.
func (c *catalog) completer(p *CompleteParams) (CompleteFunc, *Error) {
	name := p.Argument.Name
	if p.Ref.Type == refPrompt {
		prompt := c.prompt(p.Ref.Name)
		if prompt == nil {
			return nil, InvalidParams("unknown prompt: " + brief(p.Ref.Name))
		}
		for _, a := range prompt.prompt.Arguments {
			if a.Name == name {
				return a.Complete, nil
			}
		}
		return nil, InvalidParams("the prompt has no argument " + brief(name))
	}
	if t := c.templates.find(p.Ref.URI); t != nil {
		if !t.pattern.has(name) {
			return nil, InvalidParams("the resource template has no variable " + brief(name))
		}
		return t.template.Complete[name], nil
	}
	if c.readResource(p.Ref.URI) == nil {
		return nil, InvalidParams("unknown resource: " + brief(p.Ref.URI))
	}
	return nil, nil
}

// completions asks whoever completes the argument. The result is not nil without an error.
func (s *Server) completions(ctx context.Context, req *CompleteRequest, completer CompleteFunc) (*CompleteResult, error) {
	if completer != nil {
		var known map[string]string
		if req.Params.Context != nil {
			known = req.Params.Context.Arguments
		}
		values, err := completer(ctx, req.Params.Argument.Value, known)
		return &CompleteResult{Completion: CompletionResultDetails{Values: values, Total: len(values)}}, err
	}
	if s.opts.CompletionHandler == nil {
		return &CompleteResult{}, nil
	}
	result, err := s.opts.CompletionHandler(ctx, req)
	if err == nil && result == nil {
		err = errNoResult
	}
	return result, err
}

// trimCompletions is the result with no more values than may be sent. r is not changed: it may be shared.
func trimCompletions(r *CompleteResult) *CompleteResult {
	own := *r
	c := &own.Completion
	if n := len(c.Values); n > maxCompletions {
		c.Total = max(c.Total, n)
		c.HasMore = true
		c.Values = c.Values[:maxCompletions]
	}
	if c.Values == nil {
		c.Values = []string{}
	}
	return &own
}
