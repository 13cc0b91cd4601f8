package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
)

// advertisedIP resolves the host that peers dial, to an IPv4 address where it has one.
func (n *Node) advertisedIP(ctx context.Context) (net.IP, error) {
	ips, err := n.advertisedIPs(ctx)
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		if ip.To4() != nil {
			return ip, nil
		}
	}
	return ips[0], nil
}

func (n *Node) advertisedIPs(ctx context.Context) ([]net.IP, error) {
	if ip := net.ParseIP(n.opt.Advertise); ip != nil {
		return []net.IP{ip}, nil
	}
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", n.opt.Advertise)
	if err == nil && len(ips) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: Options.Advertise: %w", err)
	}
	return ips, nil
}

var errAddressChanged = errors.New("cluster: this node has another address now")

// checkAddress restarts the distribution, and all behind it, if this node's own name stands for other
// addresses than the one that peers have been told: a container was moved to another network.
func (n *Node) checkAddress(ctx context.Context) {
	d, addr := n.dist.Load(), n.addr.Load()
	if d == nil || addr == nil {
		return
	}
	host, _ := splitPort(*addr)
	ips, err := n.advertisedIPs(ctx)
	if err == nil && !slices.ContainsFunc(ips, net.ParseIP(host).Equal) {
		n.opt.Logger.Warn("cluster address of this node has changed, starting again", "address", *addr)
		d.crash(errAddressChanged)
	}
}
