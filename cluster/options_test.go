package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"github.com/erlmcp/erlmcp/cluster/internal/wirepb"
)

func TestOptions(t *testing.T) {
	for _, tc := range []struct {
		name                     string
		o                        Options
		gossip, dist, advertised string
		fails                    string
	}{
		{name: "address", o: Options{Name: "a@127.0.0.3"}, gossip: "127.0.0.3:4369", dist: "127.0.0.3:9001", advertised: "127.0.0.3"},
		{name: "localhost", o: Options{Name: "a@localhost"}, gossip: "127.0.0.1:4369", dist: "127.0.0.1:9001", advertised: "127.0.0.1"},
		{name: "host", o: Options{Name: "a@host.local"}, gossip: "0.0.0.0:4369", dist: "0.0.0.0:9001", advertised: "host.local"},
		{name: "ports", o: Options{Name: "a@host", Gossip: ":1", Dist: "10.0.0.1:2"}, gossip: "0.0.0.0:1", dist: "10.0.0.1:2", advertised: "host"},
		{name: "advertise", o: Options{Name: "a@host", Advertise: "10.0.0.9"}, gossip: "0.0.0.0:4369", dist: "0.0.0.0:9001", advertised: "10.0.0.9"},
		{name: "no host", o: Options{Name: "a"}, fails: "not name@host"},
		{name: "blank", o: Options{Name: "a b@host"}, fails: "visible ASCII"},
		{name: "long", o: Options{Name: strings.Repeat("a", 200) + "@host"}, fails: "at most 128"},
		{name: "bind name", o: Options{Name: "a@host", Gossip: "host:1"}, fails: "Options.Gossip"},
		{name: "port 0", o: Options{Name: "a@host", Dist: "127.0.0.1:0"}, fails: "Options.Dist"},
		{name: "advertise all", o: Options{Name: "a@host", Advertise: "0.0.0.0"}, fails: "Options.Advertise"},
		{name: "half TLS", o: Options{Name: "a@host", TLS: TLS{Cert: "x"}}, fails: "Options.TLS"},
		{name: "expected", o: Options{Name: "a@host", Expected: -1}, fails: "Options.Expected"},
		{name: "version", o: Options{Name: "a@host", Version: strings.Repeat("v", 65)}, fails: "Options.Version"},
	} {
		tc.o.Cookie = []byte("x")
		got, err := tc.o.withDefaults()
		if tc.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: got %v, want %q", tc.name, err, tc.fails)
			}
			continue
		}
		if err != nil || got.Gossip != tc.gossip || got.Dist != tc.dist || got.Advertise != tc.advertised {
			t.Errorf("%s: got %s %s %s, %v", tc.name, got.Gossip, got.Dist, got.Advertise, err)
		}
	}
	if _, err := (Options{Name: "a@host"}).withDefaults(); err == nil || !strings.Contains(err.Error(), "Cookie") {
		t.Errorf("no cookie: got %v", err)
	}
}

func TestSeeds(t *testing.T) {
	for _, tc := range []struct {
		text  string
		want  seed
		fails bool
	}{
		{text: "node2@host", want: seed{name: "node2@host", host: "host", port: 4369}},
		{text: "node2@host:99", want: seed{name: "node2@host", host: "host", port: 99}},
		{text: "host", want: seed{host: "host", port: 4369}},
		{text: "10.0.0.1:5", want: seed{host: "10.0.0.1", port: 5}},
		{text: "::1", want: seed{host: "::1", port: 4369}},
		{text: "[::1]:5", want: seed{host: "::1", port: 5}},
		{text: "dns:workers", want: seed{host: "workers", port: 4369, all: true}},
		{text: "dns:workers:7", want: seed{host: "workers", port: 7, all: true}},
		{text: "", fails: true}, {text: "dns:", fails: true}, {text: "a@", fails: true}, {text: "@b", fails: true},
		{text: "dns:a@b", fails: true}, {text: "host:0", fails: true}, {text: "host:x", fails: true}, {text: "a/b", fails: true},
	} {
		got, err := parseSeed(tc.text, 4369)
		got.text = ""
		if (err != nil) != tc.fails || !tc.fails && got != tc.want {
			t.Errorf("%q: got %+v, %v, want %+v", tc.text, got, err, tc.want)
		}
	}
}

func FuzzSeed(f *testing.F) {
	for _, s := range []string{"node2@host:99", "dns:workers:7", "[::1]:5", "a@b@c", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSeed(text, 4369)
		if err == nil && (s.host == "" || s.port < 1 || s.port > 65535) {
			t.Errorf("%q: got %+v", text, s)
		}
	})
}

