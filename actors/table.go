package actors

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const tableShards = 32

// table holds the sessions of a node by id.
type table struct {
	seed   maphash.Seed
	size   atomic.Int64
	shards [tableShards]struct {
		mu       sync.RWMutex
		sessions map[string]*anchor
	}
}

func newTable() *table {
	t := &table{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].sessions = make(map[string]*anchor)
	}
	return t
}

func (t *table) shard(id string) int {
	return int(maphash.String(t.seed, id) % tableShards)
}

func (t *table) get(id string) *anchor {
	s := &t.shards[t.shard(id)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[id]
}

// reserve makes room for one session, unless there are most. put or cancel has to follow.
func (t *table) reserve(most int) bool {
	if t.size.Add(1) > int64(most) {
		t.size.Add(-1)
		return false
	}
	return true
}

// cancel gives back what reserve has taken.
func (t *table) cancel() { t.size.Add(-1) }

// put enters a session for which there is room.
func (t *table) put(a *anchor) {
	s := &t.shards[t.shard(a.id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[a.id] = a
}

// remove reports whether the session was there.
func (t *table) remove(id string) bool {
	s := &t.shards[t.shard(id)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sessions[id]; !ok {
		return false
	}
	delete(s.sessions, id)
	t.size.Add(-1)
	return true
}

// list returns the sessions of one shard.
func (t *table) list(shard int) []*anchor {
	s := &t.shards[shard]
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*anchor, 0, len(s.sessions))
	for _, a := range s.sessions {
		all = append(all, a)
	}
	return all
}

func (t *table) len() int { return int(t.size.Load()) }
