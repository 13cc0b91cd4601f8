package cluster

import (
	"context"
	"encoding/binary"
	"time"
)

// confirmBatch is how many sessions are confirmed in one round.
const confirmBatch = 500

// confirm asks all members whether the sessions that are suspect have found other owners while this node
// had no lease. What all confirm goes on; what has a later owner ends here; the rest is asked again.
func (o *owners) confirm() {
	defer func() {
		o.mu.Lock()
		o.confirming = false
		o.mu.Unlock()
	}()
	for {
		ids, request, v := o.suspects()
		if len(ids) == 0 {
			o.wake()
			return
		}
		texts, missing := o.ask(context.Background(), v, confirmService, request)
		if !o.confirmed(ids, v, texts, missing) {
			return // the next tick begins again
		}
	}
}

// suspects returns a batch of suspect sessions, and the request that asks about them.
func (o *owners) suspects() ([]string, []byte, *view) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ids []string
	var request []byte
	for id, m := range o.mine {
		if m.suspect && len(ids) < confirmBatch {
			ids = append(ids, id)
			request = binary.AppendUvarint(appendText(request, id), m.version.epoch())
		}
	}
	return ids, request, o.view
}

// confirmed takes the answers of a round; false if it has to be repeated later.
func (o *owners) confirmed(ids []string, v *view, texts map[string][]byte, missing int) bool {
	verdicts, epochs, grants := make([]verdict, len(ids)), make([]uint64, len(ids)), make([]int, len(ids))
	for _, text := range texts {
		f := fields{rest: text}
		for i := range ids {
			said := verdict(f.uint())
			epochs[i] = max(epochs[i], f.uint())
			if verdicts[i] = max(verdicts[i], said); f.bad {
				missing++
			}
			if said == verdictGrant {
				grants[i]++
			}
		}
	}
	now, again := time.Now(), false
	o.mu.Lock()
	if missing > 0 || o.view != v || !o.leases.held(now) || !o.leases.informed(now) {
		o.mu.Unlock()
		return false
	}
	var lost []int
	for i, id := range ids {
		m := o.mine[id]
		switch {
		case m == nil:
		case verdicts[i] == verdictLost:
			lost = append(lost, i)
		case verdicts[i] == verdictWait, grants[i]+1 < o.leases.quorum():
			again = true
		default:
			m.suspect, m.confirmed = false, true
		}
	}
	o.mu.Unlock()
	for _, i := range lost {
		o.lose(ids[i], epochs[i])
	}
	return !again
}

// serveConfirm answers the confirmation of another node: for each session a verdict and the last epoch.
func (o *owners) serveConfirm(_ context.Context, from Member, request []byte) ([]byte, error) {
	now := time.Now()
	var body []byte
	for f := (fields{rest: request}); f.more(); {
		id, epoch := f.text(), f.uint()
		if f.bad {
			return nil, ErrBadID
		}
		_, registered := o.registered(id)
		said, newest := o.review(id, epoch, from.Boot, registered, now)
		body = binary.AppendUvarint(binary.AppendUvarint(body, uint64(said)), newest)
	}
	return body, nil
}

// review is this node's verdict about a session that another node believes to own.
func (o *owners) review(id string, epoch uint64, boot string, registered bool, now time.Time) (verdict, uint64) {
	o.mu.Lock()
	newest := o.newestEpochLocked(id, registered)
	c, claimed := o.claimedLocked(id, boot, now)
	mine, said := o.mine[id], verdictGrant
	switch {
	case !o.view.has(boot):
		said = verdictWait
	case newest > epoch:
		said = verdictLost
	case mine != nil, claimed, o.taking[id] != nil, !o.leases.settled(now, boot), !o.s.registry.settled():
		said = verdictWait
	case !o.leases.informed(now):
		said = verdictAbstain
	default:
		until := now.Add(2*o.opts.TakeTimeout + o.opts.Term + o.opts.Margin)
		o.claims[id] = claim{boot: boot, epoch: epoch, until: until, confirmed: true}
	}
	if m, ok := o.view.byBoot[c.boot]; said == verdictWait && claimed && c.confirmed && c.epoch < epoch && ok {
		o.tellLostLocked(m, id, epoch) // the later owner goes on
	}
	o.mu.Unlock()
	if said == verdictWait && mine != nil {
		o.lose(id, epoch)
	}
	return said, newest
}

// yieldedBy takes the word of a member that it does not own a session any more, which it may have confirmed.
func (o *owners) yieldedBy(from Member, p packet) {
	f := fields{rest: p.header}
	id := f.text()
	o.mu.Lock()
	defer o.mu.Unlock()
	if c, ok := o.claims[id]; ok && c.boot == from.Boot {
		delete(o.claims, id)
	}
}

// tellYieldLocked tells all members that this node does not own a session any more.
func (o *owners) tellYieldLocked(id string) {
	for _, out := range o.outs {
		o.s.w.tell(out.member, packet{kind: kindSnapshotYield, header: appendText(nil, id)}) // else told at the next claim
	}
}
