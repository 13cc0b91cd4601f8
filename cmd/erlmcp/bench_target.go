//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
)

const defaultTarget = "http://127.0.0.1:8080/mcp"

// parseTargets reads [NAME=]URL of targets, and where their nodes tell about themselves.
func parseTargets(args, metrics []string) ([]load.Target, []crew.Node, error) {
	if len(args) == 0 {
		args = []string{defaultTarget}
	}
	var targets []load.Target
	var nodes []crew.Node
	for _, arg := range args {
		name, u, err := parseNamed(arg)
		if err != nil {
			return nil, nil, err
		}
		addr, err := resolve(u.Host)
		if err != nil {
			return nil, nil, fmt.Errorf("target %q: %w", arg, err)
		}
		t := load.Target{Name: name, Addr: addr, Host: u.Host, Path: u.Path}
		if t.Path == "" || t.Path == "/" {
			t.Path = "/mcp"
		}
		targets = append(targets, t)
		if len(metrics) == 0 {
			nodes = append(nodes, nodeAt(name, u, "/metrics"))
		}
	}
	for _, m := range metrics {
		if m == "off" {
			return targets, nil, nil
		}
		name, u, err := parseNamed(m)
		if err != nil {
			return nil, nil, err
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = "/metrics"
		}
		nodes = append(nodes, nodeAt(name, u, u.Path))
	}
	return targets, nodes, nil
}

func nodeAt(name string, u *url.URL, path string) crew.Node {
	return crew.Node{Name: name, Metrics: "http://" + u.Host + path, Ready: "http://" + u.Host + "/readyz"}
}

// parseNamed reads [NAME=]URL; the name is host:port by default.
func parseNamed(arg string) (string, *url.URL, error) {
	name, rest, named := strings.Cut(arg, "=")
	if !named || strings.Contains(name, "/") {
		name, rest = "", arg
	}
	u, err := url.Parse(rest)
	switch {
	case err != nil || u.Host == "":
		return "", nil, fmt.Errorf("target %q is not a URL such as %s", arg, defaultTarget)
	case u.Scheme == "https" || u.Scheme == "wss":
		return "", nil, fmt.Errorf("target %q: TLS is not supported by bench", arg)
	case u.Scheme != "http" && u.Scheme != "ws":
		return "", nil, fmt.Errorf("target %q: the scheme is %q, want http or ws", arg, u.Scheme)
	}
	if u.Port() == "" {
		u.Host += ":80"
	}
	if name == "" {
		name = u.Host
	}
	return name, u, nil
}

// resolve finds the IPv4 address of host:port.
func resolve(hostport string) (netip.AddrPort, error) {
	addr, err := net.ResolveTCPAddr("tcp4", hostport)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ap := addr.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// parseBind reads addresses and ranges A-B of the last byte's values.
func parseBind(texts []string) ([]netip.Addr, error) {
	const most = 1024
	var out []netip.Addr
	for _, text := range texts {
		first, last, ranged := strings.Cut(text, "-")
		from, err := netip.ParseAddr(first)
		to := from
		if err == nil && ranged {
			to, err = netip.ParseAddr(last)
		}
		if err != nil || !from.Is4() || !to.Is4() || to.Less(from) {
			return nil, fmt.Errorf("--bind %q is not an IPv4 address or a range such as 127.0.0.2-127.0.0.9", text)
		}
		for a := from; !to.Less(a); a = a.Next() {
			if out = append(out, a); len(out) > most {
				return nil, fmt.Errorf("--bind has more than %d addresses", most)
			}
		}
	}
	return out, nil
}
