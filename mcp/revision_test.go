package mcp

import (
	"slices"
	"testing"
)

func TestNegotiation(t *testing.T) {
	for _, c := range []struct{ name, asked, want string }{
		{"oldest", "2025-03-26", "2025-03-26"},
		{"middle", "2025-06-18", "2025-06-18"},
		{"newest", "2025-11-25", "2025-11-25"},
		{"older than all", "2024-11-05", "2025-11-25"},
		{"newer than all", "2999-01-01", "2025-11-25"},
		{"nonsense", "x", "2025-11-25"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := negotiate(c.asked).Version; got != c.want {
				t.Errorf("%s: got %s, want %s", c.asked, got, c.want)
			}
		})
	}
}

// TestNegotiationPassesOverRevisionsWithoutHandshake adds a row of the kind that has no initialize.
func TestNegotiationPassesOverRevisionsWithoutHandshake(t *testing.T) {
	before := revisions
	defer func() { revisions = before }()
	revisions = append(Revisions(), &Revision{Version: "2026-07-28"})
	if got := negotiate("2026-07-28").Version; got != "2025-11-25" {
		t.Errorf("got %s, want 2025-11-25", got)
	}
	row := methods[MethodSubscribe]
	if row.inRevision(RevisionOf("2026-07-28")) {
		t.Error("resources/subscribe is in a revision without sessions")
	}
}

func TestRevisionsAreInOrder(t *testing.T) {
	all := Revisions()
	if !slices.IsSortedFunc(all, func(a, b *Revision) int {
		if a.Version < b.Version {
			return -1
		}
		return 1
	}) {
		t.Errorf("got %v", all)
	}
	all[0] = nil
	if revisions[0] == nil {
		t.Error("the caller can change the table")
	}
}
