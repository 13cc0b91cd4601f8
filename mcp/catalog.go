package mcp

import (
	"slices"
	"strings"
	"sync"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// catalog is what a server offers at one time. It is immutable.
type catalog struct {
	server    *Server
	tools     list[*toolEntry]
	prompts   list[*promptEntry]
	resources list[*resourceEntry]
	templates list[*templateEntry]
}

func newCatalog(s *Server) *catalog {
	return &catalog{
		server:    s,
		tools:     list[*toolEntry]{name: "tools", pages: &pages{}},
		prompts:   list[*promptEntry]{name: "prompts", pages: &pages{}},
		resources: list[*resourceEntry]{name: "resources", pages: &pages{}},
		templates: list[*templateEntry]{name: "resourceTemplates", pages: &pages{}},
	}
}

// tool finds a tool by its exact name; nil if there is none.
func (c *catalog) tool(name string) *toolEntry { return c.tools.find(name) }

// prompt finds a prompt by its exact name; nil if there is none.
func (c *catalog) prompt(name string) *promptEntry { return c.prompts.find(name) }

// readResource finds what reads the URI: the resource with exactly this URI, else the first template that
// matches it; nil if there is neither.
func (c *catalog) readResource(uri string) *resourceEntry {
	if r := c.resources.find(uri); r != nil {
		return r
	}
	if len(uri) > maxURIBytes || hasDotSegment(uri) {
		return nil // both checks and matching cost more than linear time
	}
	for _, t := range c.templates.entries {
		if r := t.match(uri); r != nil {
			return r
		}
	}
	return nil
}

func (c *catalog) toolsPage(cursor string) ([]byte, *Error) { return c.tools.page(c.server, cursor) }
func (c *catalog) promptsPage(cursor string) ([]byte, *Error) {
	return c.prompts.page(c.server, cursor)
}
func (c *catalog) resourcesPage(cursor string) ([]byte, *Error) {
	return c.resources.page(c.server, cursor)
}
func (c *catalog) templatesPage(cursor string) ([]byte, *Error) {
	return c.templates.page(c.server, cursor)
}

// entry is a member of a list.
type entry interface {
	comparable
	key() string        // unique in its list
	definition() []byte // as it is listed
}

// list has entries in the order of their keys, and the pages of their definitions.
type list[E entry] struct {
	name       string // of the member that holds the entries in a page
	generation uint64 // counts the changes
	entries    []E    // sorted by key; never changed in place
	pages      *pages // of this generation
}

// pages has the encoded result objects of a list. They are made when the first client asks.
type pages struct {
	once  sync.Once
	texts [][]byte
}

func (l *list[E]) at(key string) (int, bool) {
	return slices.BinarySearchFunc(l.entries, key, func(e E, key string) int { return strings.Compare(e.key(), key) })
}

// find is the entry with the key; nil if there is none.
func (l *list[E]) find(key string) E {
	if i, found := l.at(key); found {
		return l.entries[i]
	}
	var none E
	return none
}

// add inserts an entry, unless there is one with its key.
func (l *list[E]) add(e E) bool {
	i, found := l.at(e.key())
	if !found {
		l.become(slices.Insert(slices.Clone(l.entries), i, e))
	}
	return !found
}

// remove takes out the entries with the keys, and reports whether there were any.
func (l *list[E]) remove(keys []string) bool {
	rest := slices.DeleteFunc(slices.Clone(l.entries), func(e E) bool { return slices.Contains(keys, e.key()) })
	if len(rest) == len(l.entries) {
		return false
	}
	l.become(rest)
	return true
}

func (l *list[E]) become(entries []E) {
	l.entries = entries
	l.generation++
	l.pages = &pages{}
}

// page is the encoded page that the cursor names; the empty one names the first.
func (l *list[E]) page(s *Server, cursor string) ([]byte, *Error) {
	n := 0
	if cursor != "" {
		var ok bool
		if n, ok = s.cursors.open(l.name, l.generation, cursor); !ok {
			return nil, InvalidParams("the cursor is not one of this list as it is; ask without a cursor")
		}
	}
	l.pages.once.Do(func() { l.pages.texts = l.encode(s) })
	if n >= len(l.pages.texts) {
		return nil, InvalidParams("the cursor is behind the end of the list")
	}
	return l.pages.texts[n], nil
}

// encode makes all pages; the first one exists always.
func (l *list[E]) encode(s *Server) [][]byte {
	var texts [][]byte
	for rest := l.entries; ; {
		part := rest[:min(len(rest), s.opts.PageSize)]
		rest = rest[len(part):]
		cursor := ""
		if len(rest) > 0 {
			cursor = s.cursors.seal(l.name, l.generation, len(texts)+1)
		}
		texts = append(texts, encodePage(l.name, part, cursor))
		if len(rest) == 0 {
			return texts
		}
	}
}

func encodePage[E entry](name string, entries []E, cursor string) []byte {
	size := len(name) + len(cursor) + 32
	for _, e := range entries {
		size += len(e.definition()) + 1
	}
	text := append(make([]byte, 0, size), '{', '"')
	text = append(append(text, name...), `":[`...)
	for i, e := range entries {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, e.definition()...)
	}
	text = append(text, ']')
	if cursor != "" {
		text = jsonrpc.AppendString(append(text, `,"nextCursor":`...), cursor)
	}
	return append(text, '}')
}
