package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// ToolHandlerFor runs a tool whose arguments are an In and whose structured content is an Out. The result may
// be nil. Where it has no content, clients get the output as text too. Where it has IsError, the output
// counts for nothing. Errors are those of ToolHandler.
type ToolHandlerFor[In, Out any] func(context.Context, *CallToolRequest, In) (*CallToolResult, Out, error)

// AddTool adds a tool with a typed handler.
//
// Where the tool has no InputSchema it is inferred from In, a struct or a map with string keys: fields by
// their json tags, descriptions from jsonschema tags, required unless omitempty or omitzero. In = any takes any
// object. A field is only found by its exact name, though encoding/json is not so strict. Defaults of
// the schema's own properties are filled in.
//
// Where it has no OutputSchema it is inferred from Out, unless Out is any: such a tool has no structured
// content, or what the handler puts into the result. The output is checked against the schema;
// one that breaks it is an internal error, see ServerOptions.OnError.
//
// It panics like Server.AddTool, and if a type has no schema of type object.
func AddTool[In, Out any](s *Server, t *Tool, h ToolHandlerFor[In, Out]) {
	if t == nil {
		panic("mcp: the tool is nil")
	}
	e, err := newTyped(s, t, h)
	if err != nil {
		panic(err.Error())
	}
	s.addTool(e)
}

func newTyped[In, Out any](s *Server, t *Tool, h ToolHandlerFor[In, Out]) (*toolEntry, error) {
	if h == nil {
		return nil, fmt.Errorf("mcp: tool %q: the handler is nil", t.Name)
	}
	own := *t
	var names *shape
	if own.InputSchema != nil {
		names = shapeOf(reflect.TypeFor[In]())
	} else {
		inferred, err := infer[In]()
		if err != nil {
			return nil, fmt.Errorf("mcp: tool %q: input schema: %w", t.Name, err)
		}
		own.InputSchema = inferred
	}
	if own.OutputSchema == nil && reflect.TypeFor[Out]() != reflect.TypeFor[any]() {
		inferred, err := infer[Out]()
		if err != nil {
			return nil, fmt.Errorf("mcp: tool %q: output schema: %w", t.Name, err)
		}
		own.OutputSchema = inferred
	}
	e, err := s.newTool(&own)
	if err != nil {
		return nil, err
	}
	e.typed = true
	e.run = func(ctx context.Context, req *CallToolRequest) (*CallToolResult, error) {
		var in In
		if err := decodeArguments(req.Params.Arguments, &in, names); err != nil {
			return nil, err
		}
		r, out, err := h(ctx, req, in)
		if err != nil {
			return nil, err
		}
		return withOutput(r, any(out))
	}
	return e, nil
}

// infer makes the schema of a type. any stands for an object of any kind.
func infer[T any]() (*jsonschema.Schema, error) {
	if reflect.TypeFor[T]() == reflect.TypeFor[any]() {
		return &jsonschema.Schema{Type: "object"}, nil
	}
	schema, err := jsonschema.For[T](nil)
	if err != nil {
		return nil, err
	}
	if schema.Type != "object" {
		// A pointer to a struct may be null by its type; as arguments or output it may not.
		if reflect.TypeFor[T]().Kind() != reflect.Pointer || len(schema.Properties) == 0 {
			return nil, fmt.Errorf("%v is neither a struct nor a map with string keys", reflect.TypeFor[T]())
		}
		schema.Type, schema.Types = "object", nil
	}
	return schema, nil
}

// decodeArguments decodes checked arguments. names has the exact names of what they are decoded into; nil if
// the schema has made sure of them.
func decodeArguments(text []byte, in any, names *shape) error {
	if err := names.check(text); err != nil {
		return &inputError{err}
	}
	err := json.Unmarshal(text, in)
	if err == nil {
		return nil
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		err = fmt.Errorf("%s: %s does not fit", wrong.Field, wrong.Value)
	}
	return &inputError{err}
}

// withOutput is the result r with the output of the handler. r is not changed: it may be shared.
func withOutput(r *CallToolResult, out any) (*CallToolResult, error) {
	switch {
	case r == nil:
		r = &CallToolResult{}
	case out == nil || r.IsError:
		return r, nil
	default:
		own := *r
		r = &own
	}
	if out == nil {
		return r, nil
	}
	text, err := appendValue(nil, out)
	if err != nil {
		return nil, &outputError{fmt.Errorf("mcp: encode the output: %w", err)}
	}
	r.StructuredContent = encoded(text)
	return r, nil
}
