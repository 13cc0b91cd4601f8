package mcp

import (
	"unique"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// Limits of what a client may say of itself: it is kept as long as the session.
const (
	maxVersionBytes = 64
	maxInfoBytes    = 256
)

// initialize negotiates the revision and takes down who the client is and what it can do.
//
// MCP 2025-11-25, basic/lifecycle, initialization.
func (s *Session) initialize(r request, out []Effect) []Effect {
	if s.state != nil {
		return refuse(r, InvalidRequest("the session is initialized already"), out)
	}
	if s.draining {
		return refuse(r, RetryLater(CodeDraining, "the server is shutting down", retryDrain), out)
	}
	st, err := decodeInitialize(r.params)
	if err != nil {
		return refuse(r, err, out)
	}
	s.state = st
	return reply(r, s.server.initializeResult(st.revision), append(out, Persist{}))
}

// decodeInitialize makes the first state of a session.
func decodeInitialize(params []byte) (*State, *Error) {
	var d decoder
	var version string
	var info clientInfo
	var caps clientCaps
	var hasVersion, hasInfo bool
	for name, raw := range jsonrpc.Fields(params) {
		switch name {
		case "protocolVersion":
			version, hasVersion = d.str(name, raw), true
		case "clientInfo":
			info, hasInfo = d.clientInfo(raw), true
		case "capabilities":
			caps = d.capabilities(raw)
		case "_meta":
			d.meta(raw)
		}
	}
	d.require("protocolVersion", hasVersion)
	d.require("clientInfo", hasInfo)
	if len(version) > maxVersionBytes && d.err == nil {
		d.err = InvalidParams("protocolVersion is too long")
	}
	if d.err != nil {
		return nil, d.err
	}
	return &State{
		revision: negotiate(version),
		level:    defaultLevel,
		client:   unique.Make(info),
		caps:     caps,
	}, nil
}

func (d *decoder) clientInfo(raw []byte) clientInfo {
	var info clientInfo
	var hasName, hasVersion bool
	if raw = d.object("clientInfo", raw); raw == nil {
		d.complain("clientInfo", "an object")
		return info
	}
	for name, value := range jsonrpc.Fields(raw) {
		switch name {
		case "name":
			info.Name, hasName = d.short("clientInfo.name", value), true
		case "version":
			info.Version, hasVersion = d.short("clientInfo.version", value), true
		case "title":
			info.Title = d.short("clientInfo.title", value)
		}
	}
	d.require("clientInfo.name", hasName)
	d.require("clientInfo.version", hasVersion)
	return info
}

// short decodes a string of at most maxInfoBytes.
func (d *decoder) short(member string, raw []byte) string {
	if len(raw) > 6*maxInfoBytes+2 { // as long as every character may be escaped
		d.complain(member, "a string of at most 256 bytes")
		return ""
	}
	text := d.str(member, raw)
	if len(text) > maxInfoBytes {
		d.complain(member, "a string of at most 256 bytes")
	}
	return text
}

// capabilities decodes what the client can do. Unknown capabilities are ignored.
func (d *decoder) capabilities(raw []byte) clientCaps {
	var caps clientCaps
	for name, value := range jsonrpc.Fields(d.object("capabilities", raw)) {
		switch name {
		case "roots":
			caps |= d.capability(name, value, capRoots, capMember{"listChanged", capRootsListChanged})
		case "sampling":
			caps |= d.capability(name, value, capSampling, capMember{"context", capSamplingContext}, capMember{"tools", capSamplingTools})
		case "elicitation":
			modes := d.capability(name, value, 0, capMember{"form", capElicitationForm}, capMember{"url", capElicitationURL})
			if modes == 0 && !isNull(value) {
				modes = capElicitationForm // MCP 2025-11-25, client/elicitation: {} means form
			}
			caps |= modes
		}
	}
	return caps
}

// capMember is a member of a capability.
type capMember struct {
	member string
	caps   clientCaps
}

// capability is base and what the object raw has of members: a member counts if it is true or an object.
func (d *decoder) capability(name string, raw []byte, base clientCaps, members ...capMember) clientCaps {
	raw = d.object("capabilities."+name, raw)
	if raw == nil {
		return 0
	}
	caps := base
	for member, value := range jsonrpc.Fields(raw) {
		for _, f := range members {
			if member == f.member && (value[0] == '{' || value[0] == 't') {
				caps |= f.caps
			}
		}
	}
	return caps
}

// becomeInitialized lets handlers ask the client. Further notifications of the kind are ignored.
func (s *Session) becomeInitialized(_ []byte, out []Effect) []Effect {
	if s.state.initialized {
		return out
	}
	next := *s.state
	next.initialized = true
	s.state = &next
	return s.sendHeld(append(out, Persist{}))
}

// ping answers at once.
func (s *Session) ping(r request, out []Effect) []Effect {
	if err := onlyMeta(r.params); err != nil {
		return refuse(r, err, out)
	}
	return reply(r, emptyResult, out)
}

// setLevel changes what log messages the client gets.
//
// MCP 2025-11-25, server/utilities/logging.
func (s *Session) setLevel(r request, out []Effect) []Effect {
	var d decoder
	var text string
	var there bool
	for name, raw := range jsonrpc.Fields(r.params) {
		switch name {
		case "level":
			text, there = d.str(name, raw), true
		case "_meta":
			d.meta(raw)
		}
	}
	d.require("level", there)
	l, ok := levelOf(text)
	if !ok {
		d.complain("level", "one of the levels of RFC 5424")
	}
	if d.err != nil {
		return refuse(r, d.err, out)
	}
	if l != s.state.level {
		next := *s.state
		next.level = l
		s.state = &next
		out = append(out, Persist{})
	}
	return reply(r, emptyResult, out)
}
