package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

// inboxBytes is how much of one peer may wait for its turn; past that its stream is not read.
const inboxBytes = 4 << 20

// packetType is the name of the only type that peers may send.
var packetType = string((*wirepb.Packet)(nil).ProtoReflect().Descriptor().FullName())

// serveStream serves the stream of a peer, after it has proved the cookie. The library's reader never
// sees a packet: inbound takes them out.
func (d *distribution) serveStream(srv any, s grpc.ServerStream, method *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx := s.Context()
	name, boot, info, err := d.authenticate(ctx)
	if err == nil && method.FullMethod != receiveMethod {
		err = fmt.Errorf("stream %s", method.FullMethod)
	}
	if err != nil {
		d.gate.report(RefusedCookie, peerAddress(ctx), err)
		if info.conn != nil {
			time.AfterFunc(refusalDelay, func() { info.conn.Close() })
		}
		return status.Error(codes.Unauthenticated, "refused")
	}
	if err := s.SendHeader(metadata.New(d.node.prover.prove(roleServer, name, info.binding))); err != nil {
		return err
	}
	in := &inbound{ServerStream: s, d: d, name: name, boot: boot, info: info, window: newWindow(inboxBytes)}
	defer d.inboundEnded(boot)
	return next(srv, in)
}

// refusalDelay lets the status of a refused stream reach the peer before its connection is closed.
const refusalDelay = 100 * time.Millisecond

// inbound is the stream of an authenticated peer.
type inbound struct {
	grpc.ServerStream
	d          *distribution
	name, boot string
	info       peerInfo
	greeted    bool
	window     *window
}

// RecvMsg implements grpc.ServerStream: it checks what the peer sent, hands packets to the distribution,
// and leaves an empty batch to the library.
func (s *inbound) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	message, ok := m.(*remote.RemoteMessage)
	if !ok {
		return status.Error(codes.Internal, "unexpected message")
	}
	packets, size, err := s.open(message)
	if err != nil {
		s.cut(err)
		return status.Error(codes.PermissionDenied, "refused")
	}
	if packets == nil {
		return nil
	}
	if err := s.window.acquire(s.Context(), size); err != nil {
		return status.FromContextError(err).Err()
	}
	s.d.deliver(&delivery{from: s, packets: packets, done: func() { s.window.release(size) }})
	message.MessageType = &remote.RemoteMessage_MessageBatch{MessageBatch: &remote.MessageBatch{}}
	return nil
}

// cut ends the peer's connection over something that it sent.
func (s *inbound) cut(err error) {
	s.d.gate.report(RefusedMessage, s.name, err)
	time.AfterFunc(refusalDelay, func() { s.info.conn.Close() })
}

// open checks a message and returns its packets and their size. No packets and no error: a message that
// the library answers.
func (s *inbound) open(m *remote.RemoteMessage) (packets []*wirepb.Packet, size int, err error) {
	switch t := m.MessageType.(type) {
	case *remote.RemoteMessage_ConnectRequest:
		if t.ConnectRequest.GetServerConnection() == nil || s.greeted {
			return nil, 0, errors.New("connect request of another kind, or a second one")
		}
		s.greeted = true
		return nil, 0, nil
	case *remote.RemoteMessage_MessageBatch:
		if !s.greeted {
			return nil, 0, errors.New("message before the connect request")
		}
		return openBatch(t.MessageBatch, s.d.exported())
	default:
		return nil, 0, fmt.Errorf("message of kind %T", m.MessageType)
	}
}

// openBatch decodes the packets in a batch. Everything in it must be a Packet for the actor with the name
// target, without sender, headers or another serializer.
func openBatch(b *remote.MessageBatch, target string) ([]*wirepb.Packet, int, error) {
	packets := make([]*wirepb.Packet, 0, len(b.Envelopes))
	size := 0
	for _, e := range b.Envelopes {
		if err := checkEnvelope(b, e, target); err != nil {
			return nil, 0, err
		}
		p := new(wirepb.Packet)
		if err := proto.Unmarshal(e.MessageData, p); err != nil {
			return nil, 0, fmt.Errorf("malformed packet: %v", err)
		}
		packets = append(packets, p)
		size += len(e.MessageData)
	}
	return packets, size, nil
}

