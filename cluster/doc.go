// Package cluster makes several processes one system: who the nodes are, how they reach each other, and
// what is built on that.
//
// It owns the two ports between nodes and all that is said on them. It knows nothing of MCP, transports
// or JSON: what it carries for the rooms above is bytes.
//
// # Use
//
//	n, err := cluster.New(sys, cluster.Options{
//		Name:   "node1@10.0.0.1",
//		Cookie: cookie,
//		Seeds:  []string{"node2@10.0.0.2", "dns:workers"},
//	})
//	root, err := sys.Start(supervisors.Spec{Children: []supervisors.ChildSpec{n.ChildSpec(), ...}})
//	stop := n.Watch(func(t cluster.Topology) { ... })
//
// # Parts
//
//	cluster        rest_for_one
//	├─ distribution   protoactor's remote and cluster in an actor system of their own; port 9001
//	├─ membership     SWIM over memberlist; port 4369
//	└─ services       calls, streams, registry, fan-out, sessions
//
// The distribution is up before the membership tells the others where it is, and still up when the node
// leaves. A crash of one part restarts what comes after it: the node leaves, and joins again with the same
// boot.
//
//	memberlist ──pokes──▶ membership ──view──▶ distribution actor ──▶ services
//	                          │   one loop          ▲  one turn at a time
//	                          └──▶ Watch            │
//	peer ──TLS──▶ proof of the cookie ──▶ check of each message ──▶ packets
//
// # Trust
//
// The cookie is the one secret. Keys are derived from it by argon2id and HKDF: for the membership's
// packets, for proofs, for session ids, and for the key of a certificate authority that is the same on all
// nodes, from which each node issues itself a certificate for its name that lives a day. With own certificates
// the authority is theirs, and the cookie is the second factor. Each connection is mutual TLS 1.3; on the
// distribution both ends also prove the cookie with an HMAC bound to the TLS connection.
//
// Nothing answers before the peer has authenticated. A peer has 5 s for its handshake, and of those in
// one there are at most 64 per port: the oldest makes room. A peer may send one type of message to one
// actor, whose name ends with this incarnation; anything else costs it its connection. The library that
// carries the messages never decodes them, and no other actor can be reached from outside.
//
// # Names, boots, views
//
// A node's name is unique: a second live process with it is refused. Whether the first one lives is asked
// of it, so that a restart within a second is no conflict. A boot is one incarnation; what was meant for
// another one is never delivered. Views of nodes differ for a while: a killed process is out of them after
// about 0.1 s, since its port refuses connections; a frozen or cut-off one after 2 to 4.5 s.
//
// Missing seeds and failed members are looked for for ever, at most 2 s apart, and their names are resolved
// each time.
//
// Stability: internal to the module; the wire format is that of protocol 1.
package cluster
