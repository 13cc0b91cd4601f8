package cluster

import (
	"bytes"
	"testing"
)

func TestBeatRoundTrip(t *testing.T) {
	want := beat{1, 2, 11, 3, fanBeat{4, 5, 6, 7}, 8, 9, []byte{10}}
	got, ok := parseBeat(want.append(nil))
	if !ok || !bytes.Equal(got.append(nil), want.append(nil)) || got.snapGot != 9 || got.fan.got != 7 || got.base != 11 {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	if _, ok := parseBeat([]byte{1, 2}); ok {
		t.Error("a cut beat is taken")
	}
}

// FuzzPackets gives each handler headers and bodies of a peer.
func FuzzPackets(f *testing.F) {
	for k := kindBeat; k < packetKinds; k++ {
		f.Add(uint8(k), uint64(1), uint32(1), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 1, 1, 1}, []byte("\x01g\x01v\x01"))
	}
	f.Add(uint8(kindCall), uint64(7), uint32(0), append([]byte{100}, appendText(nil, claimService)...), appendText(nil, "x"))
	f.Fuzz(func(t *testing.T, kind uint8, id uint64, code uint32, header, body []byte) {
		net := newMemNet(serviceOptions{})
		n := &memNode{net: net, member: Member{Name: "a@h", Boot: "a"}}
		peer := Member{Name: "b@h", Boot: "b"}
		n.top = Topology{Generation: 1, Members: []Member{n.member, peer}}
		n.services = newServices(n, net.opts)
		if kind := packetKind(kind); kind < packetKinds && n.handlers[kind] != nil {
			n.handlers[kind](peer, packet{kind, id, code, header, body})
		}
		n.close()
	})
}
