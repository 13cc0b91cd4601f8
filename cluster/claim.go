package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
)

// Services of the call table that ask members about ownership.
const (
	claimService   = "cluster/claim"
	confirmService = "cluster/confirm"
)

// claim is a promise to another node, that it alone may take a session over, or go on with it.
type claim struct {
	boot      string
	epoch     uint64
	until     time.Time
	confirmed bool // the node owns it: the claim lasts as long as the support of that node
}

// claimedLocked returns the claim of another node than boot, if it is in force.
func (o *owners) claimedLocked(id, boot string, now time.Time) (claim, bool) {
	c, ok := o.claims[id]
	return c, ok && c.boot != boot && o.inForceLocked(c, now)
}

func (o *owners) inForceLocked(c claim, now time.Time) bool {
	supported := now.Before(o.leases.promised[c.boot]) && !o.leases.dead(c.boot)
	return supported && c.confirmed || now.Before(c.until) && (supported || o.view.has(c.boot))
}

// verdict is what a member says to a claim.
type verdict uint8

const (
	verdictAbstain verdict = iota + 1 // a node that has just started counts for nothing
	verdictGrant
	verdictOwned // another member owns the session
	verdictWait  // it cannot be said yet
	verdictLost  // to a confirmation: there is a later owner
)

// answer is a verdict with what the member knows. owner is a boot.
type answer struct {
	verdict  verdict
	owner    string
	epoch    uint64 // the last one known
	version  version
	snapshot []byte // where hasSnapshot
	has      bool
}

func (a *answer) append(dst []byte) []byte {
	dst = append(dst, byte(a.verdict))
	dst = appendText(dst, a.owner)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, a.epoch), uint64(a.version))
	if !a.has {
		return append(dst, 0)
	}
	return appendBytes(append(dst, 1), a.snapshot)
}

func parseAnswer(text []byte) (a answer, ok bool) {
	if len(text) == 0 {
		return a, false
	}
	f := fields{rest: text[1:]}
	a = answer{verdict: verdict(text[0]), owner: f.text(), epoch: f.uint(), version: version(f.uint())}
	if f.uint() == 1 {
		a.has, a.snapshot = true, f.bytes()
	}
	return a, !f.bad
}

func epochValue(epoch uint64) []byte { return binary.AppendUvarint(nil, epoch) }

// Take makes this node the owner of a session whose owner is gone, and returns its last snapshot. Only the
// member that Locate names may take. All members of the view are asked; while one of them knows of an
// owner, or owes a departed node a promise, nobody can take, and Take waits up to ctx. So at no time do two
// nodes own a session, whatever the network does, as long as clocks run equally fast and nodes are not
// added to the cluster while it is parted. Errors:
//
//	*MovedError   another member, or this node itself, owns it or has to take it: go there
//	ErrNoQuorum   too few members are in reach
//	ErrGone       nobody has a snapshot
//	ErrUnsettled  ctx ended while it was not settled
//	ErrBadID
func (s *services) Take(ctx context.Context, id string) ([]byte, error) {
	creator, ok := s.SessionCreator(id)
	if !ok {
		return nil, ErrBadID
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ErrUnsettled
		case <-timer.C:
		}
		snapshot, err := s.owners.take(ctx, id, creator)
		if !errors.Is(err, ErrUnsettled) {
			return snapshot, err
		}
		timer.Reset(s.opts.Beat / 5)
	}
}

// take makes one attempt.
func (o *owners) take(ctx context.Context, id, creator string) ([]byte, error) {
	began := time.Now()
	o.mu.Lock()
	if other := o.taking[id]; other != nil {
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
		}
		return nil, ErrUnsettled // look again
	}
	if err := o.mayTakeLocked(id, creator); err != nil {
		o.mu.Unlock()
		return nil, err
	}
	v, over := o.view, make(chan struct{})
	o.taking[id] = over
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.taking, id)
		o.mu.Unlock()
		close(over)
	}()

	request := appendText(nil, id)
	answers, missing := o.ask(ctx, v, claimService, request)
	snapshot, err := o.decide(id, creator, v, began, answers, missing)
	if err != nil {
		o.withdraw(id)
	}
	return snapshot, err
}

// withdraw gives back what members have granted to an attempt that failed, so that an owner who is back after
// all need not wait until that has run out. It comes before the claim of the next attempt.
func (o *owners) withdraw(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tellYieldLocked(id)
}

// mayTakeLocked says whether this node is the one to take.
func (o *owners) mayTakeLocked(id, creator string) error {
	if o.mine[id] != nil {
		return &MovedError{o.s.self}
	}
	now := time.Now()
	if !o.quorumLocked() || o.isolatedLocked(now) {
		return ErrNoQuorum
	}
	if m, ok := o.activatorLocked(id, creator, now); !ok || m.Boot != o.s.self.Boot {
		return &MovedError{m}
	}
	return nil
}

