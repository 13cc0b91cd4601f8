package main

import "testing"

// TestFixtures checks that every fixture can be added: names are unique and schemas good.
func TestFixtures(t *testing.T) {
	if s := Fixtures(); s.Implementation().Name == "" {
		t.Error("the server has no name")
	}
}
