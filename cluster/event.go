package cluster

// Event is something that happened in the cluster, as seen from this node. The set is closed:
// MemberJoined, MemberLeft, ConnectionLost, PeerRefused, QueueFull.
type Event interface{ event() }

// MemberJoined says that a node has come into the view.
type MemberJoined struct {
	Member  Member
	Members int // in the view, self included
}

// MemberLeft says that a node has gone from the view.
type MemberLeft struct {
	Member  Member
	Members int
	Failed  bool // it did not announce its leave
}

// ConnectionLost says that a connection to or from a member broke; what was in flight is lost.
type ConnectionLost struct{ Member Member }

// Port is one of the node's two ports.
type Port string

// The ports.
const (
	GossipPort Port = "gossip"
	DistPort   Port = "distribution"
)

// Refusal says why a peer was refused.
type Refusal string

// The refusals.
const (
	RefusedHandshake Refusal = "handshake" // no TLS, no or a wrong certificate, too late
	RefusedCookie    Refusal = "cookie"    // wrong or stale proof of the cookie
	RefusedMessage   Refusal = "message"   // a message that peers may not send
	RefusedCrowd     Refusal = "crowd"     // too many peers in handshakes
	RefusedName      Refusal = "name"      // the name of another live node
)

// PeerRefused says that a peer lost its connection.
type PeerRefused struct {
	Port   Port
	Reason Refusal
}

// QueueFull says that a message was not sent, since too much is queued for the member.
type QueueFull struct{ Member Member }

func (MemberJoined) event()   {}
func (MemberLeft) event()     {}
func (ConnectionLost) event() {}
func (PeerRefused) event()    {}
func (QueueFull) event()      {}