func checkEnvelope(b *remote.MessageBatch, e *remote.MessageEnvelope, target string) error {
	switch {
	case e.TypeId < 0 || int(e.TypeId) >= len(b.TypeNames) || e.Target < 0 || int(e.Target) >= len(b.Targets):
		return errors.New("envelope with an index out of range")
	case b.TypeNames[e.TypeId] != packetType:
		return fmt.Errorf("message of type %.64q", b.TypeNames[e.TypeId])
	case b.Targets[e.Target].GetId() != target:
		return fmt.Errorf("message to %.64q", b.Targets[e.Target].GetId())
	case e.Sender != 0 || e.SenderRequestId != 0 || e.TargetRequestId != 0 || e.SerializerId != 0 || e.MessageHeader != nil:
		return errors.New("envelope with a sender, a request id, a header or another serializer")
	case len(e.MessageData) > maxPacketBytes:
		return fmt.Errorf("packet of %d bytes", len(e.MessageData))
	}
	return nil
}

// endpointStopped makes the library's writer stop: a panic in it is the only end after which it neither
// sleeps nor terminates the endpoint that has taken its place at the same address.
type endpointStopped struct{ addr string }

// openStream opens the stream to a member. It waits for the connection as long as the member is in the
// view, so that what is queued meanwhile is not lost.
func (d *distribution) openStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	o := d.outletAt(cc.Target())
	if o == nil {
		panic(endpointStopped{cc.Target()})
	}
	ctx, cancel := context.WithCancel(ctx)
	detach := context.AfterFunc(o.ctx, cancel)
	s, err := streamer(ctx, desc, cc, method, append(opts, grpc.WaitForReady(true))...)
	if err != nil {
		cancel()
		detach()
		if o.ctx.Err() != nil {
			panic(endpointStopped{cc.Target()})
		}
		return nil, err
	}
	return &outbound{ClientStream: s, d: d, to: o, queued: o.queued.Load()}, nil
}

// outbound is the stream to a member.
type outbound struct {
	grpc.ClientStream
	d       *distribution
	to      *outlet
	queued  *queued
	checked bool // the member has proved the cookie; only the receiving goroutine touches it
}

// RecvMsg implements grpc.ClientStream. The library sends no packet before it has got the first message.
func (s *outbound) RecvMsg(m any) error {
	if !s.checked {
		if err := s.check(); err != nil {
			s.d.gate.report(RefusedCookie, s.to.member.Name, err)
			return err
		}
		s.checked = true
		s.d.connected(s.to)
	}
	return s.ClientStream.RecvMsg(m)
}

func (s *outbound) check() error {
	md, err := s.Header()
	if err != nil {
		return err
	}
	p, _ := peer.FromContext(s.Context())
	if p == nil {
		return errProof
	}
	info, ok := p.AuthInfo.(peerInfo)
	if !ok {
		return errProof
	}
	boot, err := s.d.node.prover.check(md, roleServer, s.to.member.Name, info.binding)
	if err != nil {
		return err
	}
	if boot != s.to.member.Boot {
		return fmt.Errorf("another incarnation of %s answers", s.to.member.Name)
	}
	s.to.conn.Store(&info.conn)
	return nil
}

// SendMsg implements grpc.ClientStream: it sends a batch in parts that the receiver takes.
func (s *outbound) SendMsg(m any) error {
	message, _ := m.(*remote.RemoteMessage)
	batch := message.GetMessageBatch()
	if batch == nil {
		return s.ClientStream.SendMsg(m)
	}
	for _, part := range splitBatch(batch, maxMessageBytes/2) {
		size := 0
		for _, e := range part.Envelopes {
			size += len(e.MessageData)
		}
		err := s.ClientStream.SendMsg(&remote.RemoteMessage{
			MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: part},
		})
		s.queued.take(size)
		if err != nil {
			return err
		}
	}
	return nil
}

// splitBatch cuts a batch into parts of at most limit bytes of packets, or of one packet.
func splitBatch(b *remote.MessageBatch, limit int) []*remote.MessageBatch {
	var parts []*remote.MessageBatch
	start, size := 0, 0
	part := func(end int) {
		parts = append(parts, &remote.MessageBatch{
			TypeNames: b.TypeNames, Targets: b.Targets, Senders: b.Senders, Envelopes: b.Envelopes[start:end],
		})
	}
	for i, e := range b.Envelopes {
		if size += len(e.MessageData); size > limit && i > start {
			part(i)
			start, size = i, len(e.MessageData)
		}
	}
	if start < len(b.Envelopes) {
		part(len(b.Envelopes))
	}
	return parts
}
