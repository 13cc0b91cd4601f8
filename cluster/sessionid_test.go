package cluster

import (
	"strings"
	"testing"
)

const testBoot = "k3vq7d2mzp4ytb6a"

func TestSessionIDs(t *testing.T) {
	ids := newSessionIDs(testBoot, []byte("secret"))
	seen := map[string]bool{}
	for range 1000 {
		id := ids.make()
		if boot, ok := ids.creator(id); !ok || boot != testBoot {
			t.Fatalf("creator of %q: got %q, %v", id, boot, ok)
		}
		if len(id) > sessionIDMax || seen[id] || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("id %q is too long, comes twice, or is not visible ASCII", id)
		}
		seen[id] = true
	}
}

func TestSessionIDsOfOthersAreRefused(t *testing.T) {
	ids, others := newSessionIDs(testBoot, []byte("secret")), newSessionIDs(testBoot, []byte("other"))
	id := ids.make()
	for name, text := range map[string]string{
		"empty": "", "other cookie": others.make(), "other boot": "x" + id, "cut": id[:len(id)-1], "longer": id + "A",
		"no mac": id[:strings.LastIndexByte(id, '.')], "dots": "...", "long": strings.Repeat("a", 10_000), "grain": grainID("k", "i"),
	} {
		if boot, ok := ids.creator(text); ok {
			t.Errorf("%s: %q is taken as of %q", name, text, boot)
		}
	}
}

func FuzzSessionID(f *testing.F) {
	ids := newSessionIDs(testBoot, []byte("secret"))
	good := testBoot + ".AAAAAAAAAAAAAAAAAAAAAA"
	f.Add(good + "." + ids.mac(good))
	f.Add("..")
	f.Add("")
	f.Fuzz(func(t *testing.T, id string) {
		boot, ok := ids.creator(id)
		if ok && !strings.HasSuffix(id, ids.mac(id[:strings.LastIndexByte(id, '.')])) {
			t.Errorf("%q is taken as of %q", id, boot)
		}
	})
}

func BenchmarkSessionCreator(b *testing.B) {
	ids := newSessionIDs(testBoot, []byte("secret"))
	id := ids.make()
	b.ReportAllocs()
	for b.Loop() {
		ids.creator(id)
	}
}
