package cluster

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// fanout sends one message to each member. Messages of a node have sequence numbers; the sender keeps them
// until all members of its view have them, the receiver takes only the next one and asks for the rest after
// a gap. So a member gets each message at most once, in the order of the sender, and it gets all that were
// sent between its joining and its leaving the sender's view.
type fanout struct {
	w    wire
	opts serviceOptions
	log  func(what string, value any)

	mu          sync.Mutex
	self        Member
	sequence    uint64   // of the last message
	kept        []fanned // the last len(kept) messages; the newest has sequence
	keptBytes   int
	epochs      uint64
	receivers   map[string]*fanTo   // members, by boot
	senders     map[string]*fanFrom // by boot; kept past a leave, so that nothing comes twice
	lastSenders []string            // keys of senders in the order of coming, for the bound
	topics      map[string][]*subscription
}

type fanned struct {
	topic   string
	payload []byte
}

// fanTo is a member that messages go to.
type fanTo struct {
	member Member
	epoch  uint64 // its joining; grows
	base   uint64 // the last message before it joined
	acked  uint64
}

// fanFrom is a node that messages come from.
type fanFrom struct {
	epoch   uint64
	got     uint64 // the last message delivered or skipped
	toldAck uint64
	asked   bool // since the last beat
}

type subscription struct {
	f func(from Member, payload []byte)
}

// maxSenders is how many nodes that have left are remembered, so that nothing of theirs comes twice.
const maxSenders = 1024

func newFanout(w wire, o serviceOptions, log func(string, any)) *fanout {
	t := &fanout{
		w: w, opts: o, log: log, self: w.Self(),
		receivers: map[string]*fanTo{}, senders: map[string]*fanFrom{}, topics: map[string][]*subscription{},
	}
	w.handle(kindFanout, t.receive)
	w.handle(kindFanoutAck, t.acked)
	return t
}

// subscribe adds f to a topic.
func (t *fanout) subscribe(topic string, f func(from Member, payload []byte)) (stop func()) {
	sub := &subscription{f}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.topics[topic] = append(t.topics[topic][:len(t.topics[topic]):len(t.topics[topic])], sub)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		var left []*subscription
		for _, s := range t.topics[topic] {
			if s != sub {
				left = append(left, s)
			}
		}
		if t.topics[topic] = left; len(left) == 0 {
			delete(t.topics, topic)
		}
	}
}

// broadcast sends a message to all members, and delivers it here.
func (t *fanout) broadcast(topic string, payload []byte) error {
	if len(topic)+len(payload) > t.opts.MessageBytes {
		return ErrTooLarge
	}
	t.mu.Lock()
	if len(t.receivers) > 0 {
		if t.keptBytes+len(payload) > t.opts.FanoutBytes || len(t.kept) >= t.opts.FanoutMessages {
			t.mu.Unlock()
			return ErrBusy
		}
		t.sequence++
		t.kept = append(t.kept, fanned{topic, payload})
		t.keptBytes += len(payload)
		for _, to := range t.receivers {
			t.tellLocked(to, t.sequence)
		}
	}
	subs := t.topics[topic]
	t.mu.Unlock()
	t.publish(subs, t.w.Self(), payload)
	return nil
}

// tellLocked sends a kept message; what is refused is sent after the next beat.
func (t *fanout) tellLocked(to *fanTo, sequence uint64) error {
	m := t.kept[len(t.kept)-1-int(t.sequence-sequence)]
	header := binary.AppendUvarint(make([]byte, 0, len(m.topic)+24), to.epoch)
	header = appendText(binary.AppendUvarint(header, to.base), m.topic)
	return t.w.tell(to.member, packet{kind: kindFanout, id: sequence, header: header, body: m.payload})
}

// publish calls the subscribers, one after the other, and keeps a panic of one from the others.
func (t *fanout) publish(subs []*subscription, from Member, payload []byte) {
	for _, s := range subs {
		func() {
			defer func() {
				if v := recover(); v != nil {
					t.log("subscriber panicked", fmt.Sprint(v))
				}
			}()
			s.f(from, payload)
		}()
	}
}

// receive takes a message, if it is the next one.
func (t *fanout) receive(from Member, p packet) {
	f := fields{rest: p.header}
	epoch, base, topic := f.uint(), f.uint(), f.text()
	if f.bad {
		return
	}
	t.mu.Lock()
	s := t.senderLocked(from.Boot, epoch, base)
	if s == nil || p.id != s.got+1 {
		if s != nil && p.id > s.got {
			t.askLocked(from, s)
		}
		t.mu.Unlock()
		return
	}
	s.got = p.id
	if s.got-s.toldAck >= uint64(t.opts.FanoutMessages)/4 {
		t.tellAckLocked(from, s, 0)
	}
	subs := t.topics[topic]
	t.mu.Unlock()
	t.publish(subs, from, p.body)
}

