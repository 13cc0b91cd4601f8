package testutil

import (
	"testing"

	"go.uber.org/goleak"
)

// VerifyTestMain runs the tests of a package and fails it if they leave goroutines behind. A package
// calls it from TestMain.
func VerifyTestMain(m goleak.TestingM, options ...goleak.Option) {
	goleak.VerifyTestMain(m, options...)
}

// VerifyNone fails the test if goroutines are left when it ends that were not there when it was called.
// Not for parallel tests.
func VerifyNone(tb testing.TB) {
	tb.Helper()
	before := goleak.IgnoreCurrent()
	tb.Cleanup(func() {
		tb.Helper()
		goleak.VerifyNone(tb, before)
	})
}
