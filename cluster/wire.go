package cluster

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/erlmcp/erlmcp/cluster/internal/rendezvous"
)

// wire is what the services need of the node below them; an in-memory network stands in for it in tests.
//
// Rules: handle and onTopology are called before anything arrives. tell never blocks, and never calls a
// handler on its caller's goroutine; what is told to one member arrives in order or not at all. Functions
// given to handle and onTopology must not block. from is authenticated. Functions given to onTopology run
// one after the other, in the order of generations.
type wire interface {
	Self() Member
	// Topology returns the current view.
	Topology() Topology
	// tell fails with ErrNotMember if to is not in the view, and with ErrBusy if too much waits for it.
	tell(to Member, p packet) error
	handle(k packetKind, f func(from Member, p packet))
	onTopology(f func(Topology))
	// onLost is for members that stay in the view: what was on the way from and to them may be lost.
	onLost(f func(Member))
}

// view is a Topology with what is computed from it once. It is immutable.
type view struct {
	Topology
	byBoot map[string]Member
	table  rendezvous.Table // of Members, in their order
}

func newView(t Topology) *view {
	v := &view{Topology: t, byBoot: make(map[string]Member, len(t.Members))}
	keys := make([]string, len(t.Members))
	for i, m := range t.Members {
		v.byBoot[m.Boot] = m
		keys[i] = m.Name + "/" + m.Boot
	}
	v.table = rendezvous.New(keys)
	return v
}

func (v *view) has(boot string) bool {
	_, ok := v.byBoot[boot]
	return ok
}

// owner returns the member that has key among those not skipped; false if there is none.
func (v *view) owner(key string, skip func(Member) bool) (Member, bool) {
	i := v.table.OwnerExcept(key, func(i int) bool { return skip(v.Members[i]) })
	if i < 0 {
		return Member{}, false
	}
	return v.Members[i], true
}

// departed returns the members of old that v has no longer.
func (v *view) departed(old *view) []Member {
	var gone []Member
	for _, m := range old.Members {
		if !v.has(m.Boot) {
			gone = append(gone, m)
		}
	}
	return gone
}

// arrived returns the members of v, without self, that old did not have.
func (v *view) arrived(old *view, self string) []Member {
	var come []Member
	for _, m := range v.Members {
		if m.Boot != self && !old.has(m.Boot) {
			come = append(come, m)
		}
	}
	return come
}

// views is the current view, for all services of a node.
type views struct{ now atomic.Pointer[view] }

func (v *views) load() *view { return v.now.Load() }

// sortedKeys returns the keys of m in order, where the order in which they are worked on shows.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
