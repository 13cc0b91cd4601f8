//go:build invariants || race

package invariants

// Enabled says whether assertions are compiled in.
const Enabled = true

// Check panics with msg, which names the room and what is broken, unless ok. It does nothing where
// assertions are not compiled in.
func Check(ok bool, msg string) {
	if !ok {
		panic("invariant broken: " + msg)
	}
}
