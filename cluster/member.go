package cluster

import (
	"cmp"
	"errors"
	"slices"
)

// Errors that callers branch on.
var (
	// ErrNotMember says that the addressed member is not in the current view. Nothing was sent.
	ErrNotMember = errors.New("cluster: not a member")
	// ErrBusy says that too much is queued for the member. Nothing was sent.
	ErrBusy = errors.New("cluster: too much queued for the member")
	// ErrNameTaken says that another live node has this node's name.
	ErrNameTaken = errors.New("cluster: another live node has this name")
	// ErrNotRunning says that the node has not been started, or has left.
	ErrNotRunning = errors.New("cluster: not running")
	// ErrTooLarge says that a message is longer than 1 MiB.
	ErrTooLarge = errors.New("cluster: message too large")
)

// Member is one node of the cluster in one incarnation.
type Member struct {
	Name    string // name@host
	Boot    string // random per start of the node, 16 characters; equal boots are the same incarnation
	Addr    string // ip:port of its distribution
	Version string // Options.Version of the node
}

// IsZero reports whether m is no member.
func (m Member) IsZero() bool { return m.Boot == "" }

// Topology is a view of the cluster. Views of different nodes may differ for a while.
type Topology struct {
	// Generation grows with each change of this node's view; it means nothing on other nodes.
	Generation uint64
	// Members are sorted by name, self included. Shared: not to be changed.
	Members []Member
	// Joined and Left are the difference to the view before. A node that restarts is in both, with
	// different boots.
	Joined, Left []Member
}

// Member returns the member with this boot.
func (t *Topology) Member(boot string) (Member, bool) {
	for _, m := range t.Members {
		if m.Boot == boot {
			return m, true
		}
	}
	return Member{}, false
}

// named returns the member with this name.
func (t *Topology) named(name string) (Member, bool) {
	i, ok := slices.BinarySearchFunc(t.Members, name, func(m Member, n string) int { return cmp.Compare(m.Name, n) })
	if !ok {
		return Member{}, false
	}
	return t.Members[i], true
}

// next returns the view with these members after t, or nil if nothing changes.
func (t *Topology) next(members []Member) *Topology {
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	if slices.Equal(sorted, t.Members) {
		return nil
	}
	n := &Topology{Generation: t.Generation + 1, Members: sorted}
	for _, m := range sorted {
		if !slices.Contains(t.Members, m) {
			n.Joined = append(n.Joined, m)
		}
	}
	for _, m := range t.Members {
		if !slices.Contains(sorted, m) {
			n.Left = append(n.Left, m)
		}
	}
	return n
}
