package mcp

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"
)

// Elicit asks the user something through the client and waits for what the user does. What the user put into
// a form has been checked against params.RequestedSchema; an answer that breaks it is an error. Defaults of
// the schema are the client's to fill in: what it leaves out, the user left out. Elicit fails with an *Error
// of CodeMethodNotFound if the client cannot do it in this mode.
func (ss *ServerSession) Elicit(ctx context.Context, params *ElicitParams) (*ElicitResult, error) {
	p, schema, err := prepareElicit(params, ss.peer.State().Revision())
	if err != nil {
		return nil, err
	}
	result := &ElicitResult{}
	if err := ss.ask(ctx, askElicitation, p, result); err != nil {
		return nil, err
	}
	return checkElicit(result, schema)
}

// prepareElicit completes the params for a client of the revision and compiles their schema, which is nil
// where there is no form to check.
func prepareElicit(params *ElicitParams, rev *Revision) (*ElicitParams, *jsonschema.Resolved, error) {
	p := *params
	if p.Mode == "" && p.URL != "" {
		p.Mode = ElicitURL
	}
	switch {
	case p.Mode == ElicitURL:
		if p.URL == "" || p.ElicitationID == "" || p.RequestedSchema != nil {
			return nil, nil, fmt.Errorf("mcp: elicitation of mode %q needs URL and ElicitationID and takes no schema", ElicitURL)
		}
		return &p, nil, nil
	case p.Mode != "" && p.Mode != ElicitForm:
		return nil, nil, fmt.Errorf("mcp: unknown elicitation mode %q", p.Mode)
	case p.URL != "" || p.ElicitationID != "":
		return nil, nil, fmt.Errorf("mcp: elicitation of mode %q takes no URL", ElicitForm)
	}
	p.Mode = ""
	if rev.URLElicitation {
		p.Mode = ElicitForm
	}
	if p.RequestedSchema == nil {
		p.RequestedSchema = json.RawMessage(`{"type":"object","properties":{}}`)
	}
	text, err := json.Marshal(p.RequestedSchema)
	if err != nil {
		return nil, nil, fmt.Errorf("mcp: encode the requested schema: %w", err)
	}
	p.RequestedSchema = json.RawMessage(text)
	schema, err := formSchema(text)
	return &p, schema, err
}

// formSchema compiles the schema of a form and checks that it is flat.
func formSchema(text []byte) (*jsonschema.Resolved, error) {
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("mcp: the requested schema: %w", err)
	}
	if schema.Type != "object" {
		return nil, fmt.Errorf("mcp: the requested schema is of type %q, want object", schema.Type)
	}
	for name, property := range schema.Properties {
		if property == nil || property.Type == "object" || len(property.Properties) != 0 {
			return nil, fmt.Errorf("mcp: the requested schema: property %q is not of a simple type", name)
		}
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		return nil, fmt.Errorf("mcp: the requested schema: %w", err)
	}
	return resolved, nil
}

// checkElicit checks what the client made of it.
func checkElicit(r *ElicitResult, schema *jsonschema.Resolved) (*ElicitResult, error) {
	switch r.Action {
	case ElicitDecline, ElicitCancel:
		r.Content = nil
		return r, nil
	case ElicitAccept:
	default:
		return nil, fmt.Errorf("mcp: the client's answer has the unknown action %q", brief(r.Action))
	}
	if schema == nil {
		return r, nil
	}
	if r.Content == nil {
		r.Content = map[string]any{}
	}
	if err := schema.Validate(r.Content); err != nil {
		return nil, fmt.Errorf("mcp: the client's answer breaks the requested schema: %v", err)
	}
	return r, nil
}