func TestNodeData(t *testing.T) {
	good := func(change func(*wirepb.NodeMeta)) []byte {
		m := &wirepb.NodeMeta{Protocol: protocolVersion, Boot: "boot", Address: "127.0.0.1:9001", Version: "1"}
		change(m)
		raw, _ := proto.Marshal(m)
		return raw
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		ok   bool
	}{
		{"right", good(func(*wirepb.NodeMeta) {}), true},
		{"protocol 255", good(func(m *wirepb.NodeMeta) { m.Protocol = 255 }), false},
		{"no boot", good(func(m *wirepb.NodeMeta) { m.Boot = "" }), false},
		{"long boot", good(func(m *wirepb.NodeMeta) { m.Boot = strings.Repeat("x", 65) }), false},
		{"host name", good(func(m *wirepb.NodeMeta) { m.Address = "host:1" }), false},
		{"any address", good(func(m *wirepb.NodeMeta) { m.Address = "0.0.0.0:1" }), false},
		{"port 0", good(func(m *wirepb.NodeMeta) { m.Address = "127.0.0.1:0" }), false},
		{"empty", nil, false}, {"garbage", []byte{0xff, 0xff}, false},
	} {
		if _, err := parseMeta(tc.raw); (err == nil) != tc.ok {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}

func FuzzNodeData(f *testing.F) {
	raw, _ := proto.Marshal(&wirepb.NodeMeta{Protocol: protocolVersion, Boot: "boot", Address: "127.0.0.1:9001"})
	f.Add(raw)
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := parseMeta(raw); err == nil && (m.Boot == "" || m.Address == "") {
			t.Errorf("took %v", m)
		}
	})
}

// FuzzPeerMessage feeds what an authenticated peer may send to the check in front of the library.
func FuzzPeerMessage(f *testing.F) {
	packet, _ := proto.Marshal(&wirepb.Packet{Kind: kindPing, Id: 1})
	for _, m := range []*remote.RemoteMessage{
		greeting, batchOf(packetType, "target", packet, nil),
		batchOf(packetType, "target", packet, func(e *remote.MessageEnvelope) { e.Sender = 9 }),
	} {
		raw, _ := proto.Marshal(m)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(remote.RemoteMessage)
		if proto.Unmarshal(raw, m) != nil {
			return
		}
		if b := m.GetMessageBatch(); b != nil {
			packets, _, err := openBatch(b, "target")
			if err == nil && len(packets) != len(b.Envelopes) {
				t.Errorf("%d packets of %d envelopes", len(packets), len(b.Envelopes))
			}
		}
	})
}

func TestBatchesAreSplit(t *testing.T) {
	b := &remote.MessageBatch{}
	for _, n := range []int{3, 4, 10, 1, 1} {
		b.Envelopes = append(b.Envelopes, &remote.MessageEnvelope{MessageData: make([]byte, n)})
	}
	var got []int
	for _, p := range splitBatch(b, 8) {
		got = append(got, len(p.Envelopes))
	}
	if len(got) != 3 || got[0] != 2 || got[1] != 1 || got[2] != 2 {
		t.Errorf("got parts of %v, want [2 1 2]", got)
	}
}

func TestViewIDs(t *testing.T) {
	barred := map[string]bool{"b": true, "b#1": true}
	if got := viewID("b", func(id string) bool { return barred[id] }); got != "b#2" {
		t.Errorf("got %q, want b#2", got)
	}
}

func TestTopologyNext(t *testing.T) {
	a1, a2, b := Member{Name: "a", Boot: "1"}, Member{Name: "a", Boot: "2"}, Member{Name: "b", Boot: "3"}
	first := (&Topology{}).next([]Member{b, a1})
	if first.Members[0] != a1 || len(first.Joined) != 2 || len(first.Left) != 0 {
		t.Errorf("got %+v", first)
	}
	if same := first.next([]Member{a1, b}); same != nil {
		t.Errorf("no change: got %+v", same)
	}
	second := first.next([]Member{a2, b})
	if len(second.Joined) != 1 || second.Joined[0] != a2 || len(second.Left) != 1 || second.Left[0] != a1 {
		t.Errorf("restart: got %+v", second)
	}
	if m, ok := second.named("b"); !ok || m != b {
		t.Errorf("named: got %v, %v", m, ok)
	}
}

func TestLimiter(t *testing.T) {
	var l limiter
	now := time.Unix(0, 0).Add(time.Hour)
	allowed := 0
	for range 25 {
		if _, ok := l.allow(now); ok {
			allowed++
		}
	}
	suppressed, ok := l.allow(now.Add(time.Second))
	if allowed != limiterBurst || !ok || suppressed != 15 {
		t.Errorf("got %d allowed, then %d suppressed, %v", allowed, suppressed, ok)
	}
}
