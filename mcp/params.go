package mcp

import (
	"encoding/json"
	"strings"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// isObject reports whether raw, a value of a scanned text, is an object, or absent where that is allowed.
func isObject(raw []byte, absent bool) bool {
	if raw == nil {
		return absent
	}
	return raw[0] == '{'
}

func isNull(raw []byte) bool { return raw[0] == 'n' }

// decoder collects what is wrong with the members of one object of params. The first complaint counts.
// Members are found by their exact names; others are ignored. null counts as absent for optional members
// other than _meta, since some clients write what they leave out.
type decoder struct{ err *Error }

func (d *decoder) complain(member, want string) {
	if d.err == nil {
		d.err = InvalidParams(member + " is not " + want)
	}
}

// str decodes a string.
func (d *decoder) str(member string, raw []byte) string {
	text, ok := jsonrpc.String(raw)
	if !ok {
		d.complain(member, "a string")
	}
	return text
}

// object checks that raw is an object; null gives nil.
func (d *decoder) object(member string, raw []byte) []byte {
	switch {
	case isNull(raw):
		return nil
	case raw[0] != '{':
		d.complain(member, "an object")
		return nil
	}
	return raw
}

// strings decodes an object whose members are strings; null gives nil.
func (d *decoder) strings(member string, raw []byte) map[string]string {
	raw = d.object(member, raw)
	if raw == nil {
		return nil
	}
	m := map[string]string{}
	for name, value := range jsonrpc.Fields(raw) {
		m[strings.Clone(name)] = d.str(member+"."+brief(name), value)
	}
	return m
}

// require complains unless the member was there.
func (d *decoder) require(member string, there bool) {
	if !there && d.err == nil {
		d.err = InvalidParams(member + " is missing")
	}
}

// meta is the member _meta of params.
type meta struct {
	raw   []byte // the object; nil if absent
	token []byte // progressToken, a string or a number; nil if absent
}

// maxTokenBytes bounds a progress token, which is kept while the call runs.
const maxTokenBytes = 256

func (d *decoder) meta(raw []byte) meta {
	if raw[0] != '{' {
		d.complain("_meta", "an object")
		return meta{}
	}
	m := meta{raw: raw}
	for name, value := range jsonrpc.Fields(raw) {
		if name != "progressToken" {
			continue
		}
		switch c := value[0]; {
		case c != '"' && c != '-' && (c < '0' || c > '9'):
			d.complain("_meta.progressToken", "a string or a number")
		case len(value) > maxTokenBytes:
			d.err = InvalidParams("_meta.progressToken is too long")
		default:
			m.token = value
		}
	}
	return m
}

// onlyMeta checks params that may carry nothing but _meta.
func onlyMeta(params []byte) *Error {
	var d decoder
	for name, raw := range jsonrpc.Fields(params) {
		if name == "_meta" {
			d.meta(raw)
		}
	}
	return d.err
}

// decode is the whole object for a handler; nil if absent.
func (m meta) decode() map[string]any {
	if m.raw == nil {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(m.raw, &object); err != nil {
		return nil // cannot be: the text was scanned
	}
	return object
}
