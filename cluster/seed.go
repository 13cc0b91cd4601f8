package cluster

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// seed is where members may be found.
type seed struct {
	text string
	name string // of the node, where the seed gives it
	host string
	port int
	all  bool // each address of host is a node, as for a scaled service
}

// parseSeed reads name@host[:port], host[:port] or dns:NAME[:port].
func parseSeed(text string, port int) (seed, error) {
	s := seed{text: text, port: port}
	rest, isDNS := strings.CutPrefix(text, "dns:")
	s.all = isDNS
	if before, after, ok := strings.Cut(rest, "@"); ok {
		if isDNS {
			return s, fmt.Errorf("cluster: seed %q: a name@ and dns: together", text)
		}
		rest = after
		s.name = before + "@"
	}
	s.host = rest
	if h, p, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return s, fmt.Errorf("cluster: seed %q: port %q is not 1-65535", text, p)
		}
		s.host, s.port = h, int(n)
	}
	s.host = strings.Trim(s.host, "[]")
	if s.host == "" || strings.ContainsAny(s.host, " /") {
		return s, fmt.Errorf("cluster: seed %q has no host", text)
	}
	if s.name != "" {
		s.name += s.host
		if _, err := nodeHost(s.name); err != nil {
			return s, fmt.Errorf("cluster: seed %q: %w", text, err)
		}
	}
	return s, nil
}

// seedName returns the node name in a seed, "" if it gives none.
func seedName(text string) string {
	s, err := parseSeed(text, DefaultGossipPort)
	if err != nil {
		return ""
	}
	return s.name
}

// resolve returns the addresses to try, ip:port.
func (s seed) resolve(ctx context.Context) ([]string, error) {
	if net.ParseIP(s.host) != nil {
		return []string{net.JoinHostPort(s.host, strconv.Itoa(s.port))}, nil
	}
	ips, err := net.DefaultResolver.LookupHost(ctx, s.host)
	if err != nil {
		return nil, err
	}
	addrs := make([]string, 0, len(ips))
	for _, ip := range ips {
		addrs = append(addrs, net.JoinHostPort(ip, strconv.Itoa(s.port)))
	}
	return addrs, nil
}
