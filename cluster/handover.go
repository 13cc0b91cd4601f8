package cluster

import (
	"context"
	"fmt"
)

// HandOver ends the ownership of all sessions and grains of this node, once their keepers have their snapshots, and
// tells all members to take them over without waiting. The sessions must have stopped, each after its last
// Keep. It returns how many were handed over; ctx bounds the wait for keepers, after which those that no
// keeper has are lost, which the error says.
func (s *services) HandOver(ctx context.Context) (int, error) {
	o := s.owners
	o.mu.Lock()
	o.released, o.replace = true, true // orphans that are kept here find other homes
	o.mu.Unlock()
	err := o.flush(ctx)
	o.mu.Lock()
	n := 0
	var adopted, grains []string
	for id, m := range o.mine {
		if isGrain(id) {
			grains = append(grains, id)
		} else {
			n++
		}
		if m.adopted {
			adopted = append(adopted, id)
		}
	}
	clear(o.mine)
	o.stats.HandedOver += n
	members := o.view.Members
	o.mu.Unlock()
	s.grains.stop(grains)
	for _, id := range adopted {
		o.leaveRegistry(id)
	}
	for _, m := range members {
		if m.Boot != s.self.Boot {
			s.w.tell(m, packet{kind: kindRelease}) // who misses it waits for the lease
		}
	}
	if err != nil {
		return n, fmt.Errorf("cluster: hand over: %w", err)
	}
	return n, nil
}

// releasedBy takes the word of a member that it owns nothing any more.
func (o *owners) releasedBy(from Member, _ packet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leases.release(from.Boot)
	o.replace = true
	o.wake()
}

// leaveRegistry takes all of this node's entries of a session out of the registry.
func (o *owners) leaveRegistry(id string) {
	group := sessionGroup(id)
	for _, e := range o.s.registry.lookup(group) {
		if e.Member.Boot == o.s.self.Boot {
			o.s.registry.leave(group, e.Value)
		}
	}
}
