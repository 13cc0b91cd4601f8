package term

import "sort"

// Map is a map, its keys in exact term order: integers before floats, then
// by value. The zero value is the empty map.
type Map struct {
	keys, vals []Term
}

// Len is the number of keys.
func (m *Map) Len() int { return len(m.keys) }

// At gives the i-th pair in key order.
func (m *Map) At(i int) (key, value Term) { return m.keys[i], m.vals[i] }

// Get looks a key up; 1 and 1.0 are different keys.
func (m *Map) Get(key Term) (Term, bool) {
	i, ok := m.find(key)
	if !ok {
		return nil, false
	}
	return m.vals[i], true
}

// Put gives a map with key set to value.
func (m *Map) Put(key, value Term) *Map {
	i, ok := m.find(key)
	if ok {
		out := &Map{m.keys, append([]Term(nil), m.vals...)}
		out.vals[i] = value
		return out
	}
	n := len(m.keys)
	out := &Map{make([]Term, n+1), make([]Term, n+1)}
	copy(out.keys, m.keys[:i])
	copy(out.vals, m.vals[:i])
	out.keys[i], out.vals[i] = key, value
	copy(out.keys[i+1:], m.keys[i:])
	copy(out.vals[i+1:], m.vals[i:])
	return out
}

// Remove gives a map without key.
func (m *Map) Remove(key Term) *Map {
	i, ok := m.find(key)
	if !ok {
		return m
	}
	out := &Map{make([]Term, 0, len(m.keys)-1), make([]Term, 0, len(m.keys)-1)}
	out.keys = append(append(out.keys, m.keys[:i]...), m.keys[i+1:]...)
	out.vals = append(append(out.vals, m.vals[:i]...), m.vals[i+1:]...)
	return out
}

func (m *Map) find(key Term) (int, bool) {
	lo, hi := 0, len(m.keys)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := CompareExact(m.keys[mid], key); {
		case c == 0:
			return mid, true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// NewMap builds a map of pairs; of equal keys the last counts.
func NewMap(pairs ...[2]Term) *Map {
	sorted := append([][2]Term(nil), pairs...)
	sort.SliceStable(sorted, func(i, j int) bool { return CompareExact(sorted[i][0], sorted[j][0]) < 0 })
	m := &Map{make([]Term, 0, len(sorted)), make([]Term, 0, len(sorted))}
	for i, p := range sorted {
		if i+1 < len(sorted) && CompareExact(p[0], sorted[i+1][0]) == 0 {
			continue
		}
		m.keys = append(m.keys, p[0])
		m.vals = append(m.vals, p[1])
	}
	return m
}
