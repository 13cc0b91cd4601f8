package cluster

import (
	"encoding/binary"
	"fmt"
	"maps"
)

// data takes a chunk. A chunk that is not the next one shows a loss, which ends the stream.
func (t *streams) data(from Member, p packet) {
	s := t.find(from, p)
	if s == nil { // ended here; the peer has not heard of it, or never will
		code := (p.code & streamFromOpener) ^ streamFromOpener
		t.w.tell(from, packet{kind: kindStreamClose, id: p.id, code: code, header: binary.AppendUvarint(nil, uint64(CodeBroken))})
		return
	}
	f := fields{rest: p.header}
	number := f.uint()
	t.mu.Lock()
	inOrder := number == s.got+1
	if inOrder {
		s.got, s.gotBytes, s.accepted = number, s.gotBytes+uint64(len(p.body)), true
	}
	t.mu.Unlock()
	if !inOrder {
		t.fail(s, CodeBroken)
		return
	}
	t.deliver(s, p.body, p.code&streamMore != 0)
	t.acknowledge(s)
}

// deliver gives the handler a message, once it is complete.
func (t *streams) deliver(s *Stream, chunk []byte, more bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.handler == nil || t.over(s) {
		return
	}
	message := chunk
	if more || s.partial != nil {
		s.partial = append(s.partial, chunk...)
		message = s.partial
	}
	if len(message) > t.opts.StreamBytes {
		t.endLocked(s, CodeTooLarge, "message is larger than a stream may have on the way")
		return
	}
	if more {
		return
	}
	s.partial = nil
	if text, panicked := t.guarded(func() { s.handler.Receive(message) }); panicked {
		t.endLocked(s, CodePanic, text)
	}
}

// endLocked ends a stream from within its turn, here and at the peer.
func (t *streams) endLocked(s *Stream, code uint32, text string) {
	if t.finish(s) {
		t.tellClose(s, code, text)
		t.sayClosedLocked(s, code, text)
	}
}

func (t *streams) sayClosedLocked(s *Stream, code uint32, text string) {
	h := s.handler
	if h == nil {
		s.early = &streamEnd{code, text}
		return
	}
	s.handler = nil
	t.guarded(func() { h.Closed(code, text) })
}

func (t *streams) guarded(f func()) (text string, panicked bool) {
	defer func() {
		if v := recover(); v != nil {
			t.log("stream handler panicked", v)
			text, panicked = fmt.Sprint(v), true
		}
	}()
	f()
	return "", false
}

func (t *streams) over(s *Stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.ended
}

// acknowledge tells the sender what has arrived, once that is a quarter of what may be on the way. The
// rest is told with the beats.
func (t *streams) acknowledge(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.ended && s.gotBytes-s.toldBytes >= uint64(t.opts.StreamBytes)/4 {
		t.tellAckLocked(s)
	}
}

func (t *streams) tellAckLocked(s *Stream) {
	header := binary.AppendUvarint(nil, s.gotBytes)
	if t.w.tell(s.peer, packet{kind: kindStreamAck, id: s.key.id, code: s.flags(), header: header}) == nil {
		s.toldBytes = s.gotBytes
	}
}

func (t *streams) acked(from Member, p packet) {
	s := t.find(from, p)
	f := fields{rest: p.header}
	if n := f.uint(); s != nil {
		t.mu.Lock()
		s.ackedBytes = min(max(s.ackedBytes, n), s.sentBytes)
		t.mu.Unlock()
	}
}

// closedBy ends a stream that the peer has ended.
func (t *streams) closedBy(from Member, p packet) {
	f := fields{rest: p.header}
	code := uint32(f.uint())
	if s := t.find(from, p); s != nil && t.finish(s) {
		t.say(s, code, string(p.body))
	}
}

// fail ends a stream here and at the peer.
func (t *streams) fail(s *Stream, code uint32) {
	if t.finish(s) {
		t.lose(s, code)
	}
}

// lose does what is left to do for a stream that was taken out of the table.
func (t *streams) lose(s *Stream, code uint32) {
	text := CodeError(code, "").Error()
	t.tellClose(s, code, text)
	t.say(s, code, text)
}

func (t *streams) say(s *Stream, code uint32, text string) {
	s.turn.Lock()
	defer s.turn.Unlock()
	t.sayClosedLocked(s, code, text)
}

// topology ends the streams of members that left.
func (t *streams) topology(v *view) {
	t.end(CodeNodeDown, func(s *Stream) bool { return !v.has(s.key.boot) }, func() {
		t.members = v.byBoot
		maps.DeleteFunc(t.quiet, func(boot string, _ int) bool { return !v.has(boot) })
	})
}

