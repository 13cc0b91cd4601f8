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
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return g
	}
	g.local = true
	own := []string{"localhost", "127.0.0.1", "::1", at.Addr().Unmap().String()}
	_, port, _ := net.SplitHostPort(addr.String())
	for _, name := range own {
		hostport := net.JoinHostPort(name, port)
		g.hosts = append(g.hosts, hostport)
		g.origins = append(g.origins, "http://"+hostport)
		if port == "80" {
			host := strings.TrimSuffix(hostport, ":80")
			g.hosts = append(g.hosts, host)
			g.origins = append(g.origins, "http://"+host)
		}
	}
	return g
}

// allowsHost reports whether the Host header is one of ours.
func (g *guard) allowsHost(host string) bool {
	if len(g.hosts) == 0 || slices.Contains(g.hosts, host) {
		return true
	}
	return slices.ContainsFunc(g.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// allowsOrigin reports whether the Origin header is absent or one of ours.
func (g *guard) allowsOrigin(h http.Header) bool {
	values, present := h["Origin"]
	if !present {
		return true
	}
	return len(values) == 1 && values[0] != "null" && slices.Contains(g.origins, values[0])
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
