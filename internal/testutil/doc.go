// Package testutil is what tests of several rooms share: waiting for a condition, leak checks, golden
// files, captured logs. Only tests import it.
package testutil
