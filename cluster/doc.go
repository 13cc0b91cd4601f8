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
//	└─ services       calls, streams, registry, fan-out, sessions, grains
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
// # Services
//
// Everything between nodes is asynchronous, bounded, and fails at once when the other node leaves the view.
//
//	answer, err := n.Call(ctx, member, "stats", request)       // n.ServeCalls("stats", f)
//	stream, err := n.Open(member, "http", header, handler)     // n.Serve("http", accept)
//	err := n.Broadcast("list_changed", payload)                // n.Subscribe("list_changed", f)
//	n.Join("upstreams", value); entries := n.Lookup("upstreams")
//	reply, err := n.RequestGrain(ctx, "upstream", "files", m)  // n.ServeGrains("upstream", produce)
//
// Every half second each node tells each member a beat: support for leases, and where each service stands,
// so that a message lost with a connection is noticed although nothing follows it. A broadcast or a registry
// entry is then sent again; a stream ends with CodeBroken on both sides.
//
// # Sessions
//
// A session has one owner, the node that made its id until that is gone. What the rooms above do:
//
//	id := n.NewSessionID()
//	err := n.Keep(id, snapshot)   // before the client knows id, and on each change worth keeping; a copy
//	                              // goes to one other member
//	n.Forget(id)                  // at its end
//
//	at, err := n.Locate(id)       // for each request; asks nobody, 0.4 us
//	switch at.Place {
//	case cluster.PlaceHere:       // serve it
//	case cluster.PlaceMember:     // n.Open(at.Member, ...) and pass the request on; there it is located again
//	case cluster.PlaceTake:       // snapshot, err := n.Take(ctx, id); start the session from it, serve it
//	case cluster.PlaceGone:       // it has ended
//	}
//
// A request that was passed on three times and is not where it belongs waits for the nodes to agree: try
// again after 100 ms. ErrNoQuorum is an answer of its own (503, retry). Concurrent Takes of one session on
// one node wait for each other; the second gets *MovedError with this node. OnLost says that a session has
// another owner; OnSuspended, that sessions must rest. A planned departure stops the sessions, Keeps each a
// last time, and calls HandOver; others then take them over without waiting.
//
// Who takes a session over is the same on all nodes with one view: rendezvous on its id, which is the member
// that keeps its snapshot. Taking asks all members of the view and needs a majority of Options.Expected, or
// of the most nodes ever seen at once. An owner acts while so many members support it that the rest is no
// majority; a member that supports a node refuses others its sessions, up to 3.25 s after the last beat.
// Therefore:
//
//   - No session, and no grain, has two owners at any moment, in any partition, as long as clocks run equally
//     fast within 8 %, and no nodes are added to the cluster while it is parted.
//   - A killed node's sessions go on 3 to 4 s after it, those of a node that handed over at once.
//   - In a part without a majority nobody takes over. Two halves both go on with their own sessions; in a
//     part that leaves the rest a majority they rest (ErrNoQuorum) 3 s after the cut, and go on after it if
//     nobody has taken them. New sessions can be made in every part.
//   - A snapshot that has not reached its keeper when the owner dies is lost, and so is one whose owner and
//     keeper die together. A snapshot without an owner has two keepers.
//   - A node that has just started has forgotten what it had promised. It does not decide until it has promised
//     each node of the cluster anew, if the size is stated, and else for 3.25 s. Admitted says when.
//
// A grain starts where rendezvous places it, and stays there. Its token is at least the time in
// milliseconds.
//
// Stability: internal to the module; the wire format is that of protocol 1.
package cluster
