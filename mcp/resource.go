package mcp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ResourceHandler reads a resource. ResourceNotFound says that there is none under the URI; errors that are
// no *Error are internal ones, without details for the client. It runs on a goroutine of its own; ctx ends
// when the request does.
type ResourceHandler func(context.Context, *ReadResourceRequest) (*ReadResourceResult, error)

// resourceEntry is a resource, or a URI that matches a template, with what reads it.
type resourceEntry struct {
	server    *Server
	uri       string
	mimeType  string
	text      []byte            // the encoded resource; nil for a URI of a template
	variables map[string]string // of the template; nil for a resource
	handler   ResourceHandler
}

func (e *resourceEntry) key() string        { return e.uri }
func (e *resourceEntry) definition() []byte { return e.text }

// templateEntry is a resource template with what reads its resources.
type templateEntry struct {
	server   *Server
	template *ResourceTemplate
	pattern  *uriTemplate
	text     []byte // the encoded template
	handler  ResourceHandler
}

func (e *templateEntry) key() string        { return e.template.URITemplate }
func (e *templateEntry) definition() []byte { return e.text }

// AddResource adds a resource, which is copied. It panics if the URI is not absolute, if the name is
// empty, if the handler is nil, or if there is a resource of that URI: remove it first to replace it.
func (s *Server) AddResource(r *Resource, h ResourceHandler) {
	text, err := encodeResource(r, h)
	if err != nil {
		panic(err.Error())
	}
	e := &resourceEntry{server: s, uri: r.URI, mimeType: r.MIMEType, text: text, handler: h}
	s.update(ResourcesChanged, func(next *catalog) bool {
		if !next.resources.add(e) {
			panic(fmt.Sprintf("mcp: resource %q exists already", r.URI))
		}
		return true
	})
}

func encodeResource(r *Resource, h ResourceHandler) ([]byte, error) {
	if r == nil {
		return nil, errors.New("mcp: the resource is nil")
	}
	u, err := url.Parse(r.URI)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mcp: resource %q: %w", r.URI, err)
	case !u.IsAbs():
		return nil, fmt.Errorf("mcp: resource %q: the URI has no scheme", r.URI)
	case r.Name == "":
		return nil, fmt.Errorf("mcp: resource %q: the name is empty", r.URI)
	case h == nil:
		return nil, fmt.Errorf("mcp: resource %q: the handler is nil", r.URI)
	}
	text, err := appendValue(nil, r)
	if err != nil {
		return nil, fmt.Errorf("mcp: resource %q: %w", r.URI, err)
	}
	return text, nil
}

// RemoveResources removes the resources with the URIs. Those that do not exist are no error.
func (s *Server) RemoveResources(uris ...string) {
	s.update(ResourcesChanged, func(next *catalog) bool { return next.resources.remove(uris) })
}

// AddResourceTemplate adds a template, which is copied, for URIs that are not those of a resource. Of
// several templates that match a URI, the first in the order of their text reads it. A URI with a
// segment "." or "..", encoded or not, matches no template, so that a handler may take a variable for a path
// below its own place.
//
// It panics if the template is no URI template (RFC 6570), if its name is empty, if the handler is nil, or if
// there is a template of that text.
func (s *Server) AddResourceTemplate(t *ResourceTemplate, h ResourceHandler) {
	e, err := s.newTemplate(t, h)
	if err != nil {
		panic(err.Error())
	}
	s.update(ResourcesChanged, func(next *catalog) bool {
		if !next.templates.add(e) {
			panic(fmt.Sprintf("mcp: resource template %q exists already", t.URITemplate))
		}
		return true
	})
}

func (s *Server) newTemplate(t *ResourceTemplate, h ResourceHandler) (*templateEntry, error) {
	if t == nil {
		return nil, errors.New("mcp: the resource template is nil")
	}
	pattern, err := newURITemplate(t.URITemplate)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mcp: resource template %q: %w", t.URITemplate, err)
	case !strings.Contains(pattern.literals[0], ":"):
		return nil, fmt.Errorf("mcp: resource template %q: it does not start with a scheme", t.URITemplate)
	case t.Name == "":
		return nil, fmt.Errorf("mcp: resource template %q: the name is empty", t.URITemplate)
	case h == nil:
		return nil, fmt.Errorf("mcp: resource template %q: the handler is nil", t.URITemplate)
	}
	for name := range t.Complete {
		if !pattern.has(name) {
			return nil, fmt.Errorf("mcp: resource template %q: it has no variable %q to complete", t.URITemplate, name)
		}
	}
	text, err := appendValue(nil, t)
	if err != nil {
		return nil, fmt.Errorf("mcp: resource template %q: %w", t.URITemplate, err)
	}
	own := *t
	return &templateEntry{server: s, template: &own, pattern: pattern, text: text, handler: h}, nil
}

// RemoveResourceTemplates removes the templates with the texts. Those that do not exist are no error.
func (s *Server) RemoveResourceTemplates(uriTemplates ...string) {
	s.update(ResourcesChanged, func(next *catalog) bool { return next.templates.remove(uriTemplates) })
}

// match is what reads a URI of the template; nil if the URI is not of it.
func (e *templateEntry) match(uri string) *resourceEntry {
	variables := e.pattern.match(uri)
	if variables == nil {
		return nil
	}
	return &resourceEntry{
		server: e.server, uri: uri, mimeType: e.template.MIMEType, variables: variables, handler: e.handler,
	}
}

// hasDotSegment reports whether a URI has a segment "." or "..", or a null byte, encoded any number of times.
func hasDotSegment(uri string) bool {
	for {
		for segment := range strings.FieldsFuncSeq(uri, isSeparator) {
			if segment == "." || segment == ".." {
				return true
			}
		}
		if strings.ContainsRune(uri, 0) {
			return true
		}
		decoded := decodeEscapes(uri)
		if len(decoded) == len(uri) {
			return false
		}
		uri = decoded
	}
}

// decodeEscapes decodes the escapes of s once. What only looks like one stays as it is.
func decodeEscapes(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two digits
			text = append(text, byte(c))
			i += 2
			continue
		}
		text = append(text, s[i])
	}
	return string(text)
}

func isSeparator(r rune) bool { return r == '/' || r == '\\' || r == '?' || r == '#' }

const methodResourcesRead = "resources/read"

// read reads the resource for a request and encodes its contents. It never panics.
func (e *resourceEntry) read(ctx context.Context, req *ReadResourceRequest) (out Outcome) {
	defer e.server.recovered(methodResourcesRead, e.uri, &out)
	req.Variables = e.variables
	result, err := e.handler(ctx, req)
	if err != nil {
		return e.server.failed(ctx, methodResourcesRead, e.uri, err)
	}
	text, err := e.encode(result)
	if err != nil {
		return e.server.broken(methodResourcesRead, e.uri, err)
	}
	return Outcome{Result: text}
}

// encode encodes the result with what it leaves to the resource.
func (e *resourceEntry) encode(r *ReadResourceResult) ([]byte, error) {
	if r == nil {
		return nil, errNoResult
	}
	text := append([]byte(nil), `{"contents":[`...)
	for i, c := range r.Contents {
		if c == nil {
			return nil, errors.New("mcp: contents of a resource are nil")
		}
		own := *c
		if own.URI == "" {
			own.URI = e.uri
		}
		if own.MIMEType == "" {
			own.MIMEType = e.mimeType
		}
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, err = own.appendJSON(text); err != nil {
			return nil, err
		}
	}
	return closeBlock(append(text, ']'), r.Meta, nil)
}
