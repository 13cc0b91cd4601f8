package repl

import (
	"regexp"
	"strings"
	"testing"
)

// TestHelpHasALineForEachFunction compares the calls in the help with the table of functions, both ways.
func TestHelpHasALineForEachFunction(t *testing.T) {
	told := map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(helpTexts)) {
		calls, about, _ := strings.Cut(line, " -- ")
		if strings.TrimSpace(about) == "" {
			t.Errorf("%q explains nothing", line)
		}
		for _, m := range regexp.MustCompile(`(\w+):(\w+)\((.*?)\)`).FindAllStringSubmatch(calls, -1) {
			arity := 0
			if m[3] != "" {
				arity = strings.Count(m[3], ",") + 1
			}
			told[mfa{m[1], m[2], arity}.String()] = true
		}
	}
	for _, f := range System() {
		if !told[f.String()] {
			t.Errorf("no help for %s", f)
		}
		delete(told, f.String())
	}
	for f := range told {
		t.Errorf("help for %s, which is not offered", f)
	}
}

func TestHelpOnAModule(t *testing.T) {
	s := NewShell(Options{Commands: true})
	if got := session(t, s, "help().")[0]; !strings.Contains(got, "recon_alloc") {
		t.Errorf("help(): got %s", got)
	}
	got := session(t, s, "help(erlang).")[0]
	if !strings.Contains(got, "erlang:garbage_collect_all()\n    collect garbage and return memory to the system; an extension") || !strings.HasSuffix(got, "true") {
		t.Errorf("help(erlang): got %s", got)
	}
	if got := session(t, s, "help(nothing).")[0]; got != "{error,missing}" {
		t.Errorf("help(nothing): got %s", got)
	}
}
