package mcp

import "testing"

func TestMethodTable(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Methods() {
		row := methods[m]
		if row.name == "" || seen[row.name] {
			t.Errorf("method %d has the name %q, want one of its own", m, row.name)
		}
		seen[row.name] = true
		if m == MethodOther {
			continue
		}
		if (row.request == nil) == (row.notice == nil) {
			t.Errorf("%s: want exactly one handler", m)
		}
		if got := MethodOf(row.name); got != m {
			t.Errorf("%s: got %s", m, got)
		}
	}
	for _, name := range []string{"", "other", "PING", "tools/call ", "server/discover"} {
		if got := MethodOf(name); got != MethodOther {
			t.Errorf("%q: got %s, want other", name, got)
		}
	}
	if got := Method(255).String(); got != "other" {
		t.Errorf("method 255: got %s, want other", got)
	}
}
