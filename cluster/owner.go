package cluster

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// Place says where a session is served.
type Place uint8

// The places.
const (
	// PlaceHere: this node is the owner.
	PlaceHere Place = iota + 1
	// PlaceMember: Location.Member is the owner, or will become it: it calls Take when it is asked.
	PlaceMember
	// PlaceTake: nobody is known to be the owner and it is this node's turn: call Take.
	PlaceTake
	// PlaceGone: this node made the session, and it has ended.
	PlaceGone
)

// Location is where a session is served, as of the current view.
type Location struct {
	Place  Place
	Member Member // for PlaceMember
}

// version orders snapshots of one session: the epoch counts the owners, the rest the snapshots of each.
// The epoch of a grain, its token, is at least the time in milliseconds, which fits until 2109. More
// snapshots than fit make the epoch one larger, which does no harm.
type version uint64

const counterBits = 22

func (v version) epoch() uint64 { return uint64(v >> counterBits) }

// firstOf returns the lowest version of an epoch.
func firstOf(epoch uint64) version { return version(epoch << counterBits) }

// owned is a session that this node owns.
type owned struct {
	version   version
	snapshot  []byte
	keeper    string // boot of the member that has the snapshot; "" for none
	exposed   bool   // a snapshot has been told to some keeper, so that others could take the session over
	suspect   bool   // the lease was lost since: others may have taken it
	confirmed bool   // others have it in their claims
	adopted   bool   // taken over: it is in the registry
}

// owners is which sessions this node owns, whose snapshots it keeps, and whom it has promised what. The
// lock is held for decisions only; rounds of claims wait without it.
type owners struct {
	s       *services
	ids     *sessionIDs
	opts    serviceOptions
	poke    chan struct{} // something waits for a tick
	working sync.WaitGroup

	mu         sync.Mutex
	leases     *leases
	view       *view
	mine       map[string]*owned
	taking     map[string]chan struct{} // closed when the attempt is over
	claims     map[string]claim         // granted to others
	held       map[string]*heldSnapshot
	heldBytes  int
	outs       map[string]*snapOut // to keepers, by boot; all members
	ins        map[string]*snapIn  // from owners, by boot; all members
	suspended  bool
	replace    bool // the view has changed since snapshots were placed
	confirming bool
	released   bool // this node has handed everything over
	admitted   bool // this node has had its lease and was informed, once

	onLost      func(id string)
	onSuspended func(suspended bool)
	stats       OwnerStats
}

// OwnerStats counts since the start; Owned, Held and HeldBytes are as of now.
type OwnerStats struct {
	Owned, Held, HeldBytes int
	Taken, Lost, Refused   int // sessions taken over; lost to another owner; snapshots refused by a full store
	HandedOver             int
}

// sessionGroup is the registry group of a session that was taken over.
func sessionGroup(id string) string { return "session/" + id }

func newOwners(s *services) *owners {
	o := &owners{
		s: s, ids: newSessionIDs(s.self.Boot, s.opts.Key), opts: s.opts, poke: make(chan struct{}, 1),
		leases: newLeases(s.self.Boot, s.opts, time.Now()), view: s.views.load(),
		mine: map[string]*owned{}, taking: map[string]chan struct{}{}, claims: map[string]claim{},
		held: map[string]*heldSnapshot{}, outs: map[string]*snapOut{}, ins: map[string]*snapIn{},
	}
	s.w.handle(kindRelease, o.releasedBy)
	s.w.handle(kindSnapshotPut, o.put)
	s.w.handle(kindSnapshotLost, o.lostTo)
	s.w.handle(kindSnapshotResync, o.resync)
	s.w.handle(kindSnapshotTaken, o.takenBy)
	s.w.handle(kindSnapshotYield, o.yieldedBy)
	s.calls.register(claimService, o.serveClaim)
	s.calls.register(confirmService, o.serveConfirm)
	return o
}

// NewSessionID returns an id for a session of this node: visible ASCII, under 80 bytes, 128 random bits,
// with a MAC, so that ids cannot be made up by clients.
func (s *services) NewSessionID() string { return s.owners.ids.make() }

// SessionCreator returns the boot of the node that made a session id; false if no node with this cookie did.
func (s *services) SessionCreator(id string) (boot string, ok bool) { return s.owners.ids.creator(id) }

// Locate says where the session with this id is served. All nodes with one view agree about the member:
// the owner while it is there, else the member that keeps the snapshot. It asks nobody. Errors: ErrBadID;
// ErrNoQuorum if this node owns the session but is cut off from so many that others may take it over.
func (s *services) Locate(id string) (Location, error) {
	creator, ok := s.SessionCreator(id)
	if !ok {
		return Location{}, ErrBadID
	}
	return s.owners.locate(id, creator, time.Now())
}

// creator returns the boot of the node that made a session; "" for a grain.
func (o *owners) creator(id string) (boot string, ok bool) {
	if isGrain(id) {
		return "", true
	}
	return o.ids.creator(id)
}

