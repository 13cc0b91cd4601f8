package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// Default ports. The gossip port is that of Erlang's port mapper, whose place the membership takes.
const (
	DefaultGossipPort = 4369
	DefaultDistPort   = 9001
)

// Options of a Node. Name and Cookie are mandatory.
type Options struct {
	// Name is the node's name, name@host, at most 128 bytes of visible ASCII. It is unique in the cluster.
	Name string
	// Cookie is the secret that all nodes share, at least 1 byte. Below 32 bytes there is a warning.
	Cookie []byte
	// Gossip is the address that the membership binds, ip:port, over UDP and TCP. An empty host or 0.0.0.0
	// is all interfaces. Default: the host of Name if it is an IP address or localhost, else all
	// interfaces; port 4369.
	Gossip string
	// Dist is the address that the distribution binds, ip:port over TCP. Default: the host of Gossip,
	// port 9001.
	Dist string
	// Advertise is the host that peers dial, a name or an address; it is resolved at each start. Default:
	// the bind address if it is a specific one, else the host of Name.
	Advertise string
	// Seeds are nodes to join: name@host[:port], host[:port], or dns:NAME[:port] for all addresses of a
	// name. The default port is that of Gossip. The node itself may be among them. Names are resolved at
	// each attempt.
	Seeds []string
	// TLS names own certificates. Default: certificates derived from Cookie.
	TLS TLS
	// Expected is the number of members in the whole cluster, for the majority of singletons and for
	// joining again. Default: the number of named seeds, self included.
	Expected int
	// PauseMinority makes Paused report true while this node does not see a majority of Expected.
	PauseMinority bool
	// Version is shown to peers, at most 64 bytes. Default "0".
	Version string
	// Logger gets joins, departures, refused peers. nil discards.
	Logger *slog.Logger
	// Events gets each event; it must be quick and must not block. nil: none.
	Events func(Event)
}

// TLS names PEM files of own certificates. All three or none. The certificate's common name or one of its
// DNS or e-mail names is the node's name; it is used as server and as client certificate.
type TLS struct{ Cert, Key, CA string }

func (t TLS) isZero() bool { return t == TLS{} }

// Limits that are not options.
const (
	handshakeTimeout   = 5 * time.Second
	maxUnauthenticated = 64       // peers in a handshake, per port
	maxMessageBytes    = 16 << 20 // one gRPC message
	maxPacketBytes     = 1<<20 + 64<<10
	maxQueuedBytes     = 16 << 20 // to one peer, not yet handed to its connection
	maxNameBytes       = 128
	maxVersionBytes    = 64
)

// withDefaults checks o and fills what is empty. Errors name the field.
func (o Options) withDefaults() (Options, error) {
	host, err := nodeHost(o.Name)
	if err != nil {
		return o, err
	}
	if len(o.Cookie) == 0 {
		return o, errors.New("cluster: Options.Cookie is empty")
	}
	if o.Gossip, err = bindAddress("Gossip", o.Gossip, defaultBind(host), DefaultGossipPort); err != nil {
		return o, err
	}
	gossipHost, _, _ := net.SplitHostPort(o.Gossip)
	if o.Dist, err = bindAddress("Dist", o.Dist, gossipHost, DefaultDistPort); err != nil {
		return o, err
	}
	if o.Advertise == "" {
		o.Advertise = gossipHost
		if ip := net.ParseIP(gossipHost); ip == nil || ip.IsUnspecified() {
			o.Advertise = host
		}
	}
	if ip := net.ParseIP(o.Advertise); ip != nil && ip.IsUnspecified() {
		return o, fmt.Errorf("cluster: Options.Advertise is %s, which peers cannot dial", ip)
	}
	if t := o.TLS; !t.isZero() && (t.Cert == "" || t.Key == "" || t.CA == "") {
		return o, errors.New("cluster: Options.TLS needs Cert, Key and CA, or none of them")
	}
	if o.Version == "" {
		o.Version = "0"
	}
	if len(o.Version) > maxVersionBytes {
		return o, fmt.Errorf("cluster: Options.Version is longer than %d bytes", maxVersionBytes)
	}
	if o.Expected < 0 {
		return o, fmt.Errorf("cluster: Options.Expected is %d", o.Expected)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	return o, nil
}

// nodeHost returns the host part of a node name.
func nodeHost(name string) (string, error) {
	node, host, ok := strings.Cut(name, "@")
	switch {
	case !ok || node == "" || host == "":
		return "", fmt.Errorf("cluster: node name %q is not name@host", name)
	case len(name) > maxNameBytes:
		return "", fmt.Errorf("cluster: node name of %d bytes, at most %d", len(name), maxNameBytes)
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' {
			return "", fmt.Errorf("cluster: node name %q has other characters than visible ASCII", name)
		}
	}
	return host, nil
}

// defaultBind returns the address to bind for a node on this host.
func defaultBind(host string) string {
	if host == "localhost" {
		return "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip != nil {
		return host
	}
	return "0.0.0.0"
}

// bindAddress completes an address to bind: host and port default, the host is an IP address.
func bindAddress(field, addr, host string, port int) (string, error) {
	if addr == "" {
		return net.JoinHostPort(host, strconv.Itoa(port)), nil
	}
	h, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("cluster: Options.%s: %v", field, err)
	}
	if h == "" {
		h = host
	}
	if h == "localhost" {
		h = "127.0.0.1"
	}
	if net.ParseIP(h) == nil {
		return "", fmt.Errorf("cluster: Options.%s: %q is not an IP address to bind", field, h)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("cluster: Options.%s: port %q is not 1-65535", field, p)
	}
	return net.JoinHostPort(h, p), nil
}
