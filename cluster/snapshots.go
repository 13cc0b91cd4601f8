package cluster

import (
	"context"
	"encoding/binary"
	"time"
)

// snapOut is what an owner has told one keeper. Puts are numbered; a keeper that misses one asks for all
// again. Versions make a put that comes twice or late harmless.
type snapOut struct {
	member   Member
	sequence uint64              // of the last put
	acked    uint64              // up to where the keeper has them
	dirty    map[string]version  // sessions to put, or to drop at this version if this keeper is not theirs
	copies   map[string]struct{} // snapshots of owners that are gone, to be kept there as well
}

// clean says whether the keeper has everything it is to have.
func (s *snapOut) clean() bool {
	return len(s.dirty) == 0 && len(s.copies) == 0 && s.acked >= s.sequence
}

// snapIn is where a keeper stands with one owner.
type snapIn struct {
	got    uint64
	synced bool // nothing is missing up to got
}

// heldSnapshot is a snapshot of another node's session.
type heldSnapshot struct {
	owner   string // boot; the one that is gone, for an orphan
	version version
	body    []byte
	until   time.Time // of an orphan: a snapshot whose owner is gone; else zero
}

// heldOverhead is what a kept snapshot counts beside its bytes and its id.
const heldOverhead = 160

// Flags in the code of puts.
const (
	putRestart = 1 << iota // numbers begin with this one
	putDrop                // the session has ended, or has another keeper
	putCopy                // of an orphan; the header ends with the boot of its owner
)

// placeLocked sends a session's snapshot to its keeper, if there is one.
func (o *owners) placeLocked(id string, m *owned, now time.Time) {
	creator := bootOf(id)
	keeper, ok := o.keeperLocked(id, creator)
	if ok && m.keeper != keeper.Boot || !ok && m.keeper != "" {
		if out := o.outs[m.keeper]; out != nil {
			out.dirty[id] = m.version // dropped there once the next keeper has it
		}
		m.keeper = keeper.Boot
	}
	out := o.outs[m.keeper]
	if out == nil {
		return
	}
	out.dirty[id] = m.version
	if o.leases.held(now) && !m.suspect {
		m.exposed = true
		o.sendLocked(out, id)
	}
}

// sendLocked tells a keeper what is to be said about a session; it stays dirty if that is refused.
func (o *owners) sendLocked(out *snapOut, id string) bool {
	ver, dirty := out.dirty[id]
	if !dirty {
		return true
	}
	var body []byte
	code := uint32(putDrop)
	if m := o.mine[id]; m != nil && m.keeper == out.member.Boot {
		code, ver, body = 0, m.version, m.snapshot
	}
	if !o.tellPutLocked(out, id, ver, code, body, "") {
		return false
	}
	delete(out.dirty, id)
	return true
}

func (o *owners) tellPutLocked(out *snapOut, id string, ver version, code uint32, body []byte, owner string) bool {
	if out.sequence == 0 {
		code |= putRestart
	}
	header := binary.AppendUvarint(appendText(make([]byte, 0, len(id)+len(owner)+12), id), uint64(ver))
	if code&putCopy != 0 {
		header = append(header, owner...)
	}
	if o.s.w.tell(out.member, packet{kind: kindSnapshotPut, id: out.sequence + 1, code: code, header: header, body: body}) != nil {
		return false
	}
	out.sequence++
	return true
}

// dropLocked ends the ownership of a session and tells its keeper.
func (o *owners) dropLocked(id string, m *owned) {
	delete(o.mine, id)
	if m.confirmed {
		o.tellYieldLocked(id)
	}
	if out := o.outs[m.keeper]; out != nil {
		out.dirty[id] = m.version
		o.sendLocked(out, id)
	}
}

// placeAllLocked moves snapshots to the keepers of the current view, and sends what could not be sent.
func (o *owners) placeAllLocked(now time.Time) {
	if o.replace {
		o.replace = false
		for id, m := range o.mine {
			if isGrain(id) {
				continue
			}
			creator := bootOf(id)
			if keeper, _ := o.keeperLocked(id, creator); keeper.Boot != m.keeper {
				o.placeLocked(id, m, now)
			}
		}
		for id, h := range o.held {
			o.copyLocked(id, h, now)
		}
	}
	for _, out := range o.outs {
		for id := range out.dirty {
			m := o.mine[id]
			switch {
			case m == nil: // has ended
			case m.keeper != out.member.Boot:
				if next := o.outs[m.keeper]; next != nil && !next.clean() {
					continue
				}
			case m.suspect:
				continue
			default:
				m.exposed = true
			}
			if !o.sendLocked(out, id) {
				break // too much is queued for this keeper
			}
		}
		o.sendCopiesLocked(out)
	}
}