// ask calls a service of all other members at once and returns the answers, and how many are missing.
func (o *owners) ask(ctx context.Context, v *view, service string, request []byte) (map[string][]byte, int) {
	ctx, cancel := context.WithTimeout(ctx, o.opts.TakeTimeout)
	defer cancel()
	type reply struct {
		boot string
		body []byte
		err  error
	}
	replies, asked := make(chan reply, len(v.Members)), 0
	for _, m := range v.Members {
		if m.Boot == o.s.self.Boot {
			continue
		}
		asked++
		go func() { // waited for below
			body, err := o.s.calls.call(ctx, m, service, request)
			replies <- reply{m.Boot, body, err}
		}()
	}
	answers := map[string][]byte{}
	for range asked {
		if r := <-replies; r.err == nil {
			answers[r.boot] = r.body
		}
	}
	return answers, asked - len(answers)
}

// decide weighs the answers of a round and takes the session if all of them allow it.
func (o *owners) decide(id, creator string, v *view, began time.Time, texts map[string][]byte, missing int) ([]byte, error) {
	now := time.Now()
	owner, registered := o.registered(id)
	o.mu.Lock()
	best, grants := o.judgeLocked(id, creator, o.s.self.Boot, owner, registered, now), 1
	unsettled := best.verdict != verdictGrant
	for _, text := range texts {
		a, ok := parseAnswer(text)
		switch {
		case !ok || a.verdict == verdictWait:
			unsettled = true
		case a.verdict == verdictOwned:
			best.owner, unsettled = a.owner, true
		case a.verdict == verdictGrant:
			grants++
		}
		if a.has && (!best.has || a.version > best.version) {
			best.has, best.version, best.snapshot = true, a.version, a.snapshot
		}
		best.epoch = max(best.epoch, a.epoch)
	}
	if m, known := o.view.byBoot[best.owner]; known && unsettled && m.Boot != o.s.self.Boot {
		o.mu.Unlock()
		return nil, &MovedError{m}
	}
	defer o.mu.Unlock()
	switch {
	case unsettled, missing > 0, o.view != v, now.Sub(began) >= o.opts.TakeTimeout, !o.leases.held(now):
		return nil, ErrUnsettled
	case grants < o.leases.quorum():
		return nil, ErrNoQuorum
	case !best.has && !isGrain(id):
		return nil, ErrGone
	}
	return best.snapshot, o.adoptLocked(id, best, now)
}

// adoptLocked makes this node the owner.
func (o *owners) adoptLocked(id string, best answer, now time.Time) error {
	epoch := max(best.epoch, best.version.epoch()) + 1
	if isGrain(id) { // nothing may be left that knows the last epoch
		epoch = max(epoch, uint64(now.UnixMilli()))
	}
	m := &owned{version: firstOf(epoch), snapshot: best.snapshot, exposed: true, adopted: true}
	if err := o.s.registry.join(sessionGroup(id), epochValue(m.version.epoch())); err != nil {
		return err
	}
	o.mine[id] = m
	if h := o.held[id]; h != nil {
		o.removeLocked(id, h)
	}
	delete(o.claims, id)
	o.stats.Taken++
	if !isGrain(id) {
		o.tellTakenLocked(id, m.version.epoch())
		o.placeLocked(id, m, now)
	}
	return nil
}

// judgeLocked is this node's verdict about a claim of the node with this boot.
func (o *owners) judgeLocked(id, creator, boot string, owner Member, registered bool, now time.Time) answer {
	a := answer{verdict: verdictGrant, epoch: o.newestEpochLocked(id, registered)}
	c, claimed := o.claimedLocked(id, boot, now)
	if claimed {
		a.epoch = max(a.epoch, c.epoch)
	}
	if h := o.held[id]; h != nil {
		a.has, a.version, a.snapshot = true, h.version, h.body
	}
	switch self := o.s.self.Boot; {
	case o.mine[id] != nil:
		a.verdict, a.owner = verdictOwned, self
	case registered && owner.Boot != boot:
		a.verdict, a.owner = verdictOwned, owner.Boot
	case a.has && o.view.has(o.held[id].owner) && o.held[id].owner != boot && !o.leases.released[o.held[id].owner]:
		a.verdict, a.owner = verdictOwned, o.held[id].owner
	case a.epoch <= 1 && creator != "" && creator != self && o.view.has(creator) && !o.leases.released[creator]:
		a.verdict, a.owner = verdictOwned, creator
	case claimed && c.confirmed && o.view.has(c.boot):
		a.verdict, a.owner = verdictOwned, c.boot
	case boot != self && o.taking[id] != nil,
		claimed,
		!o.leases.settled(now, boot),
		!o.s.registry.settled():
		a.verdict = verdictWait
	case !o.leases.informed(now):
		a.verdict = verdictAbstain
	}
	return a
}

// serveClaim answers the claim of another node.
func (o *owners) serveClaim(_ context.Context, from Member, request []byte) ([]byte, error) {
	f := fields{rest: request}
	id := f.text()
	creator, ok := o.creator(id)
	if f.bad || !ok {
		return nil, ErrBadID
	}
	owner, registered := o.registered(id)
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.view.has(from.Boot) {
		return nil, ErrNodeDown
	}
	a := o.judgeLocked(id, creator, from.Boot, owner, registered, now)
	if a.verdict == verdictGrant {
		until := now.Add(2*o.opts.TakeTimeout + o.opts.Term + o.opts.Margin)
		o.claims[id] = claim{boot: from.Boot, epoch: a.epoch + 1, until: until}
	} else if a.verdict != verdictAbstain {
		a.has, a.snapshot = false, nil
	}
	return a.append(nil), nil
}
