package testutil

import (
	"testing"
	"time"
)

// Eventually waits until ok reports true and fails the test if that takes longer than d. It asks often at
// first and every 10 ms later on. Use it for conditions outside the test's control; inside a process a
// channel or testing/synctest is better.
func Eventually(tb testing.TB, d time.Duration, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(d)
	for pause := 100 * time.Microsecond; !ok(); pause = min(2*pause, 10*time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("condition still does not hold after %v", d)
		}
		time.Sleep(pause)
	}
}
