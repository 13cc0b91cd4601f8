// Package rendezvous places keys on members by highest random weight (Thaler and Ravishankar, 1998): each
// pair of key and member has a score, and the member with the highest score has the key. When a member
// comes or goes, only the keys move that it gets or had.
//
// Scores are made from murmur3-64 of the member and of the key, mixed by murmur3's finaliser. They are
// even also for members that differ in one digit, which weaker hashes are not.
package rendezvous

import "github.com/twmb/murmur3"

// Table is a list of members to place keys on. It is immutable; the zero Table has no member.
type Table struct{ hashes []uint64 }

// New returns the table of these members. A member is any string that is the same on all nodes; equal
// strings have equal scores, of which the first wins.
func New(members []string) Table {
	t := Table{make([]uint64, len(members))}
	for i, m := range members {
		t.hashes[i] = murmur3.StringSum64(m)
	}
	return t
}

// Len returns the number of members.
func (t Table) Len() int { return len(t.hashes) }

// Owner returns the index of the member that has key, -1 if there is no member.
func (t Table) Owner(key string) int {
	return t.OwnerExcept(key, func(int) bool { return false })
}

// OwnerExcept is Owner among the members that skip does not say yes to.
func (t Table) OwnerExcept(key string, skip func(i int) bool) int {
	k, best, at := murmur3.StringSum64(key), uint64(0), -1
	for i, m := range t.hashes {
		if s := mix(k ^ m); (at < 0 || s > best) && !skip(i) {
			best, at = s, i
		}
	}
	return at
}

// mix is the finaliser of murmur3: a bijection in which each bit of x changes half of the bits.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
