package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// insider is a peer that has the cookie and misbehaves.
type insider struct {
	trust  *trust
	prover *prover
}

func newInsider(t *testing.T, name string, cookie string) *insider {
	t.Helper()
	s, err := deriveSecrets([]byte(cookie))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTrust(name, TLS{}, s)
	if err != nil {
		t.Fatal(err)
	}
	return &insider{tr, newProver(s.stream, name, "insiderboot")}
}

// insiderTLS are the credentials of an insider, who checks nothing.
type insiderTLS struct{ *insider }

func (c insiderTLS) ClientHandshake(ctx context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secure := tls.Client(conn, c.trust.clientTLS("", "h2"))
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	info, err := describePeer(secure)
	return secure, info, err
}
func (insiderTLS) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("client only")
}
func (insiderTLS) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}
func (c insiderTLS) Clone() credentials.TransportCredentials { return c }
func (insiderTLS) OverrideServerName(string) error           { return nil }

// connect opens a gRPC connection to a distribution port.
func (i *insider) connect(t *testing.T, addr string, o ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+addr, append(o, grpc.WithTransportCredentials(insiderTLS{i}), grpc.WithNoProxy())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

var garbage = []struct {
	name string
	data []byte
}{
	{"http", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
	{"length", bytes.Repeat([]byte{0xff}, 4)},
	{"epmd names", []byte{0, 1, 'n'}},
	{"epmd kill", []byte{0, 1, 'k'}},
	{"erlang", []byte("\x00\x1an\x00\x05\x00\x00\x00\x00\x00evil@127.0.0.1\x00")},
	{"http2", []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
}

func TestGarbageCostsTheConnection(t *testing.T) {
	c := newTestNet(t, 2)
	nodes := c.startAll()
	meshed(t, nodes...)
	random := make([]byte, 4096)
	_, _ = rand.Read(random)
	cases := append(garbage, struct {
		name string
		data []byte
	}{"random", random})
	var running sync.WaitGroup
	for _, addr := range []string{nodes[0].opt.Gossip, nodes[0].opt.Dist} {
		for _, g := range cases {
			running.Go(func() {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.Write(g.data)
				if reply := readAll(t, conn); len(reply) > 7 { // a TLS alert
					t.Errorf("%s at %s: answer of %d bytes: %q", g.name, addr, len(reply), reply)
				}
			})
		}
	}
	running.Wait()
	testutil.Eventually(t, 5*time.Second, func() bool { return c.refusals() >= 2*len(cases) })
	if got := c.refusals(); got != 2*len(cases) {
		t.Errorf("%d log lines for %d pieces of garbage", got, 2*len(cases))
	}
	c.forgetRefusals(nodes[0])
	udp, err := net.Dial("udp", nodes[0].opt.Gossip)
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	before := c.refusals()
	_, _ = udp.Write(random[:1000])
	testutil.Eventually(t, 5*time.Second, func() bool { return c.refusals() == before+1 })
	meshed(t, nodes...)
}

// readAll reads until the other end closes; it fails the test if that takes too long.
func readAll(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	reply, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("connection was not closed")
	}
	return reply
}

func (c *testNet) refusals() int { return len(c.log.Find("cluster peer refused")) }

// forgetRefusals fills the allowance of log lines again.
func (c *testNet) forgetRefusals(n *testNode) {
	for _, g := range []*gate{n.gossip.Load().gate, n.dist.Load().gate} {
		g.logged.mu.Lock()
		g.logged.tokens = limiterBurst
		g.logged.mu.Unlock()
	}
}

func TestHandshakesAreRefused(t *testing.T) {
	c := newTestNet(t, 1)
	n := c.mustStart(1)
	stranger := newInsider(t, "node9@host", "another")
	self := newInsider(t, n.opt.Name, testCookie)
	expired := newInsider(t, "node9@host", testCookie)
	old, err := expired.trust.issue("node9@host", time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	expired.trust.own = old
	unnamed := newInsider(t, "no node name", testCookie)
	for _, tc := range []struct {
		name   string
		config *tls.Config
	}{
		{"no certificate", &tls.Config{InsecureSkipVerify: true}},
		{"another cookie", withoutCheck(stranger.trust)},
		{"expired", withoutCheck(expired.trust)},
		{"own name", withoutCheck(self.trust)},
		{"no node name", withoutCheck(unnamed.trust)},
		{"tls 1.2", &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}},
	} {
		for _, at := range []struct{ addr, protocol string }{{n.opt.Gossip, alpnGossip}, {n.opt.Dist, "h2"}} {
			config := tc.config.Clone()
			config.NextProtos = []string{at.protocol}
			conn, err := tls.Dial("tcp", at.addr, config)
			if err != nil {
				continue // refused in the handshake
			}
			// with TLS 1.3 the client's side of the handshake is over before its certificate is looked at
			if reply := readAll(t, conn); len(reply) > 0 {
				t.Errorf("%s at %s: answer %q", tc.name, at.protocol, reply)
			}
		}
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return c.refusals() > 0 })
	if !n.sees(n) {
		t.Errorf("members %v", n.Members())
	}
}

func withoutCheck(tr *trust) *tls.Config {
	config := tr.clientTLS("")
	config.VerifyConnection = nil
	return config
}

func TestSilenceIsClosed(t *testing.T) {
	c := newTestNet(t, 1)
	n := c.mustStart(1)
	conns := make([]net.Conn, 2)
	for i, addr := range []string{n.opt.Gossip, n.opt.Dist} {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range conns {
		if reply := readAll(t, conn); len(reply) > 0 {
			t.Errorf("answer %q to silence", reply)
		}
	}
}

func TestCrowdDoesNotKeepANodeOut(t *testing.T) {
	c := newTestNet(t, 2)
	first := c.mustStart(1)
	var crowd []net.Conn
	defer func() {
		for _, conn := range crowd {
			conn.Close()
		}
	}()
	for range 300 {
		for _, addr := range []string{first.opt.Gossip, first.opt.Dist} {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			crowd = append(crowd, conn)
		}
	}
	second := c.mustStart(2)
	meshed(t, first, second)
	if lines := c.refusals(); lines > 4*limiterBurst {
		t.Errorf("%d log lines", lines)
	}
}

// batchOf returns a message with one envelope.
func batchOf(typeName, target string, data []byte, change func(*remote.MessageEnvelope)) *remote.RemoteMessage {
	e := &remote.MessageEnvelope{MessageData: data}
	if change != nil {
		change(e)
	}
	return &remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: &remote.MessageBatch{
		TypeNames: []string{typeName}, Targets: []*actor.PID{actor.NewPID("127.0.0.1:9001", target)},
		Envelopes: []*remote.MessageEnvelope{e},
	}}}
}

