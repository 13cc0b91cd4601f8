package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errSchemaCycle is about a schema that no value can be checked against in finite time.
var errSchemaCycle = errors.New("it refers to itself without going into the value")

// checkCycles finds references that lead back to where they started while the value they are applied to
// stays the same: checking any value would go on until the stack overflows, which ends the process.
// References by anything else than a fragment or the very $id of a schema in the document are refused.
func checkCycles(text []byte) error {
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		return err
	}
	g := &schemaGraph{ids: map[string]*schemaNode{}, dynamic: map[string][]any{}}
	top, ok := root.(map[string]any)
	if !ok {
		return errors.New("it is not an object")
	}
	g.collect(top, nil)
	return g.walkAll()
}

// schemaGraph walks a decoded schema.
type schemaGraph struct {
	nodes []*schemaNode
	ids   map[string]*schemaNode // schemas with an $id
	// dynamic has the schemas with a $dynamicAnchor by its name: which of them a $dynamicRef leads to depends
	// on the way to it, so all of them count.
	dynamic map[string][]any
}

// schemaNode is what the graph knows of an object of the document.
type schemaNode struct {
	object   map[string]any
	resource *schemaNode               // the schema with an $id, or the top, that it belongs to
	anchors  map[string]map[string]any // of a resource
	visit    visit
	steps    int // schemas that are applied to the same value, each as often as it is
}

type visit uint8

const (
	visitOpen visit = iota + 1
	visitDone
)

// nodeMember is where an object holds its node; no member of a schema has the name.
const nodeMember = "\x00node"

func nodeOf(object map[string]any) *schemaNode {
	n, _ := object[nodeMember].(*schemaNode)
	return n
}

// schemasOf lists what is below a schema, without values that are data.
func schemasOf(object map[string]any) []any {
	var list []any
	for keyword, v := range object {
		switch keyword {
		case "const", "enum", "default", "examples":
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies":
			if named, ok := v.(map[string]any); ok {
				for _, sub := range named {
					list = append(list, sub)
				}
			}
		default:
			list = append(list, v)
		}
	}
	return list
}

// collect makes the nodes of all schemas and finds ids and anchors.
func (g *schemaGraph) collect(v any, resource *schemaNode) {
	switch v := v.(type) {
	case map[string]any:
		n := &schemaNode{object: v, resource: resource}
		id, _ := v["$id"].(string)
		anchor, isAnchor := strings.CutPrefix(id, "#") // draft 7
		if resource == nil || id != "" && !isAnchor {
			n.resource, n.anchors = n, map[string]map[string]any{}
			g.ids[strings.TrimSuffix(id, "#")] = n
		}
		if isAnchor {
			n.resource.anchors[anchor] = v
		}
		for _, keyword := range [...]string{"$anchor", "$dynamicAnchor"} {
			if name, ok := v[keyword].(string); ok {
				n.resource.anchors[name] = v
			}
		}
		if name, ok := v["$dynamicAnchor"].(string); ok {
			g.dynamic[name] = append(g.dynamic[name], v)
		}
		for _, sub := range schemasOf(v) {
			g.collect(sub, n.resource)
		}
		v[nodeMember] = n
		g.nodes = append(g.nodes, n)
	case []any:
		for _, sub := range v {
			g.collect(sub, resource)
		}
	}
}

func (g *schemaGraph) walkAll() error {
	for _, n := range g.nodes {
		if err := g.walk(n.object); err != nil {
			return err
		}
	}
	return nil
}

// walk follows what is applied to the same value as the schema.
func (g *schemaGraph) walk(v any) error {
	s, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	n := nodeOf(s)
	if n == nil {
		return nil // data, or a place where no schema can be
	}
	switch n.visit {
	case visitDone:
		return nil
	case visitOpen:
		return errSchemaCycle
	}
	n.visit = visitOpen
	for keyword, sub := range s {
		nexts, err := g.inPlace(n, keyword, sub)
		if err != nil {
			return err
		}
		for _, next := range nexts {
			if err := g.walk(next); err != nil {
				return err
			}
			if o, ok := next.(map[string]any); ok && nodeOf(o) != nil {
				n.steps += nodeOf(o).steps
			}
		}
	}
	if n.steps++; n.steps > maxSchemaSteps {
		return fmt.Errorf("it applies more than %d schemas to one value", maxSchemaSteps)
	}
	n.visit = visitDone
	return nil
}

// maxSchemaSteps bounds what references make of a short text: each may double the work.
const maxSchemaSteps = 10_000

// inPlace lists the schemas that a keyword applies to the same value.
func (g *schemaGraph) inPlace(n *schemaNode, keyword string, v any) ([]any, error) {
	switch keyword {
	case "$ref", "$dynamicRef":
		if ref, ok := v.(string); ok {
			to, err := g.target(n, ref)
			list := []any{to}
			if _, name, _ := strings.Cut(ref, "#"); keyword == "$dynamicRef" {
				list = append(list, g.dynamic[name]...)
			}
			return list, err
		}
	case "allOf", "anyOf", "oneOf":
		list, _ := v.([]any)
		return list, nil
	case "not", "if", "then", "else":
		return []any{v}, nil
	case "dependentSchemas", "dependencies":
		var list []any
		if m, ok := v.(map[string]any); ok {
			for _, sub := range m {
				list = append(list, sub)
			}
		}
		return list, nil
	}
	return nil, nil
}

// target is the schema that a reference leads to; nil if it leads nowhere.
func (g *schemaGraph) target(n *schemaNode, ref string) (any, error) {
	id, fragment, _ := strings.Cut(ref, "#")
	resource := n.resource
	if id != "" {
		if resource = g.ids[id]; resource == nil {
			return nil, fmt.Errorf("it refers to %q, which is neither a fragment nor the $id of a schema in it", brief(ref))
		}
	}
	if fragment != "" && fragment[0] != '/' {
		if s, found := resource.anchors[fragment]; found {
			return s, nil
		}
		return nil, nil
	}
	return pointed(resource.object, fragment), nil
}

// pointed is the value that a JSON pointer (RFC 6901) leads to; nil if there is none.
func pointed(v any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = decodeEscapes(token)
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch at := v.(type) {
		case map[string]any:
			v = at[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}
