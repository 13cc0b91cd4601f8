package repl

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// evalText gives what a fresh shell makes of an expression: the printed value
// or the error's message.
func evalText(t *testing.T, o Options, expr string) string {
	t.Helper()
	var out strings.Builder
	v, err := NewShell(o).Eval(context.Background(), expr, &out)
	if err != nil {
		return out.String() + err.Error()
	}
	return out.String() + Format(v)
}

func TestEvalKeepsBindingsBetweenExpressions(t *testing.T) {
	s := NewShell(Options{})
	var out strings.Builder
	if _, err := s.Eval(context.Background(), "X = 41.", &out); err != nil {
		t.Fatal(err)
	}
	v, err := s.Eval(context.Background(), "X + 1.", &out)
	if err != nil || Format(v) != "42" {
		t.Fatalf("got %v, %v, want 42", v, err)
	}
}

// printFlat prints a term on one line, with strings.
func printFlat(t Term) string {
	return term.Print(t, term.Style{Depth: -1})
}

// TestNumberOfAnExpression counts as the shell of OTP does.
func TestNumberOfAnExpression(t *testing.T) {
	s := NewShell(Options{Commands: true})
	for _, c := range []struct {
		text string
		want int
	}{{"1.", 2}, {"1 +.", 2}, {"Unbound.", 3}, {"1 / 0.", 4}, {"\n v(1).\n", 5}} {
		_, _ = s.Eval(t.Context(), c.text, io.Discard)
		if got := s.Number(); got != c.want {
			t.Errorf("after %q: got %d, want %d", c.text, got, c.want)
		}
	}
	if got := session(t, s, "h().")[0]; got != "1: 1\n-> 1\n4: v(1)\n-> 1\nok" {
		t.Errorf("h(): got %q", got)
	}
}
