package jsonrpc

import (
	"bytes"
	"hash/maphash"
	"sync"
)

// linearNames is the number of names up to which an object's names are compared one by one.
const linearNames = 12

// nameSet finds names that occur twice in an object. It is a stack: the names of all objects around the
// current position, those of the innermost object on top, so one pair of slices serves a whole text.
//
// An object with more than linearNames names has all of its names in slots, an open hash table with
// linear probing. Names leave the table in the reverse order of coming, because inner objects end before
// outer ones go on; the latest comer has moved nobody else's probe, so its slot can simply be emptied.
type nameSet struct {
	text    []byte
	decoded []byte   // values of names with escapes; their positions start at len(text)
	names   []name   // in the order of the text
	slots   []uint32 // index in names plus one; 0 is free; the length is a power of two
	tabled  int      // slots in use
}

// name is a member's name: text[start:end], or a part of decoded where start is beyond the text. hash is
// odd for names in the table, 0 for others.
type name struct{ start, end, hash uint32 }

// seed differs in each process, so that nobody can choose names that collide.
var seed = maphash.MakeSeed()

// nameSets keeps sets between scans: escape analysis would put one in the heap for each text.
var nameSets = sync.Pool{New: func() any { return new(nameSet) }}

// keptNames is the size, in names and in bytes of decoded names, from which a set is not kept.
const keptNames = 1 << 12

// takeNames returns an empty set for text.
func takeNames(text []byte) *nameSet {
	s := nameSets.Get().(*nameSet)
	s.text = text
	return s
}

// release ends the use of s, also in the middle of objects.
func (s *nameSet) release() {
	if cap(s.names) > keptNames || cap(s.decoded) > keptNames {
		return
	}
	if s.tabled > 0 {
		clear(s.slots)
		s.tabled = 0
	}
	s.text, s.decoded, s.names = nil, s.decoded[:0], s.names[:0]
	nameSets.Put(s)
}

// open starts an object and returns its mark.
func (s *nameSet) open() int { return len(s.names) }

// count is the number of names of the innermost object.
func (s *nameSet) count(base int) int { return len(s.names) - base }

// last is the decoded name that was added last.
func (s *nameSet) last() []byte { return s.bytes(s.names[len(s.names)-1]) }

// add adds the name text[start:end] to the innermost object, whose mark is base, and reports whether it is
// the first of its value.
func (s *nameSet) add(base, start, end int, escaped bool) bool {
	n := name{start: uint32(start), end: uint32(end)}
	if escaped {
		n.start = uint32(len(s.text) + len(s.decoded))
		s.decoded = appendDecoded(s.decoded, s.text[start:end])
		n.end = uint32(len(s.text) + len(s.decoded))
	}
	key := s.bytes(n)
	if s.count(base) < linearNames {
		for _, other := range s.names[base:] {
			if other.end-other.start == n.end-n.start && bytes.Equal(s.bytes(other), key) {
				return false
			}
		}
		s.names = append(s.names, n)
		return true
	}
	if s.count(base) == linearNames {
		for i := base; i < len(s.names); i++ {
			s.names[i].hash = hashName(s.bytes(s.names[i]))
			s.insert(i)
		}
	}
	n.hash = hashName(key)
	if s.contains(base, n, key) {
		return false
	}
	s.names = append(s.names, n)
	s.insert(len(s.names) - 1)
	return true
}

// close ends the innermost object, whose mark is base.
func (s *nameSet) close(base int) {
	if s.count(base) > linearNames {
		for i := len(s.names) - 1; i >= base; i-- {
			s.remove(i)
		}
	}
	s.names = s.names[:base]
}

func (s *nameSet) contains(base int, n name, key []byte) bool {
	for p := s.home(n); s.slots[p] != 0; p = s.next(p) {
		i := int(s.slots[p] - 1)
		if i >= base && s.names[i].hash == n.hash && bytes.Equal(s.bytes(s.names[i]), key) {
			return true
		}
	}
	return false
}

func (s *nameSet) insert(i int) {
	if 2*s.tabled >= len(s.slots) {
		s.grow(i)
	}
	s.place(i)
	s.tabled++
}

// grow doubles the table and places the names before limit in it again, in their order.
func (s *nameSet) grow(limit int) {
	s.slots = make([]uint32, max(64, 2*len(s.slots)))
	for i := range limit {
		if s.names[i].hash != 0 {
			s.place(i)
		}
	}
}

func (s *nameSet) place(i int) {
	p := s.home(s.names[i])
	for s.slots[p] != 0 {
		p = s.next(p)
	}
	s.slots[p] = uint32(i + 1)
}

func (s *nameSet) remove(i int) {
	p := s.home(s.names[i])
	for s.slots[p] != uint32(i+1) {
		p = s.next(p)
	}
	s.slots[p] = 0
	s.tabled--
}

func (s *nameSet) home(n name) int { return int(n.hash>>1) & (len(s.slots) - 1) }
func (s *nameSet) next(p int) int  { return (p + 1) & (len(s.slots) - 1) }
func hashName(key []byte) uint32   { return uint32(maphash.Bytes(seed, key)) | 1 }
func (s *nameSet) bytes(n name) []byte {
	if cut := uint32(len(s.text)); n.start >= cut {
		return s.decoded[n.start-cut : n.end-cut]
	}
	return s.text[n.start:n.end]
}
