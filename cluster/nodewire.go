package cluster

import (
	"context"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
	"github.com/erlmcp/erlmcp/supervisors"
)

// nodeWire is the wire of a node: packets over its distribution.
type nodeWire struct{ *Node }

var _ wire = nodeWire{}

// tell implements wire.
func (w nodeWire) tell(to Member, p packet) error {
	return w.Node.tell(to, &wirepb.Packet{
		Kind: uint32(p.kind), Id: p.id, Code: p.code, Header: p.header, Body: p.body,
	})
}

// handle implements wire.
func (w nodeWire) handle(k packetKind, f func(from Member, p packet)) {
	w.Node.handle(uint32(k), func(from Member, p *wirepb.Packet) {
		f(from, packet{kind: k, id: p.Id, code: p.Code, header: p.Header, body: p.Body})
	})
}

// onTopology implements wire.
func (w nodeWire) onTopology(f func(Topology)) { w.Node.onTopology(func(t *Topology) { f(*t) }) }

// onLost implements wire.
func (w nodeWire) onLost(f func(Member)) { w.Node.onLost(f) }

// attachServices builds the services on a node that has not been started. key is that of session ids.
func (n *Node) attachServices(key []byte) {
	n.services = newServices(nodeWire{n}, serviceOptions{Key: key, Expected: n.expected(), Stated: n.stated(), Logger: n.opt.Logger})
	n.attachGrains()
	n.addChild(supervisors.ChildSpec{ID: "services", Start: supervisors.Service(func(ctx context.Context) error {
		return n.services.run(ctx)
	})})
}
