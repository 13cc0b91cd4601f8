//go:build race

package erlmcp_test

const raceEnabled = true
