package cluster

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// Entry is one membership of a group.
type Entry struct {
	Member Member
	Value  []byte // not to be changed
}

// registry is Erlang's pg: groups of values that nodes join, known on all of them. Each node owns its own
// entries, in a log of joins and leaves with a version. Others follow the log by deltas; a gap makes them
// ask for everything. A node's entries go with it.
//
// All nodes that are in each other's views have the same entries once messages get through.
type registry struct {
	w    wire
	opts serviceOptions

	mu      sync.Mutex
	self    Member
	members map[string]Member
	version uint64                    // of own
	own     map[string]map[string]int // group, value: how often it was joined
	others  map[string]*remoteEntries // by boot; only members of the view
	index   map[string]map[string]int // group, boot: how many values; no zeros
}

// remoteEntries is a copy of what another node owns.
type remoteEntries struct {
	version uint64
	groups  map[string]map[string]int
	asked   bool   // since the last beat
	known   bool   // as new as behind
	behind  uint64 // the last version that a beat has spoken of

	// parts of a full state that is arriving
	building  map[string]map[string]int
	part      uint64
	building0 uint64 // version of building
}

func newRegistry(w wire, o serviceOptions) *registry {
	r := &registry{
		w: w, opts: o, self: w.Self(), members: map[string]Member{}, own: map[string]map[string]int{},
		others: map[string]*remoteEntries{}, index: map[string]map[string]int{},
	}
	w.handle(kindRegistryFull, r.full)
	w.handle(kindRegistryDelta, r.delta)
	w.handle(kindRegistryAsk, func(from Member, _ packet) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tellFullLocked(from)
	})
	return r
}

// join adds a value to a group; joining twice needs leaving twice.
func (r *registry) join(group string, value []byte) error {
	if len(group)+len(value) > r.opts.EntryBytes {
		return ErrTooLarge
	}
	r.change(group, string(value), 1)
	return nil
}

func (r *registry) leave(group string, value []byte) bool { return r.change(group, string(value), -1) }

func (r *registry) change(group, value string, by int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if by < 0 && r.own[group][value] == 0 {
		return false
	}
	add(r.own, group, value, by)
	r.indexLocked(group, r.self.Boot, r.own)
	r.version++
	code := uint32(0)
	if by > 0 {
		code = 1
	}
	p := packet{kind: kindRegistryDelta, id: r.version, code: code, header: []byte(group), body: []byte(value)}
	for _, m := range r.members {
		if m.Boot != r.self.Boot {
			r.w.tell(m, p) // what does not get through is asked for after the next beat
		}
	}
	return true
}

// add changes how often a value is in a group, and removes what is empty.
func add(groups map[string]map[string]int, group, value string, by int) {
	values := groups[group]
	if values == nil {
		values = map[string]int{}
		groups[group] = values
	}
	if values[value] += by; values[value] <= 0 {
		delete(values, value)
	}
	if len(values) == 0 {
		delete(groups, group)
	}
}

// indexLocked notes whether a node is in a group.
func (r *registry) indexLocked(group, boot string, groups map[string]map[string]int) {
	n := len(groups[group])
	switch at := r.index[group]; {
	case n > 0 && at == nil:
		r.index[group] = map[string]int{boot: n}
	case n > 0:
		at[boot] = n
	case at != nil:
		if delete(at, boot); len(at) == 0 {
			delete(r.index, group)
		}
	}
}

// lookup returns the entries of a group, sorted by name of the member and value.
func (r *registry) lookup(group string) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries []Entry
	for boot := range r.index[group] {
		m, groups := r.w.Self(), r.own
		if boot != r.self.Boot {
			m, groups = r.members[boot], r.others[boot].groups
		}
		for value, times := range groups[group] {
			for range times {
				entries = append(entries, Entry{m, []byte(value)})
			}
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Member.Name, b.Member.Name), strings.Compare(a.Member.Boot, b.Member.Boot), bytes.Compare(a.Value, b.Value))
	})
	return entries
}

// any says whether a group has an entry.
func (r *registry) any(group string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.index[group]) > 0
}