// quietBeats is after how many beats of this node without one of a member the member counts as out of reach:
// 3 s. It may be in the view for as long as others reach it.
const quietBeats = 6

// tick ends the streams to members that have been quiet for so long. No new one is opened until the member is
// heard again.
func (t *streams) tick() {
	t.end(CodeNodeDown, func(s *Stream) bool { return t.quiet[s.key.boot] >= quietBeats }, func() {
		for boot := range t.members {
			if boot != t.w.Self().Boot {
				t.quiet[boot]++
			}
		}
	})
}

// sever ends the streams to members that have been quiet for three beats. It is for a node that most members do
// not answer: there each one that is quiet is out of reach, and waiting for it helps nobody.
func (t *streams) sever() {
	t.end(CodeNodeDown, func(s *Stream) bool { return t.quiet[s.key.boot] >= severBeats }, func() {})
}

// After how many beats of this node without one of a member it does less with that member than while it is
// heard. They are fewer than quietBeats; what loses nothing that is under way comes first.
const (
	isolatedBeats = 2 // no stream is begun where this node is isolated
	severBeats    = 3 // streams end where this node is isolated
	detourBeats   = 3 // streams are begun through another member
)

// Reaches says whether a member has been heard lately, 1 to 1.5 s, or 0.5 to 1 s where this node is isolated.
// It may be in the view although it is not: others reach it, or nobody has noticed yet.
func (s *services) Reaches(boot string) bool {
	s.streams.mu.Lock()
	quiet := s.streams.quiet[boot]
	s.streams.mu.Unlock()
	return quiet < isolatedBeats || quiet < detourBeats && !s.Isolated()
}

// reopen undoes close.
func (t *streams) reopen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = false
}

// close ends all streams.
func (t *streams) close() {
	t.end(CodeClosed, func(*Stream) bool { return true }, func() { t.closed = true })
}

// end ends the streams that which picks, after first has been done under the same lock.
func (t *streams) end(code uint32, which func(*Stream) bool, first func()) {
	var over []*Stream
	t.mu.Lock()
	first()
	for _, s := range t.open {
		if which(s) {
			t.removeLocked(s)
			over = append(over, s)
		}
	}
	t.mu.Unlock()
	for _, s := range over {
		t.lose(s, code)
	}
}

// beatOf returns the open streams with a member, for its beat: id, flags, chunks sent, bytes received.
func (t *streams) beatOf(boot string, dst []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.perPeer[boot] == 0 {
		return dst
	}
	for key, s := range t.open {
		if key.boot != boot {
			continue
		}
		dst = binary.AppendUvarint(dst, key.id)
		dst = binary.AppendUvarint(dst, uint64(s.flags()))
		dst = binary.AppendUvarint(dst, s.sent)
		dst = binary.AppendUvarint(dst, s.gotBytes)
		s.toldBytes = s.gotBytes
	}
	return dst
}

// openBeats is how many beats of the peer an opened stream may stay without an answer.
const openBeats = 6

// beat compares the peer's list of streams with this node's. A beat comes after all that was told before
// it, so a stream that the peer does not have has ended there, and a chunk that is not here was lost.
func (t *streams) beat(from Member, list []byte) {
	theirs := map[streamKey]struct{}{}
	var lost []*Stream
	t.mu.Lock()
	delete(t.quiet, from.Boot)
	for f := (fields{rest: list}); f.more(); {
		key := streamKey{boot: from.Boot, id: f.uint()}
		key.opener = f.uint()&streamFromOpener == 0
		sent, got := f.uint(), f.uint()
		s := t.open[key]
		if f.bad || s == nil {
			continue // a stream that only the peer has gets its end with its next chunk, or by this node's beat
		}
		theirs[key], s.beats = struct{}{}, 0
		s.ackedBytes = min(max(s.ackedBytes, got), s.sentBytes)
		if sent > s.got {
			lost = append(lost, s)
		}
	}
	if t.perPeer[from.Boot] > 0 {
		lost = append(lost, t.missingLocked(from.Boot, theirs)...)
	}
	t.mu.Unlock()
	for _, s := range lost {
		t.fail(s, CodeBroken)
	}
}

// missingLocked returns the streams with a peer that are not in the peer's list.
func (t *streams) missingLocked(boot string, theirs map[streamKey]struct{}) []*Stream {
	var lost []*Stream
	for key, s := range t.open {
		if key.boot != boot {
			continue
		}
		if _, ok := theirs[key]; ok {
			continue
		}
		if s.beats++; s.accepted && s.beats > 1 || s.beats > openBeats {
			lost = append(lost, s)
		}
	}
	return lost
}