var greeting = &remote.RemoteMessage{MessageType: &remote.RemoteMessage_ConnectRequest{ConnectRequest: &remote.ConnectRequest{
	ConnectionType: &remote.ConnectRequest_ServerConnection{ServerConnection: &remote.ServerConnection{SystemId: "x", Address: "127.0.0.1:1"}},
}}}

func TestPeersMessagesAreChecked(t *testing.T) {
	c := newTestNet(t, 1)
	n := c.mustStart(1)
	in := newInsider(t, "node9@host", testCookie)
	addr, target := n.opt.Dist, n.dist.Load().exported()
	packet, _ := proto.Marshal(&wirepb.Packet{Kind: kindPing})
	spawn, _ := proto.Marshal(&remote.ActorPidRequest{Name: "evil", Kind: "no-such-kind"})
	for _, tc := range []struct {
		name     string
		messages []*remote.RemoteMessage
	}{
		{"empty", []*remote.RemoteMessage{{}}},
		{"before greeting", []*remote.RemoteMessage{batchOf(packetType, target, packet, nil)}},
		{"two greetings", []*remote.RemoteMessage{greeting, greeting}},
		{"client connection", []*remote.RemoteMessage{{MessageType: &remote.RemoteMessage_ConnectRequest{ConnectRequest: &remote.ConnectRequest{
			ConnectionType: &remote.ConnectRequest_ClientConnection{ClientConnection: &remote.ClientConnection{}}}}}}},
		{"disconnect", []*remote.RemoteMessage{greeting, {MessageType: &remote.RemoteMessage_DisconnectRequest{}}}},
		{"spawn", []*remote.RemoteMessage{greeting, batchOf("remote.ActorPidRequest", "activator", spawn, nil)}},
		{"unknown type", []*remote.RemoteMessage{greeting, batchOf("evil.NoSuchType", target, packet, nil)}},
		{"stop", []*remote.RemoteMessage{greeting, batchOf("actor.Stop", target, nil, nil)}},
		{"other actor", []*remote.RemoteMessage{greeting, batchOf(packetType, "gossip", packet, nil)}},
		{"type index", []*remote.RemoteMessage{greeting, batchOf(packetType, target, packet, func(e *remote.MessageEnvelope) { e.TypeId = 9 })}},
		{"negative index", []*remote.RemoteMessage{greeting, batchOf(packetType, target, packet, func(e *remote.MessageEnvelope) { e.TypeId = -1 })}},
		{"target index", []*remote.RemoteMessage{greeting, batchOf(packetType, target, packet, func(e *remote.MessageEnvelope) { e.Target = 7 })}},
		{"sender index", []*remote.RemoteMessage{greeting, batchOf(packetType, target, packet, func(e *remote.MessageEnvelope) { e.Sender = 9 })}},
		{"serializer", []*remote.RemoteMessage{greeting, batchOf(packetType, target, packet, func(e *remote.MessageEnvelope) { e.SerializerId = 99 })}},
		{"malformed packet", []*remote.RemoteMessage{greeting, batchOf(packetType, target, []byte{0xff, 0xff}, nil)}},
		{"large packet", []*remote.RemoteMessage{greeting, batchOf(packetType, target, make([]byte, maxPacketBytes+1), nil)}},
	} {
		cc := in.connect(t, addr, grpc.WithPerRPCCredentials(perStream{in.prover}))
		s, err := remote.NewRemotingClient(cc).Receive(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		for _, m := range tc.messages {
			_ = s.Send(m)
		}
		if got := endOf(s); got != codes.PermissionDenied {
			t.Errorf("%s: ended with %v, want %v", tc.name, got, codes.PermissionDenied)
		}
		c.forgetRefusals(n)
	}
	if n.dist.Load() == nil {
		t.Error("the distribution does not run any more")
	}
}

// endOf reads to the end of a stream and returns its code.
func endOf(s remote.Remoting_ReceiveClient) codes.Code {
	for {
		if _, err := s.Recv(); err != nil {
			return status.Code(err)
		}
	}
}

func TestWrongProofsAreRefused(t *testing.T) {
	c := newTestNet(t, 1)
	n := c.mustStart(1)
	in := newInsider(t, "node9@host", testCookie)
	wrong := newInsider(t, "node9@host", "another")
	other := newInsider(t, "node8@host", testCookie)
	late := newProver(in.prover.key, "node9@host", "boot")
	late.now = func() time.Time { return time.Now().Add(-2 * proofWindow) }
	for _, tc := range []struct {
		name    string
		options []grpc.DialOption
	}{
		{"none", nil},
		{"another cookie", []grpc.DialOption{grpc.WithPerRPCCredentials(perStream{wrong.prover})}},
		{"another name", []grpc.DialOption{grpc.WithPerRPCCredentials(perStream{other.prover})}},
		{"stale", []grpc.DialOption{grpc.WithPerRPCCredentials(perStream{late})}},
	} {
		s, err := remote.NewRemotingClient(in.connect(t, n.opt.Dist, tc.options...)).Receive(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if got := endOf(s); got != codes.Unauthenticated {
			t.Errorf("%s: ended with %v, want %v", tc.name, got, codes.Unauthenticated)
		}
	}
	cc := in.connect(t, n.opt.Dist, grpc.WithPerRPCCredentials(perStream{in.prover}))
	_, err := remote.NewRemotingClient(cc).ListProcesses(t.Context(), &remote.ListProcessesRequest{Pattern: "(a+)+$", Type: remote.ListProcessesMatchType_MatchRegex})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("ListProcesses: got %v", err)
	}
}