// groups returns the names of all groups that have an entry, sorted.
func (r *registry) groups() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return sortedKeys(r.index)
}

// tellFullLocked tells a member all own entries, in parts, and which version of its entries is here.
func (r *registry) tellFullLocked(to Member) {
	var have uint64
	if o := r.others[to.Boot]; o != nil {
		have = o.version
	}
	var part uint64
	var body []byte
	flush := func(last uint32) error {
		header := binary.AppendUvarint(binary.AppendUvarint(nil, part), have)
		err := r.w.tell(to, packet{kind: kindRegistryFull, id: r.version, code: last, header: header, body: body})
		part, body = part+1, nil
		return err
	}
	for group, values := range r.own {
		for value, times := range values {
			body = appendText(appendText(body, group), value)
			body = binary.AppendUvarint(body, uint64(times))
			if len(body) >= r.opts.ChunkBytes {
				if flush(0) != nil {
					return // asked for again after a beat
				}
			}
		}
	}
	flush(1)
}

// delta takes one change of another node's entries.
func (r *registry) delta(from Member, p packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[from.Boot]
	switch {
	case o == nil: // not in the view; everything comes when it is
	case p.id <= o.version:
	case p.id > o.version+1 || o.building != nil:
		r.askLocked(from, o)
	default:
		by := -1
		if p.code == 1 {
			by = 1
		}
		o.version = p.id
		add(o.groups, string(p.header), string(p.body), by)
		r.indexLocked(string(p.header), from.Boot, o.groups)
	}
}

func (r *registry) askLocked(from Member, o *remoteEntries) {
	if o.asked {
		return
	}
	o.asked = r.w.tell(from, packet{kind: kindRegistryAsk}) == nil
}

// full takes a part of another node's state.
func (r *registry) full(from Member, p packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[from.Boot]
	if o == nil {
		return
	}
	head := fields{rest: p.header}
	part, have := head.uint(), head.uint()
	switch {
	case part == 0:
		o.building, o.part, o.building0 = map[string]map[string]int{}, 0, p.id
	case o.building == nil || part != o.part+1 || p.id != o.building0:
		o.building = nil // a part was lost; the next beat shows it
		return
	}
	o.part = part
	body := fields{rest: p.body}
	for body.more() {
		group, value, times := body.text(), body.text(), body.uint()
		if !body.bad && times > 0 {
			add(o.building, group, value, int(min(times, 1<<31)))
		}
	}
	if p.code == 1 {
		r.installLocked(from.Boot, o, p.id)
		if have < r.version {
			r.tellFullLocked(from)
		}
	}
}

// installLocked makes a complete state the known one, unless a newer one is known.
func (r *registry) installLocked(boot string, o *remoteEntries, version uint64) {
	groups := o.building
	o.building, o.asked = nil, false
	if version < o.version {
		return
	}
	old := o.groups
	o.version, o.groups, o.known = version, groups, version >= o.behind
	for group := range old {
		r.indexLocked(group, boot, groups)
	}
	for group := range groups {
		r.indexLocked(group, boot, groups)
	}
}

// beatOf returns the version of the own entries.
func (r *registry) beatOf() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.version
}

// beat compares the version that a node has with the one that is known of it.
func (r *registry) beat(from Member, version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.others[from.Boot]; o != nil {
		o.asked = false
		o.behind = max(o.behind, version)
		if o.known = o.known && version <= o.version; !o.known {
			r.askLocked(from, o)
		}
	}
}

// settled says whether the entries of all members are known, as of the last beat of each.
func (r *registry) settled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.others {
		if !o.known {
			return false
		}
	}
	return true
}

// topology drops the entries of members that left and tells those that came everything.
func (r *registry) topology(v, old *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = v.byBoot
	for _, m := range v.departed(old) {
		if o := r.others[m.Boot]; o != nil {
			delete(r.others, m.Boot)
			for group := range o.groups {
				r.indexLocked(group, m.Boot, nil)
			}
		}
	}
	for _, m := range v.arrived(old, r.self.Boot) {
		r.others[m.Boot] = &remoteEntries{groups: map[string]map[string]int{}}
		r.tellFullLocked(m)
	}
}
