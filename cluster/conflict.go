package cluster

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/hashicorp/memberlist"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

var (
	_ memberlist.Delegate         = (*membership)(nil)
	_ memberlist.EventDelegate    = (*membership)(nil)
	_ memberlist.MergeDelegate    = (*membership)(nil)
	_ memberlist.AliveDelegate    = (*membership)(nil)
	_ memberlist.ConflictDelegate = (*membership)(nil)
)

// NodeMeta implements memberlist.Delegate.
func (m *membership) NodeMeta(limit int) []byte {
	if len(m.meta) > limit {
		panic(fmt.Sprintf("cluster: node data has %d bytes, at most %d", len(m.meta), limit))
	}
	return m.meta
}

// NotifyMsg implements memberlist.Delegate. Nothing is sent that way.
func (*membership) NotifyMsg([]byte) {}

// GetBroadcasts implements memberlist.Delegate.
func (*membership) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements memberlist.Delegate.
func (*membership) LocalState(bool) []byte { return nil }

// MergeRemoteState implements memberlist.Delegate.
func (*membership) MergeRemoteState([]byte, bool) {}

// NotifyJoin implements memberlist.EventDelegate. A node that comes back has neither left nor died.
func (m *membership) NotifyJoin(n *memberlist.Node) {
	if meta, err := parseMeta(n.Meta); err == nil {
		m.mu.Lock()
		delete(m.departed, meta.Boot)
		delete(m.presumed, meta.Boot)
		m.mu.Unlock()
	}
	m.poke()
}

// NotifyLeave implements memberlist.EventDelegate.
func (m *membership) NotifyLeave(*memberlist.Node) { m.poke() }

// NotifyUpdate implements memberlist.EventDelegate.
func (m *membership) NotifyUpdate(*memberlist.Node) { m.poke() }

// NotifyAlive implements memberlist.AliveDelegate: nodes that say odd things about themselves, or speak
// another protocol, are no members.
func (m *membership) NotifyAlive(n *memberlist.Node) error {
	if _, err := nodeHost(n.Name); err != nil {
		return err
	}
	_, err := parseMeta(n.Meta)
	return err
}

// NotifyConflict implements memberlist.ConflictDelegate: a member's name was heard of at another address.
// It may have been restarted there before anybody noticed its end, so that address is tried later.
func (m *membership) NotifyConflict(known, other *memberlist.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.lost[known.Name]; ok {
		l.moved = other.Address()
		m.lost[known.Name] = l
	}
}

// NotifyMerge implements memberlist.MergeDelegate. It is called when two nodes join, on both, with what
// the other one knows. The join is refused if that has another live process under a name that lives here.
// A node may join this one before memberlist.Create has returned: its goroutine waits.
func (m *membership) NotifyMerge(peers []*memberlist.Node) error {
	<-m.created
	if m.list == nil {
		return ErrNotRunning
	}
	known := make(map[string]*memberlist.Node)
	for _, n := range m.list.Members() {
		known[n.Name] = n
	}
	for _, p := range peers {
		if p.State == memberlist.StateDead || p.State == memberlist.StateLeft {
			continue
		}
		meta, err := parseMeta(p.Meta)
		if err != nil {
			continue // NotifyAlive refuses it
		}
		if p.Name == m.node.opt.Name {
			err = m.mergeSelf(p, meta)
		} else if k := known[p.Name]; k != nil {
			err = m.mergeOther(k, p, meta)
		}
		if err != nil {
			m.gate.report(RefusedName, p.Address(), err)
			return err
		}
	}
	return nil
}

// mergeSelf looks at a node with this node's name.
func (m *membership) mergeSelf(p *memberlist.Node, meta *wirepb.NodeMeta) error {
	if meta.Boot == m.node.boot || !m.lives(p, meta.Boot) {
		return nil
	}
	err := m.contest(p.Address(), meta)
	if !m.stays(meta) {
		m.crash(err)
	}
	return err
}

// mergeOther looks at a node with the name of a member.
func (m *membership) mergeOther(known, p *memberlist.Node, meta *wirepb.NodeMeta) error {
	old, err := parseMeta(known.Meta)
	if err != nil || old.Boot == meta.Boot || !m.lives(known, old.Boot) || !m.lives(p, meta.Boot) {
		return nil
	}
	return fmt.Errorf("%w: %s lives at %s and at %s", ErrNameTaken, p.Name, known.Address(), p.Address())
}

// contest returns what to say about another live node with this node's name: ErrNameTaken if this node
// has to yield.
func (m *membership) contest(addr string, meta *wirepb.NodeMeta) error {
	if m.stays(meta) {
		return fmt.Errorf("cluster: another process at %s has this node's name %s and has to yield", addr, m.node.opt.Name)
	}
	return fmt.Errorf("%w: %s lives at %s", ErrNameTaken, m.node.opt.Name, addr)
}

// stays reports whether this node keeps its name against another live one: a starting node never does;
// of two that have met late, the one that was started first does.
func (m *membership) stays(other *wirepb.NodeMeta) bool {
	if !m.settled.Load() {
		return false
	}
	if m.node.started != other.StartedMs {
		return m.node.started < other.StartedMs
	}
	return m.node.boot < other.Boot
}

// lives asks the node itself whether it is this incarnation.
func (m *membership) lives(n *memberlist.Node, boot string) bool {
	ctx, cancel := context.WithTimeout(m.transport.ctx, hailIn)
	defer cancel()
	addr := net.JoinHostPort(n.Addr.String(), strconv.Itoa(int(n.Port)))
	name, meta, err := m.transport.hail(ctx, addr)
	return err == nil && name == n.Name && meta.Boot == boot
}