func (o *owners) locate(id, creator string, now time.Time) (Location, error) {
	owner, adopted := o.registered(id) // before the lock, as the registry has one of its own
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.mine[id]; m != nil {
		if m.suspect || m.exposed && !o.leases.held(now) {
			return Location{}, ErrNoQuorum
		}
		return Location{Place: PlaceHere}, nil
	}
	if adopted && owner.Boot != o.s.self.Boot && !o.leases.released[owner.Boot] {
		return Location{PlaceMember, owner}, nil
	}
	if m, ok := o.view.byBoot[creator]; ok && !o.leases.released[creator] {
		if creator == o.s.self.Boot && !o.released {
			return Location{Place: PlaceGone}, nil
		}
		if creator != o.s.self.Boot {
			return Location{PlaceMember, m}, nil
		}
	}
	m, ok := o.activatorLocked(id, creator, now)
	switch {
	case !ok:
		return Location{}, ErrNoQuorum
	case m.Boot == o.s.self.Boot:
		return Location{Place: PlaceTake}, nil
	default:
		return Location{PlaceMember, m}, nil
	}
}

// registered returns the member that has taken the session over, of several the one with the last epoch.
func (o *owners) registered(id string) (owner Member, ok bool) {
	if !o.s.registry.any(sessionGroup(id)) { // nearly always
		return owner, false
	}
	var best uint64
	for _, e := range o.s.registry.lookup(sessionGroup(id)) {
		f := fields{rest: e.Value}
		if epoch := f.uint(); epoch > best {
			owner, best = e.Member, epoch
		}
	}
	return owner, best > 0
}

// activatorLocked returns the member that takes over the session of a creator that is gone: of those that
// can decide, if any can.
func (o *owners) activatorLocked(id, creator string, now time.Time) (Member, bool) {
	gone := func(m Member) bool { return m.Boot == creator || o.drainedLocked(m.Boot) }
	m, ok := o.view.owner(id, gone)
	if !ok || !o.leases.abstains(m.Boot, now) {
		return m, ok
	}
	if able, found := o.view.owner(id, func(m Member) bool { return gone(m) || o.leases.abstains(m.Boot, now) }); found {
		return able, true
	}
	return m, true
}

// keeperLocked returns the member that keeps the snapshot of a session of this node.
func (o *owners) keeperLocked(id, creator string) (Member, bool) {
	return o.view.owner(id, func(m Member) bool {
		return m.Boot == creator || m.Boot == o.s.self.Boot || o.drainedLocked(m.Boot)
	})
}

func (o *owners) drainedLocked(boot string) bool {
	return o.leases.released[boot] || o.released && boot == o.s.self.Boot
}

// Keep stores the snapshot of a session of this node, here and on one other member, in place of an earlier
// one. The first Keep of a session that this node made begins its ownership; a session of another node
// needs Take first. snapshot belongs to the cluster afterwards. A keeper that cannot be reached now gets
// it later. Errors: ErrBadID; ErrTooLarge over 512 KiB; ErrGone if this node does not own the session;
// ErrClosed after HandOver.
func (s *services) Keep(id string, snapshot []byte) error {
	creator, ok := s.SessionCreator(id)
	if !ok {
		return ErrBadID
	}
	if len(snapshot) > s.opts.SnapshotBytes {
		return ErrTooLarge
	}
	o := s.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.mine[id]
	switch {
	case o.released:
		return ErrClosed
	case m == nil && creator != s.self.Boot:
		return ErrGone
	case m == nil:
		m = &owned{version: firstOf(1)}
		o.mine[id] = m
	}
	m.version++
	m.snapshot = snapshot
	o.placeLocked(id, m, time.Now())
	return nil
}

// Forget ends the ownership of a session, and removes its snapshot everywhere.
func (s *services) Forget(id string) {
	o := s.owners
	o.mu.Lock()
	m := o.mine[id]
	if m != nil {
		o.dropLocked(id, m)
	}
	o.mu.Unlock()
	if m != nil && m.adopted {
		s.registry.leave(sessionGroup(id), epochValue(m.version.epoch()))
	}
}

// OnLost sets the function that hears of a session of this node that another member has taken over: it
// must end here at once, without Forget. It runs on a goroutine of the cluster and must not block.
func (s *services) OnLost(f func(id string)) {
	s.owners.mu.Lock()
	defer s.owners.mu.Unlock()
	s.owners.onLost = f
}

// OnSuspended sets the function that hears when this node must not act for sessions that others may take
// over (true: too few members in reach), and when it may again; sessions lost in between are told to
// OnLost before. It runs on a goroutine of the cluster and must not block.
func (s *services) OnSuspended(f func(suspended bool)) {
	s.owners.mu.Lock()
	defer s.owners.mu.Unlock()
	s.owners.onSuspended = f
}

// Quorum says whether this node sees enough members to take over sessions and run singletons.
func (s *services) Quorum() bool {
	o := s.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.quorumLocked()
}

func (o *owners) quorumLocked() bool { return len(o.view.Members) >= o.leases.quorum() }

