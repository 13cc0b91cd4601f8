package cluster

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
)

func TestAssignedPrefersAddressesOfThisMachine(t *testing.T) {
	ip := func(texts ...string) []net.IP {
		var out []net.IP
		for _, s := range texts {
			out = append(out, net.ParseIP(s))
		}
		return out
	}
	interfaces := []net.Addr{
		&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
		&net.IPNet{IP: net.IPv4(172, 26, 0, 2), Mask: net.CIDRMask(16, 32)},
		&net.UnixAddr{Name: "no address of a network"},
	}
	for _, c := range []struct {
		name     string
		in, want []net.IP
	}{
		{"moved: the hosts file names the old address, too", ip("172.26.0.11", "172.26.0.2"), ip("172.26.0.2")},
		{"cut off: only the old one", ip("172.26.0.11"), ip("172.26.0.11")},
		{"behind a router", ip("203.0.113.1", "203.0.113.2"), ip("203.0.113.1", "203.0.113.2")},
		{"at home", ip("172.26.0.2"), ip("172.26.0.2")},
		{"none", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := assigned(c.in, interfaces); !slices.EqualFunc(got, c.want, net.IP.Equal) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAddressIsGoneOnceNoInterfaceHasIt(t *testing.T) {
	n := &Node{}
	if n.addressGone() {
		t.Error("gone before it was told")
	}
	stale, here := "127.9.9.9:9001", "127.0.0.1:9001"
	n.addr.Store(&stale)
	if n.addressGone() {
		t.Error("gone although no interface ever had it")
	}
	n.addrHere.Store(true)
	if !n.addressGone() {
		t.Error("not gone although no interface has it")
	}
	n.addr.Store(&here)
	if n.addressGone() {
		t.Error("gone although loopback has it")
	}
}

func TestEachErrorOfASeedIsLoggedOnce(t *testing.T) {
	var j joins
	unknown, refused := errors.New("no such host"), errors.New("refused")
	steps := []struct {
		err  error
		want bool
	}{{unknown, true}, {refused, true}, {unknown, false}, {refused, false}, {nil, false}, {unknown, true}}
	for i, s := range steps {
		if got := j.fails("node1", s.err); got != s.want {
			t.Errorf("step %d, %v: got %v, want %v", i, s.err, got, s.want)
		}
	}
	for i := range 100 {
		j.fails("node2", fmt.Errorf("port %d", i))
	}
	if got := len(j.warned["node2"]); got > maxWarned {
		t.Errorf("%d errors remembered, want at most %d", got, maxWarned)
	}
}
