package config

import (
	"strings"
	"testing"
)

// FuzzFile feeds texts as files: no panic, and either a valid configuration or problems that each name the
// file, and never more than a screen of them.
func FuzzFile(f *testing.F) {
	for _, p := range problems {
		f.Add([]byte(p.file))
	}
	f.Add([]byte("http: {port: 1}\nupstreams: [{name: a, command: [b]}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l := parseFile("f", text)
		for _, p := range l.errs[:min(len(l.errs), maxProblems)] {
			if !strings.HasPrefix(p.Where, "f") {
				t.Errorf("%q: problem without place: %v", text, p)
			}
			if strings.ContainsFunc(p.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: control character in %q", text, p.Error())
			}
		}
		if len(l.errs) > maxProblems+1 {
			t.Errorf("%q: %d problems", text, len(l.errs))
		}
		// What comes from files may name files; those are not for a fuzzer to open.
		if len(l.errs) == 0 && !strings.Contains(string(text), "cluster") {
			_, _ = merge(Sources{}, []layer{defaults(), l})
		}
	})
}

// FuzzVMArgs feeds texts as vm.args files: no panic, and nothing is refused but arguments of known flags.
func FuzzVMArgs(f *testing.F) {
	for _, text := range []string{"+P 2000000\n", "-name a@b # x\n", "-env ERL_MAX_PORTS 1\n", "'", "+hms 99999999999\n", "-x ${HOME} ${", "-setcookie\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range parseVMArgs("v", text, []string{"HOME=/x"}).errs {
			if p.Key == "" && p.Text != "and more" {
				t.Errorf("%q: problem without key: %v", text, p)
			}
		}
	})
}
