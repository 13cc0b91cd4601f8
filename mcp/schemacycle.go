package mcp

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// errSchemaCycle is about a schema that no instance can be checked against in finite time.
var errSchemaCycle = errors.New("it refers to itself without going into the value")

// checkCycles finds references that lead back to where they started while the value they are applied to
// stays the same: checking any value would go on until the stack overflows, which ends the process. Only
// references within the document by pointer and anchor are followed.
func checkCycles(text []byte) error {
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		return err
	}
	g := &schemaGraph{root: root, anchors: map[string]map[string]any{}, state: map[string]visit{}}
	g.collect(root)
	return g.walkAll(root)
}

type visit uint8

const (
	visitOpen visit = iota + 1
	visitDone
)

// schemaGraph walks a decoded schema. Schemas are told apart by a member that collect gives them.
type schemaGraph struct {
	root    any
	anchors map[string]map[string]any
	state   map[string]visit // by id
	ids     int
}

// idMember holds the number of a schema; a schema's own members never have the name.
const idMember = "\x00id"

// collect numbers all objects and finds the anchors.
func (g *schemaGraph) collect(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, keyword := range [...]string{"$anchor", "$dynamicAnchor"} {
			if name, ok := v[keyword].(string); ok {
				g.anchors[name] = v
			}
		}
		for _, sub := range v {
			g.collect(sub)
		}
		g.ids++
		v[idMember] = strconv.Itoa(g.ids)
	case []any:
		for _, sub := range v {
			g.collect(sub)
		}
	}
}

func (g *schemaGraph) walkAll(v any) error {
	switch v := v.(type) {
	case map[string]any:
		if err := g.walk(v); err != nil {
			return err
		}
		for _, sub := range v {
			if err := g.walkAll(sub); err != nil {
				return err
			}
		}
	case []any:
		for _, sub := range v {
			if err := g.walkAll(sub); err != nil {
				return err
			}
		}
	}
	return nil
}

// walk follows what is applied to the same value as s.
func (g *schemaGraph) walk(v any) error {
	s, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	id := s[idMember].(string)
	switch g.state[id] {
	case visitDone:
		return nil
	case visitOpen:
		return errSchemaCycle
	}
	g.state[id] = visitOpen
	for keyword, sub := range s {
		for _, next := range g.inPlace(keyword, sub) {
			if err := g.walk(next); err != nil {
				return err
			}
		}
	}
	g.state[id] = visitDone
	return nil
}

// inPlace lists the schemas that a keyword applies to the same value.
func (g *schemaGraph) inPlace(keyword string, v any) []any {
	switch keyword {
	case "$ref", "$dynamicRef":
		if ref, ok := v.(string); ok {
			return []any{g.target(ref)}
		}
	case "allOf", "anyOf", "oneOf":
		list, _ := v.([]any)
		return list
	case "not", "if", "then", "else":
		return []any{v}
	case "dependentSchemas", "dependencies":
		var list []any
		if m, ok := v.(map[string]any); ok {
			for _, sub := range m {
				list = append(list, sub)
			}
		}
		return list
	}
	return nil
}

// target is the schema that a reference within the document leads to; nil if it is none.
func (g *schemaGraph) target(ref string) any {
	fragment, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	if fragment != "" && fragment[0] != '/' {
		if s, found := g.anchors[fragment]; found {
			return s
		}
		return nil
	}
	v := g.root
	for _, token := range strings.Split(fragment, "/")[1:] {
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
