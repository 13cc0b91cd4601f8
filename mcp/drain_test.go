package mcp

import (
	"testing"
	"time"
)

// TestRefusalWhileDrainingIsUnavailable: over HTTP a client tries again on 503, not on an error in a 200.
func TestRefusalWhileDrainingIsUnavailable(t *testing.T) {
	for _, c := range []struct {
		code, status int
	}{{CodeDraining, 503}, {CodeInvalidRequest, 400}, {CodeOverloaded, 0}} {
		out := refuse(request{}, RetryLater(c.code, "x", time.Second), nil)
		if got := out[0].(Reply).Status; got != c.status {
			t.Errorf("code %d: got status %d, want %d", c.code, got, c.status)
		}
	}
}
