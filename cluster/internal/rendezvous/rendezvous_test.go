package rendezvous

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// members returns nodes on one address with consecutive ports, the worst case for weak hashes.
func members(n int) []string {
	m := make([]string, n)
	for i := range m {
		m[i] = fmt.Sprintf("erlmcp@127.0.0.1:%d/boot", 9001+i)
	}
	return m
}

func TestEvenOverConsecutivePorts(t *testing.T) {
	const keys = 100_000
	for _, n := range []int{4, 8, 16} {
		table, counts := New(members(n)), make([]int, n)
		for i := range keys {
			counts[table.Owner(fmt.Sprintf("session-%d", i))]++
		}
		for i, c := range counts {
			if share := float64(c) * float64(n) / keys; share < 0.85 || share > 1.15 {
				t.Errorf("%d members: member %d has %.2f of an even share", n, i, share)
			}
		}
	}
}

func TestEmptyTableHasNoOwner(t *testing.T) {
	if got := (Table{}).Owner("x"); got != -1 {
		t.Errorf("got %d, want -1", got)
	}
	if got := New(members(3)).OwnerExcept("x", func(int) bool { return true }); got != -1 {
		t.Errorf("all skipped: got %d, want -1", got)
	}
}

// Adding a member moves only keys to it; skipping one gives its keys to the next, as its absence does.
func TestFewKeysMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringN(1, 12, -1), 2, 9, rapid.ID[string]).Draw(t, "members")
		key := rapid.String().Draw(t, "key")
		all, less := New(names), New(names[:len(names)-1])
		last := len(names) - 1
		got, before := all.Owner(key), less.Owner(key)
		if got != before && got != last {
			t.Fatalf("key moved from %d to %d when %d came", before, got, last)
		}
		if skipped := all.OwnerExcept(key, func(i int) bool { return i == last }); skipped != before {
			t.Fatalf("without %d: got %d, want %d", last, skipped, before)
		}
	})
}

func BenchmarkOwner(b *testing.B) {
	for _, n := range []int{4, 16} {
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			table := New(members(n))
			b.ReportAllocs()
			for b.Loop() {
				table.Owner("k3vq7d2mzp4ytb6a.8Jr2mT0cV1mYb5S0aWc4uQ.c2lnbmF0dXJl")
			}
		})
	}
}
