package cluster

import (
	"encoding/binary"
	"time"
)

// An orphan is a snapshot whose owner is gone, and whose session nobody has asked for since. It has two
// homes, the members first in rendezvous, so that the end of one more node does not lose it; whoever has
// a copy sends it to homes that may not have it, whenever the view changes.

// orphanHomes is how many members keep a snapshot without an owner.
const orphanHomes = 2

// copyLocked notes whether a kept snapshot is an orphan, and what is to be sent to its homes.
func (o *owners) copyLocked(id string, h *heldSnapshot, now time.Time) {
	if o.view.has(h.owner) && !o.leases.released[h.owner] {
		h.until = time.Time{}
		return
	}
	if h.until.IsZero() {
		h.until = now.Add(o.opts.SnapshotTTL)
	}
	creator := bootOf(id)
	homes := map[string]bool{}
	for range orphanHomes {
		m, ok := o.view.owner(id, func(m Member) bool {
			return m.Boot == creator || homes[m.Boot] || o.drainedLocked(m.Boot)
		})
		if !ok {
			return
		}
		homes[m.Boot] = true
		if out := o.outs[m.Boot]; out != nil {
			out.copies[id] = struct{}{}
		}
	}
}

// sendCopiesLocked tells a home the orphans that it is to have.
func (o *owners) sendCopiesLocked(out *snapOut) {
	for id := range out.copies {
		if h := o.held[id]; h != nil && !h.until.IsZero() && !o.tellPutLocked(out, id, h.version, putCopy, h.body, h.owner) {
			return
		}
		delete(out.copies, id)
	}
}

// tellTakenLocked tells all members that a session has a new owner, so that they drop orphans of it.
func (o *owners) tellTakenLocked(id string, epoch uint64) {
	header := binary.AppendUvarint(appendText(nil, id), epoch)
	for _, out := range o.outs {
		o.s.w.tell(out.member, packet{kind: kindSnapshotTaken, header: header}) // who misses it forgets in time
	}
}

// takenBy drops the snapshot of a session that another member has taken over.
func (o *owners) takenBy(from Member, p packet) {
	f := fields{rest: p.header}
	id, epoch := f.text(), f.uint()
	o.mu.Lock()
	defer o.mu.Unlock()
	if h := o.held[id]; !f.bad && h != nil && h.version.epoch() < epoch {
		o.removeLocked(id, h)
	}
}
