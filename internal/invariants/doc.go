// Package invariants holds assertions that are compiled in with the build tag invariants or with -race,
// and cost nothing otherwise. Behaviour never depends on them: an assertion that fails is a bug of ours,
// and input from outside is checked by code that is always there.
//
// An expensive condition goes behind Enabled, so that it is not even computed:
//
//	if invariants.Enabled {
//		invariants.Check(q.sum() == q.bytes, "queue: bytes out of step")
//	}
package invariants
