package streamable

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard decides by Origin and Host who may speak to the listener, for requests and upgrades alike. It
// keeps web pages of others out of a local server (DNS rebinding, cross-site requests). Immutable.
//
// Bound to a loopback address it also serves every name of loopback with any port: the client may come
// through a forwarded port, and the page of a local tool has a port of its own. Neither can be had by a
// page from elsewhere: its origin names where it came from, and a name that is rebound to loopback is in the
// Host header (MCP 2025-11-25, basic/transports, security warning).
type guard struct {
	origins []string // exact
	hosts   []string // lower case
	local   bool     // bound to a loopback address: a host that is not listed is refused everywhere
}

func newGuard(addr net.Addr, origins, hosts []string) guard {
	g := guard{origins: slices.Clone(origins)}
	for _, h := range hosts {
		g.hosts = append(g.hosts, strings.ToLower(h))
	}
	at, err := netip.ParseAddrPort(addr.String())
	g.local = err == nil && at.Addr().Unmap().IsLoopback()
	return g
}

// allowsHost reports whether the Host header is one of ours.
func (g *guard) allowsHost(host string) bool {
	if g.local && loopback(host) {
		return true
	}
	if len(g.hosts) == 0 {
		return !g.local
	}
	return slices.ContainsFunc(g.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// loopback reports whether host, host[:port], names this machine.
func loopback(host string) bool {
	name, port := host, ""
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:at], host[at+1:]
		if port == "" {
			return false
		}
	}
	if strings.ContainsFunc(port, func(c rune) bool { return c < '0' || c > '9' }) || len(port) > 5 {
		return false
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	inner, six := strings.CutPrefix(name, "[")
	if six {
		if inner, six = strings.CutSuffix(inner, "]"); !six {
			return false
		}
	}
	ip, err := netip.ParseAddr(inner)
	return err == nil && ip.Is6() == six && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

// allowsOrigin reports whether the Origin header is absent or one of ours.
func (g *guard) allowsOrigin(h http.Header) bool {
	values, present := h["Origin"]
	if !present {
		return true
	}
	return len(values) == 1 && values[0] != "null" && (slices.Contains(g.origins, values[0]) || g.local && localOrigin(values[0]))
}

// localOrigin reports whether a page of this machine sends origin.
func localOrigin(origin string) bool {
	scheme, host, _ := strings.Cut(origin, "://")
	return (scheme == "http" || scheme == "https") && loopback(host)
}

// allowCrossOrigin answers for an allowed origin with CORS headers. It must be called for each request
// that passed allowsOrigin, since caches must tell the answers apart.
func allowCrossOrigin(out, in http.Header) {
	origin, present := in["Origin"]
	if !present {
		return
	}
	out["Access-Control-Allow-Origin"] = origin
	out["Access-Control-Expose-Headers"] = exposed
	out["Vary"] = varyOrigin
}

// preflight answers OPTIONS (Fetch standard, CORS-preflight request).
func preflight(out, in http.Header) {
	out["Allow"] = allow
	if in.Get("Origin") == "" || in.Get("Access-Control-Request-Method") == "" {
		return
	}
	out["Access-Control-Allow-Methods"] = []string{"GET, POST, DELETE"}
	out["Access-Control-Allow-Headers"] = []string{
		"Content-Type, Accept, Authorization, Mcp-Session-Id, Mcp-Protocol-Version, Last-Event-ID",
	}
	out["Access-Control-Max-Age"] = []string{"600"}
}

// Header values that answers share; net/http does not change them.
var (
	allow       = []string{"GET, POST, DELETE, OPTIONS"}
	exposed     = []string{"Mcp-Session-Id"}
	varyOrigin  = []string{"Origin"}
	jsonType    = []string{"application/json"}
	eventType   = []string{"text/event-stream"}
	noTransform = []string{"no-cache, no-transform"}
	no          = []string{"no"}
	closeConn   = []string{"close"}
)
