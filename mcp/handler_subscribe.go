package mcp

import "github.com/erlmcp/erlmcp/internal/jsonrpc"

// maxURIBytes bounds the URI of a resource. Matching one with a template takes about 1 us a byte.
const maxURIBytes = 2048

// maxWatchedBytes bounds the URIs of all subscriptions of a session together: they are part of its state.
const maxWatchedBytes = 256 << 10

// subscribe adds a resource to those whose changes the client hears of.
//
// MCP 2025-11-25, server/resources, subscriptions.
func (s *Session) subscribe(r request, out []Effect) []Effect {
	uri, _, err := decodeURI(r.params)
	switch {
	case err != nil:
		return refuse(r, err, out)
	case s.state.Subscribed(uri):
		return reply(r, emptyResult, out)
	case s.server.catalog().readResource(uri) == nil:
		return refuse(r, s.translate(ResourceNotFound(uri)), out)
	case len(s.state.subscriptions) >= int(s.watched) || s.state.bytes+len(uri) > maxWatchedBytes:
		out = append(out, LimitHit{LimitSubscriptions})
		return refuse(r, RetryLater(CodeQuota, "the session watches as many resources as it may", retryQuota), out)
	}
	s.state = s.state.withSubscription(uri)
	return reply(r, emptyResult, append(out, Persist{}))
}

// unsubscribe takes a resource from those again. One that is not among them is no error.
func (s *Session) unsubscribe(r request, out []Effect) []Effect {
	uri, _, err := decodeURI(r.params)
	if err != nil {
		return refuse(r, err, out)
	}
	if s.state.Subscribed(uri) {
		s.state = s.state.withoutSubscription(uri)
		out = append(out, Persist{})
	}
	return reply(r, emptyResult, out)
}

// decodeURI decodes params whose only member of their own is uri.
func decodeURI(params []byte) (string, meta, *Error) {
	var d decoder
	var m meta
	var uri string
	var there bool
	for name, raw := range jsonrpc.Fields(params) {
		switch name {
		case "uri":
			uri, there = d.str(name, raw), true
		case "_meta":
			m = d.meta(raw)
		}
	}
	d.require("uri", there)
	if len(uri) > maxURIBytes {
		d.complain("uri", "a string of at most 2048 bytes")
	}
	return uri, m, d.err
}
