package invariants

import "testing"

func TestCheckPanicsOnlyWhereEnabled(t *testing.T) {
	panicked := func(ok bool) (p bool) {
		defer func() { p = recover() != nil }()
		Check(ok, "test: condition")
		return false
	}
	if panicked(true) {
		t.Error("a condition that holds panics")
	}
	if got := panicked(false); got != Enabled {
		t.Errorf("a broken condition: panic %v, want %v", got, Enabled)
	}
}