// resync makes everything that a keeper is to have be sent again.
func (o *owners) resync(from Member, _ packet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.outs[from.Boot]
	if out == nil {
		return
	}
	out.sequence, out.acked = 0, 0
	for id, m := range o.mine {
		if m.keeper == from.Boot {
			out.dirty[id] = m.version
		}
	}
	o.replace = true // orphans
	o.wake()
}

// flush sends all snapshots and waits until the keepers have them.
func (o *owners) flush(ctx context.Context) error {
	ticker := time.NewTicker(o.opts.Beat / 5)
	defer ticker.Stop()
	for !o.flushed() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (o *owners) flushed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now, done := time.Now(), true
	if o.leases.held(now) {
		o.placeAllLocked(now)
	}
	for _, out := range o.outs {
		done = done && out.clean()
	}
	return done
}

// put takes a snapshot, or the word that one is not needed any more.
func (o *owners) put(from Member, p packet) {
	f := fields{rest: p.header}
	id, ver, owner := f.text(), version(f.uint()), from.Boot
	if p.code&putCopy != 0 {
		owner = string(f.rest)
	}
	_, taken := o.registered(id)
	o.mu.Lock()
	defer o.mu.Unlock()
	in := o.ins[from.Boot]
	if f.bad || in == nil {
		return
	}
	switch {
	case p.code&putRestart != 0:
		in.got, in.synced = p.id, true
	case p.id == in.got+1:
		in.got = p.id
	default:
		in.synced = false // the next beat asks for everything
	}
	if p.code&putDrop != 0 {
		if h := o.held[id]; h != nil && h.owner == from.Boot && h.version <= ver {
			o.removeLocked(id, h)
		}
		return
	}
	if epoch := o.newestEpochLocked(id, taken); epoch > ver.epoch() {
		if owner != from.Boot {
			return
		}
		o.tellLostLocked(from, id, epoch) // said again at the next put
		return
	}
	o.storeLocked(id, owner, ver, p.body)
}

// newestEpochLocked returns the last epoch of a session that this node knows of.
func (o *owners) newestEpochLocked(id string, registered bool) uint64 {
	var epoch uint64
	if registered {
		for _, e := range o.s.registry.lookup(sessionGroup(id)) {
			f := fields{rest: e.Value}
			epoch = max(epoch, f.uint())
		}
	}
	if h := o.held[id]; h != nil {
		epoch = max(epoch, h.version.epoch())
	}
	if m := o.mine[id]; m != nil {
		epoch = max(epoch, m.version.epoch())
	}
	return epoch
}

func (o *owners) storeLocked(id, owner string, ver version, body []byte) {
	old := o.held[id]
	if old != nil && old.version > ver {
		return
	}
	grow := len(id) + len(body) + heldOverhead
	if old != nil {
		grow -= len(id) + len(old.body) + heldOverhead
	}
	if o.heldBytes+grow > o.opts.StoreBytes {
		o.stats.Refused++
		return
	}
	o.heldBytes += grow
	o.held[id] = &heldSnapshot{owner: owner, version: ver, body: body}
}

func (o *owners) removeLocked(id string, h *heldSnapshot) {
	delete(o.held, id)
	o.heldBytes -= len(id) + len(h.body) + heldOverhead
}

// sweepLocked forgets claims that are over, and orphans that nobody has asked for in long.
func (o *owners) sweepLocked(now time.Time) {
	for id, c := range o.claims {
		if !o.inForceLocked(c, now) {
			delete(o.claims, id)
		}
	}
	for id, h := range o.held {
		if !h.until.IsZero() && !now.Before(h.until) {
			o.removeLocked(id, h)
		}
	}
}

// lostTo takes the word of a keeper that a session of this node has a later owner.
func (o *owners) lostTo(_ Member, p packet) {
	f := fields{rest: p.header}
	id, epoch := f.text(), f.uint()
	if f.bad {
		return
	}
	if o.lose(id, epoch); !o.owns(id) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.tellYieldLocked(id)
	}
}

func (o *owners) owns(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mine[id] != nil
}

func (o *owners) tellLostLocked(to Member, id string, epoch uint64) {
	header := binary.AppendUvarint(appendText(nil, id), epoch)
	o.s.w.tell(to, packet{kind: kindSnapshotLost, header: header})
}

// lose ends the ownership of a session if it is of an epoch before this one.
func (o *owners) lose(id string, epoch uint64) {
	o.mu.Lock()
	m := o.mine[id]
	if m == nil || m.version.epoch() >= epoch {
		o.mu.Unlock()
		return
	}
	o.dropLocked(id, m)
	o.stats.Lost++
	onLost := o.onLost
	o.mu.Unlock()
	if m.adopted {
		o.s.registry.leave(sessionGroup(id), epochValue(m.version.epoch()))
	}
	if isGrain(id) {
		o.s.grains.stop([]string{id})
		return
	}
	if onLost != nil {
		onLost(id)
	}
}
