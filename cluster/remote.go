package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Settings of the connections between nodes.
const (
	writerBatch   = 100    // packets in one gRPC message
	writerQueue   = 10_000 // initial slots
	dialTimeout   = 3 * time.Second
	keepaliveTime = 10 * time.Second // gRPC's least; a backstop, the membership is the detector
	keepaliveWait = 3 * time.Second
	maxStreams    = 8 // from one peer; it needs one
)

// receiveMethod is the only method that peers may call.
const receiveMethod = "/remote.Remoting/Receive"

// remoteConfig returns protoactor's settings: mutual TLS, proof of the cookie on each stream, nothing
// served but the one stream, whose messages are checked and taken by the distribution itself.
func (d *distribution) remoteConfig(host string, port int, advertised string) *remote.Config {
	creds := &nodeCredentials{d: d}
	server := []grpc.ServerOption{
		grpc.Creds(creds),
		grpc.ChainStreamInterceptor(d.recoverStream, d.serveStream),
		grpc.ChainUnaryInterceptor(d.refuseUnary),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(16 << 10),
		grpc.MaxRecvMsgSize(maxMessageBytes),
		grpc.MaxSendMsgSize(maxMessageBytes),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepaliveTime, Timeout: keepaliveWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepaliveTime / 2, PermitWithoutStream: true}),
	}
	client := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithPerRPCCredentials(perStream{d.node.prover}),
		grpc.WithChainStreamInterceptor(d.openStream),
		grpc.WithNoProxy(),
		grpc.WithContextDialer(d.dial),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: time.Second, Multiplier: 1.5, MaxDelay: 5 * time.Second}, MinConnectTimeout: dialTimeout,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveWait, PermitWithoutStream: true}),
	}
	config := remote.Configure(host, port,
		remote.WithAdvertisedHost(advertised),
		remote.WithServerOptions(server...),
		remote.WithDialOptions(client...),
		remote.WithCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes), grpc.MaxCallSendMsgSize(maxMessageBytes)),
		remote.WithEndpointWriterBatchSize(writerBatch),
		remote.WithEndpointWriterQueueSize(writerQueue),
	)
	config.MaxRetryCount = 1 // each further attempt of the library would leak a connection
	return config
}

// dial connects to a member from our own address, where the port is bound to a specific one. If a member
// that was connected has closed its port, its process is gone; that is known long before the membership
// has found out.
func (d *distribution) dial(ctx context.Context, addr string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if ip := net.ParseIP(d.host); ip != nil && !ip.IsUnspecified() {
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if errors.Is(err, syscall.ECONNREFUSED) {
		if o, m := d.outletAt(addr), d.node.gossip.Load(); o != nil && m != nil && o.lost.Load() {
			m.presume(o.member)
		}
	}
	return conn, err
}

// peerInfo is what is known of the other end of an authenticated connection.
type peerInfo struct {
	credentials.CommonAuthInfo
	name    string // from its certificate
	binding string // keying material exported from the TLS connection, the same on both ends
	conn    net.Conn
}

// AuthType implements credentials.AuthInfo.
func (peerInfo) AuthType() string { return "tls" }

// nodeCredentials are mutual TLS 1.3 between nodes.
type nodeCredentials struct{ d *distribution }

var _ credentials.TransportCredentials = (*nodeCredentials)(nil)

// ServerHandshake implements credentials.TransportCredentials.
func (c *nodeCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secure, err := c.d.gate.handshake(context.Background(), conn, c.d.node.trust.serverTLS("h2"))
	if err != nil {
		return nil, nil, err
	}
	info, err := describePeer(secure)
	if err == nil && info.name == c.d.node.opt.Name {
		err = errors.New("peer has this node's name")
		c.d.gate.refused(RefusedName, conn, err)
	}
	if err != nil {
		secure.Close()
		return nil, nil, err
	}
	return secure, info, nil
}

// ClientHandshake implements credentials.TransportCredentials. Only members are dialled; the certificate
// must be that of the member at the address.
func (c *nodeCredentials) ClientHandshake(ctx context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	want := c.d.nameAt(conn.RemoteAddr().String())
	if want == "" {
		conn.Close()
		return nil, nil, ErrNotMember
	}
	secure := tls.Client(conn, c.d.node.trust.clientTLS(want, "h2"))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		if _, ok := c.d.gate.logged.allow(time.Now()); ok {
			c.d.log.Info("cluster member not connected, trying again", "peer", want, "err", err)
		}
		return nil, nil, fmt.Errorf("cluster: handshake with %s: %w", want, err)
	}
	info, err := describePeer(secure)
	if err != nil {
		secure.Close()
		return nil, nil, err
	}
	info.name = want
	return secure, info, nil
}

// Info implements credentials.TransportCredentials.
func (*nodeCredentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls", SecurityVersion: "1.3"}
}

// Clone implements credentials.TransportCredentials.
func (c *nodeCredentials) Clone() credentials.TransportCredentials { return &nodeCredentials{c.d} }

// OverrideServerName implements credentials.TransportCredentials. Names come from the view.
func (*nodeCredentials) OverrideServerName(string) error { return nil }

// describePeer returns what the connection says about its other end.
func describePeer(conn *tls.Conn) (peerInfo, error) {
	state := conn.ConnectionState()
	if state.NegotiatedProtocol != "h2" {
		return peerInfo{}, errors.New("cluster: peer does not speak HTTP/2")
	}
	material, err := state.ExportKeyingMaterial("EXPERIMENTAL erlmcp cookie", nil, 32)
	if err != nil {
		return peerInfo{}, fmt.Errorf("cluster: export keying material: %w", err)
	}
	info := peerInfo{name: certName(state.PeerCertificates[0]), binding: string(material), conn: conn}
	info.SecurityLevel = credentials.PrivacyAndIntegrity
	return info, nil
}

// refuseUnary refuses all simple calls: the library's would end the process or tell names.
func (d *distribution) refuseUnary(ctx context.Context, _ any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	d.gate.report(RefusedMessage, peerAddress(ctx), fmt.Errorf("call of %s", info.FullMethod))
	return nil, status.Error(codes.PermissionDenied, "not served")
}

// recoverStream turns a panic while a peer's stream is read into the end of that stream.
func (d *distribution) recoverStream(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = status.Error(codes.Internal, "internal error")
			d.log.Error("cluster stream panicked", "peer", peerAddress(s.Context()), "err", v, "stack", string(debug.Stack()))
		}
	}()
	return next(srv, s)
}

func peerAddress(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// authenticate checks the peer's proof of the cookie and returns who it is.
func (d *distribution) authenticate(ctx context.Context) (name, boot string, info peerInfo, err error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", "", info, errProof
	}
	if info, ok = p.AuthInfo.(peerInfo); !ok {
		return "", "", info, errProof
	}
	md, _ := metadata.FromIncomingContext(ctx)
	boot, err = d.node.prover.check(md, roleClient, info.name, info.binding)
	return info.name, boot, info, err
}
