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
	return assigned(ips, interfaceAddrs()), nil
}

// assigned keeps those of ips that an interface has: the hosts file of a container that was moved to another
// address names the old one, too. All stay where none is there: the name may be that of a router in front.
func assigned(ips []net.IP, interfaces []net.Addr) []net.IP {
	var own []net.IP
	for _, ip := range ips {
		if slices.ContainsFunc(interfaces, func(a net.Addr) bool { return addrIP(a).Equal(ip) }) {
			own = append(own, ip)
		}
	}
	if len(own) == 0 {
		return ips
	}
	return own
}

func addrIP(a net.Addr) net.IP {
	if n, ok := a.(*net.IPNet); ok {
		return n.IP
	}
	return nil
}

// interfaceAddrs are the addresses of this machine, none where the system does not tell.
func interfaceAddrs() []net.Addr {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	return addrs
}

// isAssigned reports whether an interface has the address host.
func isAssigned(host string) bool {
	ip := net.ParseIP(host)
	return slices.ContainsFunc(interfaceAddrs(), func(a net.Addr) bool { return addrIP(a).Equal(ip) })
}

// addressGone reports whether the address that peers have been told is none of this machine's any more.
func (n *Node) addressGone() bool {
	addr := n.addr.Load()
	if addr == nil || !n.addrHere.Load() {
		return false
	}
	host, _ := splitPort(*addr)
	return !isAssigned(host)
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