// senderLocked returns the state of a sender, nil if it is not in the view. A joining that is not known
// yet starts behind its base.
func (t *fanout) senderLocked(boot string, epoch, base uint64) *fanFrom {
	if t.receivers[boot] == nil {
		return nil
	}
	s := t.senders[boot]
	if s == nil {
		s = &fanFrom{}
		t.senders[boot] = s
		t.lastSenders = append(t.lastSenders, boot)
		t.boundLocked()
	}
	if epoch > s.epoch {
		s.epoch, s.got = epoch, max(s.got, base)
	}
	return s
}

// boundLocked forgets the oldest of the senders that have left.
func (t *fanout) boundLocked() {
	for i := 0; len(t.lastSenders) > maxSenders && i < len(t.lastSenders); {
		boot := t.lastSenders[i]
		if t.receivers[boot] != nil {
			i++
			continue
		}
		delete(t.senders, boot)
		t.lastSenders = append(t.lastSenders[:i], t.lastSenders[i+1:]...)
	}
}

func (t *fanout) askLocked(from Member, s *fanFrom) {
	if !s.asked {
		s.asked = t.tellAckLocked(from, s, 1) == nil
	}
}

func (t *fanout) tellAckLocked(to Member, s *fanFrom, again uint32) error {
	err := t.w.tell(to, packet{kind: kindFanoutAck, id: s.got, code: again})
	if err == nil {
		s.toldAck = s.got
	}
	return err
}

// acked takes note of what a member has, and sends the rest again if it wants that.
func (t *fanout) acked(from Member, p packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	to := t.receivers[from.Boot]
	if to == nil {
		return
	}
	t.ackLocked(to, p.id)
	if p.code != 1 {
		return
	}
	bytes := 0
	for n := max(p.id, to.base) + 1; n <= t.sequence && bytes < t.opts.ChunkBytes; n++ {
		if n+uint64(len(t.kept)) <= t.sequence {
			continue // every member that it was meant for has it
		}
		bytes += len(t.kept[len(t.kept)-1-int(t.sequence-n)].payload)
		if t.tellLocked(to, n) != nil {
			return
		}
	}
}

func (t *fanout) ackLocked(to *fanTo, upTo uint64) {
	to.acked = min(max(to.acked, upTo), t.sequence)
	t.trimLocked()
}

// trimLocked drops messages that all members have.
func (t *fanout) trimLocked() {
	low := t.sequence
	for _, to := range t.receivers {
		low = min(low, to.acked)
	}
	for t.sequence-uint64(len(t.kept)) < low {
		t.keptBytes -= len(t.kept[0].payload)
		t.kept[0] = fanned{}
		t.kept = t.kept[1:]
	}
	if len(t.kept) == 0 {
		t.kept = nil
	}
}

// fanBeat is what the beat to a member says: up to where there is something, and what has arrived.
type fanBeat struct{ epoch, base, sent, got uint64 }

func (t *fanout) beatOf(boot string) fanBeat {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b fanBeat
	if to := t.receivers[boot]; to != nil {
		b.epoch, b.base, b.sent = to.epoch, to.base, t.sequence
	}
	if s := t.senders[boot]; s != nil {
		b.got, s.toldAck = s.got, s.got
	}
	return b
}

// beat finds messages that were lost without a later one to show it.
func (t *fanout) beat(from Member, b fanBeat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	to := t.receivers[from.Boot]
	if to == nil {
		return
	}
	t.ackLocked(to, b.got)
	if b.epoch == 0 {
		return // this node is not in its view
	}
	s := t.senderLocked(from.Boot, b.epoch, b.base)
	s.asked = false
	if b.sent > s.got {
		t.askLocked(from, s)
	}
}

// topology adds members that came, and forgets those that left.
func (t *fanout) topology(v, old *view) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range v.departed(old) {
		delete(t.receivers, m.Boot)
	}
	for _, m := range v.arrived(old, t.self.Boot) {
		t.epochs++
		t.receivers[m.Boot] = &fanTo{member: m, epoch: t.epochs, base: t.sequence, acked: t.sequence}
	}
	t.trimLocked()
}
