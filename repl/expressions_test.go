package repl

import (
	"bufio"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite testdata/expressions.txt with what the evaluator gives")

// TestExpressions replays testdata/expressions.txt: after "> " an expression,
// then what it prints (after "< ", quoted) and its value or message.
func TestExpressions(t *testing.T) {
	const path = "testdata/expressions.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	var expr string
	var want []string
	check := func() {
		if expr == "" {
			return
		}
		got := transcriptOf(t, expr)
		all.WriteString("> " + expr + "\n" + got + "\n")
		if w := strings.TrimRight(strings.Join(want, "\n"), "\n"); got != w && !*rewrite {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", expr, got, w)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		line := lines.Text()
		if next, ok := strings.CutPrefix(line, "> "); ok {
			check()
			expr, want = next, nil
			continue
		}
		want = append(want, line)
	}
	check()
	if *rewrite {
		if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func transcriptOf(t *testing.T, expr string) string {
	t.Helper()
	var out strings.Builder
	v, err := NewShell(Options{}).Eval(t.Context(), expr, &out)
	text := ""
	if out.Len() > 0 {
		text = "< " + strconv.Quote(out.String()) + "\n"
	}
	if err != nil {
		return text + err.Error()
	}
	return text + Format(v)
}
