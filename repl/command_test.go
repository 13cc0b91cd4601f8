package repl

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// session evaluates lines in one shell and gives what each prints and results
// in.
func session(t *testing.T, s *Shell, lines ...string) []string {
	t.Helper()
	var got []string
	for _, line := range lines {
		var out strings.Builder
		v, err := s.Eval(context.Background(), line, &out)
		if err != nil {
			got = append(got, out.String()+err.Error())
			continue
		}
		got = append(got, out.String()+Format(v))
	}
	return got
}

func TestCommands(t *testing.T) {
	s := NewShell(Options{Commands: true})
	steps := []struct{ line, want string }{
		{"X = 41.", "41"},
		{"Y = {X, \"a\"}.", "{41,\"a\"}"},
		{"b().", "X = 41\nY = {41,\"a\"}\nok"},
		{"v(1) + 1.", "42"},
		{"v(-1).", "42"},
		{"X = 1.", "** exception error: no match of right hand side value 1"},
		{"f(X).", "ok"},
		{"X = 1.", "1"},
		{"f().", "ok"},
		{"Y.", "* 1:1: variable 'Y' is unbound"},
		{"pid(0, 12, 0).", "<0.12.0>"},
		{"v(99).", "** exception error: {no_command,99}"},
	}
	for _, st := range steps {
		if got := session(t, s, st.line)[0]; got != st.want {
			t.Errorf("%s: got %s, want %s", st.line, got, st.want)
		}
	}
	if got := session(t, s, "h().")[0]; !strings.Contains(got, "2: Y = {X, \"a\"}\n-> {41,\"a\"}\n") {
		t.Errorf("h(): got %s", got)
	}
	if got := session(t, s, "help().")[0]; !strings.Contains(got, "b()") {
		t.Errorf("help(): got %s", got)
	}
	if _, err := s.Eval(context.Background(), "q().", &strings.Builder{}); !errors.Is(err, ErrQuit) {
		t.Errorf("q(): got %v, want ErrQuit", err)
	}
}

func TestCommandsAreUndefinedWithoutTheOption(t *testing.T) {
	const want = "** exception error: undefined shell command f/0"
	if got := evalText(t, Options{}, "f()."); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHistoryKeepsTheLastResults(t *testing.T) {
	s := NewShell(Options{Commands: true, History: 2})
	got := session(t, s, "a.", "b.", "c.", "v(2).", "v(1).")
	want := []string{"a", "b", "c", "b", "** exception error: {no_command,1}"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d: got %s, want %s", i+1, got[i], want[i])
		}
	}
}

func TestBindingsOfAFailedExpressionAreForgotten(t *testing.T) {
	s := NewShell(Options{})
	got := session(t, s, "X = 1, Y = 2, 1 / 0.", "Y.", "{Z, 1} = {2, 3}.", "Z.")
	if want := "* 1:1: variable 'Y' is unbound"; got[1] != want {
		t.Errorf("a failed sequence: got %s, want %s", got[1], want)
	}
	if want := "* 1:1: variable 'Z' is unbound"; got[3] != want {
		t.Errorf("a failed match: got %s, want %s", got[3], want)
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"1.": true, "1. ": true, "1.\n": true, "1": false, "foo(": false, "\"a.": false, "'a": false, "": false,
		"1. % c": true, "% only": false, "$": true, "3.14": false, "a.b": false, "1.\x00": true, "@": false, "π": true,
	} {
		if got := Complete(text); got != want {
			t.Errorf("Complete(%q): got %v, want %v", text, got, want)
		}
	}
}
