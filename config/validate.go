package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// SampleCookie is the cookie of the deployment guide. Everybody knows it.
const SampleCookie = "erlmcp_cluster_secret"

// Least lengths of secrets, in characters.
const (
	minCookie = 32
	minToken  = 32
)

// validator finds what no single key can tell.
type validator struct {
	c    *Config
	errs Errors
	now  time.Time
}

func (v *validator) all() {
	v.checkNode()
	v.checkHTTP()
	v.checkAddresses()
	v.checkCookie()
	v.checkSeeds()
	v.checkTLS()
	v.checkUpstreams()
}

// fault notes a problem of a key, with the place its value came from. A layout that starts with the key
// itself (upstreams[0].name) replaces it.
func (v *validator) fault(key, layout string, args ...any) {
	where := ""
	if o := v.c.origins[key]; o.Source != FromDefault {
		where = o.Where
	}
	text := fmt.Sprintf(layout, args...)
	if strings.HasPrefix(text, key) {
		key = ""
	}
	v.errs.add(where, key, "%s", text)
}

var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]+@[A-Za-z0-9_.:-]+$`)

const maxNodeName = 255

func (v *validator) checkNode() {
	if name := v.c.Node.Name; !nodeName.MatchString(name) || len(name) > maxNodeName {
		v.fault("node.name", "%q is not a node name: name@host of letters, digits, _ and -, at most %d in all", clip(name), maxNodeName)
	}
}

func (v *validator) checkHTTP() {
	h := &v.c.HTTP
	if h.Listen != "" && h.Listen != "localhost" && net.ParseIP(h.Listen) == nil {
		v.fault("http.listen", "%q is not an IP address or localhost", clip(h.Listen))
	} else if !loopback(h.Listen) && !h.AllowUnauthenticated {
		v.fault("http.listen", "%s is not loopback and clients are not authenticated: everybody who reaches it can use every tool; set http.allow_unauthenticated (--http-allow-unauthenticated) to serve it all the same", listenName(h.Listen))
	} else if !loopback(h.Listen) {
		v.warn("http.listen: %s is not loopback and clients are not authenticated: everybody who reaches it can use every tool", listenName(h.Listen))
	}
	if !strings.HasPrefix(h.Path, "/") || h.Path == "/" || strings.ContainsAny(h.Path, "?#%{} ") || strings.HasSuffix(h.Path, "/") {
		v.fault("http.path", "%q is not a path such as /mcp", clip(h.Path))
	}
	switch h.Path {
	case "/metrics", "/livez", "/readyz", "/healthz":
		v.fault("http.path", "%s is taken by the operator's endpoint", h.Path)
	}
	for _, o := range h.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != o || strings.Contains(o, "*") {
			v.fault("http.allowed_origins", "%q is not an origin such as https://app.example; patterns are not supported", clip(o))
		}
	}
	for _, host := range h.AllowedHosts {
		if u, err := url.Parse("//" + host); err != nil || u.Host != host || host == "" || strings.Contains(host, "*") {
			v.fault("http.allowed_hosts", "%q is not a host such as mcp.example or mcp.example:8080; patterns are not supported", clip(host))
		}
	}
}

func listenName(listen string) string {
	if listen == "" {
		return "the empty address (every interface)"
	}
	return listen
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkAddresses checks the further listeners: admin.listen tells of the node without authentication.
func (v *validator) checkAddresses() {
	for _, key := range []string{"admin.listen", "metrics.listen"} {
		addr := v.c.Value(key)
		if addr == "" {
			continue
		}
		host, port, err := net.SplitHostPort(addr)
		if err != nil || !isPort(port) {
			v.fault(key, "%q is not an address such as 127.0.0.1:9100, with a port from 1 to 65535", clip(addr))
			continue
		}
		if key == "admin.listen" && !loopback(host) {
			v.fault(key, "%s is not loopback, and an operator's endpoint is never served to a network", clip(addr))
		}
		if host != "" && host != "localhost" && net.ParseIP(host) == nil {
			v.fault(key, "%q is not an IP address or localhost", clip(host))
		}
	}
	v.checkCollisions()
	v.checkToken()
	if v.c.Admin.Socket != "" && !strings.HasPrefix(v.c.Admin.Socket, "/") {
		v.fault("admin.socket", "%q is not an absolute path", clip(v.c.Admin.Socket))
	}
}

// checkCollisions finds two listeners on one address.
func (v *validator) checkCollisions() {
	taken := map[string]string{net.JoinHostPort(v.c.HTTP.Listen, v.c.Value("http.port")): "http.listen"}
	for _, key := range []string{"metrics.listen", "admin.listen"} {
		addr := v.c.Value(key)
		if other := taken[addr]; other != "" && addr != "" {
			v.fault(key, "%s is the address of %s already", clip(addr), other)
		}
		taken[addr] = key
	}
}

// checkToken checks the credential of admin.listen.
func (v *validator) checkToken() {
	n := len(v.c.Admin.Token)
	switch {
	case n == 0:
	case n < minToken:
		v.fault("admin.token", "has %d characters, at least %d are needed; make one, for example with: openssl rand -hex 32", n, minToken)
	case v.c.Admin.Listen == "":
		v.warn("admin.token has no effect without admin.listen")
	}
	for _, c := range v.c.Admin.Token {
		if c <= ' ' || c > '~' {
			v.fault("admin.token", "has other characters than visible ASCII, which no header can carry")
			break
		}
	}
}

func isPort(s string) bool {
	_, err := table().byPath["http.port"].parse(s)
	return err == nil
}

func (v *validator) checkCookie() {
	switch n := len(v.c.Cluster.Cookie); {
	case n == 0:
	case v.c.Cluster.Cookie == SampleCookie:
		v.warn("cluster.cookie is the sample of the documentation: everybody knows it; make your own, for example with: openssl rand -hex 32")
	case n < minCookie:
		v.fault("cluster.cookie", "has %d characters, at least %d are needed; make one, for example with: openssl rand -hex 32", n, minCookie)
	}
}

var dnsSeed = regexp.MustCompile(`^dns:[A-Za-z0-9_.-]+(?::(\d{1,5}))?$`)

// checkSeeds takes name@host, name@host:port and dns:name. Three dots in place of a host, as the guide
// writes them, are no host.
func (v *validator) checkSeeds() {
	for _, s := range v.c.Cluster.Seeds {
		if m := dnsSeed.FindStringSubmatch(s); m != nil && (m[1] == "" || isPort(m[1])) {
			continue
		}
		name, host, ok := strings.Cut(s, "@")
		if h, port, err := net.SplitHostPort(host); err == nil && isPort(port) {
			host = h
		}
		if !ok || !nodeName.MatchString(name+"@"+host) || strings.Contains(host, "..") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
			v.fault("cluster.seeds", "%q is not a node such as node2@node2.example, node2@10.0.0.2:9001 or dns:worker", clip(s))
		}
	}
}

func (v *validator) warn(layout string, args ...any) {
	v.c.warnings = append(v.c.warnings, fmt.Sprintf(layout, args...))
}
