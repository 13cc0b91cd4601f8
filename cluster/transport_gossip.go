package cluster

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

// Protocols on the membership's TCP port, chosen by ALPN.
const (
	alpnGossip = "erlmcp-gossip/1"
	alpnHello  = "erlmcp-hello/1" // the server says who it is and closes
)

// maxPacket is the largest UDP packet that is read.
const maxUDP = 64 << 10

// gossipTransport carries the membership: its packets over UDP, sealed by memberlist with AES-GCM, its
// streams over mutual TLS. Unlike memberlist's own transport it binds one address and hands over no
// stream before the peer has authenticated.
type gossipTransport struct {
	trust *trust
	gate  *gate
	name  string
	hello []byte // this node's NodeMeta

	udp       *net.UDPConn
	tcp       *net.TCPListener
	advertise net.IP

	packets chan *memberlist.Packet
	streams chan net.Conn
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ memberlist.Transport = (*gossipTransport)(nil)

// listenGossip binds addr over TCP and UDP and starts to accept. Shutdown ends it.
func listenGossip(addr string, advertise net.IP, t *trust, g *gate, hello []byte) (*gossipTransport, error) {
	tcpAddr, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cluster: membership port: %w", err)
	}
	tcp, err := net.ListenTCP("tcp", tcpAddr)
	if err != nil {
		return nil, fmt.Errorf("cluster: membership port: %w", err)
	}
	bound := tcp.Addr().(*net.TCPAddr)
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: bound.IP, Port: bound.Port})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cluster: membership port: %w", err), tcp.Close())
	}
	_ = udp.SetReadBuffer(1 << 20) // best effort: the system's limit may be lower
	gt := &gossipTransport{
		trust: t, gate: g, name: t.name, hello: hello, udp: udp, tcp: tcp, advertise: advertise,
		packets: make(chan *memberlist.Packet), streams: make(chan net.Conn),
	}
	gt.ctx, gt.stop = context.WithCancel(context.Background())
	gt.running.Go(gt.readPackets)
	gt.running.Go(gt.accept)
	return gt, nil
}

func (t *gossipTransport) port() int { return t.tcp.Addr().(*net.TCPAddr).Port }

// FinalAdvertiseAddr implements memberlist.Transport.
func (t *gossipTransport) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return t.advertise, t.port(), nil
}

// WriteTo implements memberlist.Transport.
func (t *gossipTransport) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return time.Time{}, err
	}
	_, err = t.udp.WriteTo(b, to)
	return time.Now(), err
}

// PacketCh implements memberlist.Transport.
func (t *gossipTransport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh implements memberlist.Transport.
func (t *gossipTransport) StreamCh() <-chan net.Conn { return t.streams }

// DialTimeout implements memberlist.Transport.
func (t *gossipTransport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	return t.dial(ctx, addr, alpnGossip)
}

func (t *gossipTransport) dial(ctx context.Context, addr, protocol string) (*tls.Conn, error) {
	// the source is our own address, so that a node that may only be reached there is also seen there
	d := net.Dialer{LocalAddr: t.source()}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, t.trust.clientTLS("", protocol))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// source returns the local address for dialled connections, nil if the port is bound on all interfaces.
func (t *gossipTransport) source() net.Addr {
	ip := t.tcp.Addr().(*net.TCPAddr).IP
	if ip.IsUnspecified() {
		return nil
	}
	return &net.TCPAddr{IP: ip}
}

// Shutdown implements memberlist.Transport: it returns when both ports are free.
func (t *gossipTransport) Shutdown() error {
	t.stop()
	err := errors.Join(t.tcp.Close(), t.udp.Close())
	t.running.Wait()
	return err
}

func (t *gossipTransport) readPackets() {
	buf := make([]byte, maxUDP)
	for {
		n, from, err := t.udp.ReadFrom(buf)
		switch {
		case t.ctx.Err() != nil:
			return
		case err != nil || n == 0:
			continue // an ICMP error of an earlier packet
		}
		p := &memberlist.Packet{Buf: append([]byte(nil), buf[:n]...), From: from, Timestamp: time.Now()}
		select {
		case t.packets <- p:
		case <-t.ctx.Done():
			return
		}
	}
}

func (t *gossipTransport) accept() {
	for {
		conn, err := t.tcp.Accept()
		if t.ctx.Err() != nil {
			if conn != nil {
				conn.Close()
			}
			return
		}
		if err != nil { // out of descriptors
			select {
			case <-time.After(50 * time.Millisecond):
			case <-t.ctx.Done():
			}
			continue
		}
		t.running.Go(func() { t.serve(conn) })
	}
}

// serve authenticates a peer and hands its stream over.
func (t *gossipTransport) serve(conn net.Conn) {
	secure, err := t.gate.handshake(t.ctx, conn, t.trust.serverTLS(alpnGossip, alpnHello))
	if err != nil {
		return
	}
	state := secure.ConnectionState()
	if state.NegotiatedProtocol == alpnHello {
		_ = secure.SetDeadline(time.Now().Add(handshakeTimeout))
		_, _ = secure.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(t.hello))), t.hello...))
		secure.Close()
		return
	}
	if name := certName(state.PeerCertificates[0]); state.NegotiatedProtocol != alpnGossip || name == t.name {
		t.gate.refused(RefusedName, conn, fmt.Errorf("peer %s with protocol %q", name, state.NegotiatedProtocol))
		secure.Close()
		return
	}
	select {
	case t.streams <- secure:
	case <-t.ctx.Done():
		secure.Close()
	}
}

// hail asks the node at addr who it is.
func (t *gossipTransport) hail(ctx context.Context, addr string) (name string, meta *wirepb.NodeMeta, err error) {
	conn, err := t.dial(ctx, addr, alpnHello)
	if err != nil {
		return "", nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return "", nil, fmt.Errorf("cluster: greeting of %s: %w", addr, err)
	}
	n := binary.BigEndian.Uint16(size[:])
	if n > memberlist.MetaMaxSize {
		return "", nil, fmt.Errorf("cluster: greeting of %s has %d bytes", addr, n)
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(conn, raw); err != nil {
		return "", nil, fmt.Errorf("cluster: greeting of %s: %w", addr, err)
	}
	meta, err = parseMeta(raw)
	return certName(conn.ConnectionState().PeerCertificates[0]), meta, err
}

// protocolVersion is the distribution's; nodes with another one are not taken as members.
const protocolVersion = 1

const maxBootBytes = 64

// parseMeta reads and checks what a node says about itself.
func parseMeta(raw []byte) (*wirepb.NodeMeta, error) {
	m := new(wirepb.NodeMeta)
	if err := proto.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("cluster: node data: %w", err)
	}
	if m.Protocol != protocolVersion {
		return nil, fmt.Errorf("cluster: node with protocol %d, ours is %d", m.Protocol, protocolVersion)
	}
	if m.Boot == "" || len(m.Boot) > maxBootBytes || len(m.Version) > maxVersionBytes {
		return nil, errors.New("cluster: node data without a boot id, or too long")
	}
	host, port, err := net.SplitHostPort(m.Address)
	if err != nil {
		return nil, fmt.Errorf("cluster: node data: %w", err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("cluster: node data: port %q", port)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsMulticast() {
		return nil, fmt.Errorf("cluster: node data: address %q", host)
	}
	return m, nil
}