// Admitted returns nil once this node has had the lease that an owner needs, and takes part in decisions: from
// then on the death of this node does not cost its sessions. It stays nil. Else the error says what is
// missing: ErrNoQuorum too many members, ErrUnsettled only time.
func (s *services) Admitted() error {
	o := s.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	seen, need := len(o.view.Members), o.leases.base-o.leases.quorum()+1
	switch {
	case o.admitted:
		return nil
	case seen < need:
		return fmt.Errorf("%w: this node sees %d of %d members, and needs %d", ErrNoQuorum, seen, o.leases.base, need)
	default:
		return fmt.Errorf("%w: this node has just started, sees %d of %d members and has no lease yet", ErrUnsettled, seen, o.leases.base)
	}
}

// Isolated says whether this node had its lease and is about to lose it, or has lost it: so many members do
// not answer its beats that the others may be a majority. It is known 1.5 s after such a cut.
func (s *services) Isolated() bool {
	o := s.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.isolatedLocked(time.Now())
}

func (o *owners) isolatedLocked(now time.Time) bool { return o.admitted && o.leases.fades(now) }

// OwnerStats returns the counters of sessions and snapshots.
func (s *services) OwnerStats() OwnerStats {
	o := s.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.stats
	st.Owned, st.Held, st.HeldBytes = len(o.mine), len(o.held), o.heldBytes
	return st
}

// beatOf adds what the beat to a member says about leases and snapshots.
func (o *owners) beatOf(boot string, now time.Time, b *beat) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b.sent, b.echo = o.leases.times(boot, now)
	b.base = uint64(o.leases.base)
	if out := o.outs[boot]; out != nil {
		b.snapSent = out.sequence
	}
	if in := o.ins[boot]; in != nil && in.synced {
		b.snapGot = in.got
	}
}

// beat takes what a beat says about leases and snapshots, and reports whether it makes this node informed.
func (o *owners) beat(from Member, b beat, now time.Time) (informed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.view.has(from.Boot) {
		return false
	}
	informed = !o.leases.informed(now)
	o.leases.bases[from.Boot] = int(min(b.base, math.MaxInt32))
	o.leases.beat(from, b.sent, b.echo, now)
	o.leases.renew()
	informed = informed && o.leases.informed(now)
	if out := o.outs[from.Boot]; out != nil {
		out.acked = min(b.snapGot, out.sequence)
	}
	if in := o.ins[from.Boot]; in != nil && (!in.synced && b.snapSent > 0 || b.snapSent > in.got) {
		in.synced = false
		o.s.w.tell(from, packet{kind: kindSnapshotResync}) // asked again after the next beat
	}
	if (o.suspended || !o.admitted) && o.leases.held(now) {
		o.wake()
	}
	return informed
}

// leaseEnd returns after which time the lease is to be looked at, if no beat comes: when it begins to fade,
// and when it ends.
func (o *owners) leaseEnd(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	end, ok := o.leases.until()
	left := end.Sub(now)
	switch {
	case !ok || left <= 0:
		return o.opts.Term
	case left >= o.opts.Term/2:
		return left - o.opts.Term/2 + time.Millisecond
	default:
		return left
	}
}

func (o *owners) wake() {
	select {
	case o.poke <- struct{}{}:
	default:
	}
}

func (o *owners) topology(v, old *view, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.view = v
	o.leases.topology(v, now)
	for _, m := range v.departed(old) {
		delete(o.outs, m.Boot)
		delete(o.ins, m.Boot)
	}
	for _, m := range v.arrived(old, o.s.self.Boot) {
		o.outs[m.Boot] = &snapOut{member: m, dirty: map[string]version{}, copies: map[string]struct{}{}}
		o.ins[m.Boot] = &snapIn{}
	}
	o.replace = true
	o.wake()
}

// tick does what waits for time: it suspends and confirms ownership, places and sends snapshots, and
// forgets what is too old.
func (o *owners) tick(now time.Time) {
	o.mu.Lock()
	o.leases.sweep(now)
	held := o.leases.held(now)
	o.admitted = o.admitted || held && o.leases.informed(now)
	suspects, grains := o.suspectLocked(held)
	began := !held && !o.suspended && suspects > 0
	if began {
		o.suspended = true
	}
	confirm := held && suspects > 0 && !o.confirming
	ended := held && o.suspended && suspects == 0
	if ended {
		o.suspended = false
	}
	o.confirming = o.confirming || confirm
	if held {
		o.placeAllLocked(now)
	}
	o.sweepLocked(now)
	onSuspended := o.onSuspended
	o.mu.Unlock()
	o.s.grains.stop(grains)
	for _, id := range grains {
		o.leaveRegistry(id)
	}
	if (began || ended) && onSuspended != nil {
		onSuspended(began)
	}
	if confirm {
		o.working.Go(o.confirm)
	}
}

// suspectLocked makes what others may take over suspect, where the lease is not held, and counts what is.
// Grains are ended at once; their ids are returned.
func (o *owners) suspectLocked(held bool) (suspects int, grains []string) {
	for id, m := range o.mine {
		switch {
		case isGrain(id) && !held:
			grains = append(grains, id)
			delete(o.mine, id)
			continue
		case !held && m.exposed:
			m.suspect = true
		}
		if m.suspect {
			suspects++
		}
	}
	return suspects, grains
}
