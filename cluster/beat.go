package cluster

import (
	"encoding/binary"
	"time"
)

// beat is what each node tells each member every half a second: support for leases, and where each
// service stands, so that a loss shows though nothing else follows it.
type beat struct {
	sent, echo uint64 // see leases
	base       uint64 // see leases
	registry   uint64 // version of the own entries
	fan        fanBeat
	snapSent   uint64 // puts to this keeper
	snapGot    uint64 // puts from this owner
	streams    []byte // see streams.beatOf
}

func (b *beat) append(dst []byte) []byte {
	for _, n := range [...]uint64{b.sent, b.echo, b.base, b.registry, b.fan.epoch, b.fan.base, b.fan.sent, b.fan.got, b.snapSent, b.snapGot} {
		dst = binary.AppendUvarint(dst, n)
	}
	return append(dst, b.streams...)
}

func parseBeat(text []byte) (beat, bool) {
	f := fields{rest: text}
	b := beat{
		sent: f.uint(), echo: f.uint(), base: f.uint(), registry: f.uint(),
		fan:      fanBeat{epoch: f.uint(), base: f.uint(), sent: f.uint(), got: f.uint()},
		snapSent: f.uint(), snapGot: f.uint(),
	}
	b.streams = f.rest
	return b, !f.bad
}

// tick is the turn of the clock: beats to all members, and what waits for time.
func (s *services) tick(now time.Time) {
	v := s.views.load()
	for _, m := range v.Members {
		if m.Boot != s.self.Boot {
			s.tellBeat(m, now)
		}
	}
	s.streams.tick()
	s.look(now)
}

// look acts on what the time has made of the lease.
func (s *services) look(now time.Time) {
	if s.Isolated() {
		s.streams.sever()
	}
	s.owners.tick(now)
}

func (s *services) tellBeat(to Member, now time.Time) {
	b := beat{registry: s.registry.beatOf(), fan: s.fanout.beatOf(to.Boot), streams: s.streams.beatOf(to.Boot, nil)}
	s.owners.beatOf(to.Boot, now, &b)
	s.w.tell(to, packet{kind: kindBeat, header: b.append(nil)}) // a lost beat is like a late one
}

// beaten takes a beat of a member.
func (s *services) beaten(from Member, p packet) {
	b, ok := parseBeat(p.header)
	if !ok || !s.views.load().has(from.Boot) {
		return
	}
	if now := time.Now(); s.owners.beat(from, b, now) {
		for _, m := range s.views.load().Members {
			if m.Boot != s.self.Boot {
				s.tellBeat(m, now) // they have this node's support from here on
			}
		}
	}
	s.registry.beat(from, b.registry)
	s.fanout.beat(from, b.fan)
	s.streams.beat(from, b.streams)
}
