package operator

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a block of the cheat sheet. Its info string says who evaluates it: "erlang", a node alone, each expression
// for itself; "erlang cluster", the first node of two; "console", one remote console.
type block struct {
	kind     string
	examples []example
}

// example is an expression with what stands below it, in which an ellipsis stands for anything.
type example struct{ expression, value string }

// blocks reads the sheet: each expression follows a prompt.
func blocks(t *testing.T, page string) (list []block) {
	prompt := regexp.MustCompile(`(?m)^\d+> `)
	for i, text := range strings.Split(page, "```") {
		if i%2 == 0 {
			continue
		}
		kind, text, _ := strings.Cut(text, "\n")
		b := block{kind: kind}
		for _, part := range prompt.Split(text, -1)[1:] {
			expression, value, ok := strings.Cut(part, ".\n")
			if !ok || strings.Trim(flat(value), "…") == "" && expression != "q()" {
				t.Errorf("%s: nothing below it that a test could miss", part)
			}
			b.examples = append(b.examples, example{expression + ".", value})
		}
		if len(b.examples) == 0 {
			t.Errorf("a block without expressions: %s", text)
		}
		list = append(list, b)
	}
	return list
}

// matches compares what is printed with what the sheet says; blanks do not count.
func matches(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(flat(want)), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(flat(got))
}

// TestCheatSheet evaluates every block of docs/erlang-cheat-sheet.md, in order, on nodes with five clients.
func TestCheatSheet(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/erlang-cheat-sheet.md")
	if err != nil {
		t.Fatal(err)
	}
	list := blocks(t, string(text))
	alone := start(t)
	alone.clients(5)
	kinds := []string{"erlang", "console", "erlang cluster"}
	for _, b := range list {
		if !slices.Contains(kinds, b.kind) {
			t.Errorf("nothing evaluates a block of kind %q", b.kind)
		}
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			n := alone
			if kind == "erlang cluster" {
				n = startPair(t)
				n.clients(5)
			}
			ran := 0
			for _, b := range list {
				if b.kind == kind {
					n.show(t, b)
					ran++
				}
			}
			if ran == 0 {
				t.Error("the sheet has no such block")
			}
		})
	}
}

// show evaluates a block and compares.
func (n *node) show(t *testing.T, b block) {
	t.Helper()
	if b.kind == "console" {
		var typed, want strings.Builder
		for _, e := range b.examples {
			typed.WriteString(e.expression + "\n")
			want.WriteString(e.value)
		}
		if got, err := n.console(typed.String()); err != nil || !matches(want.String(), got) {
			t.Errorf("%s\ngot  %s, %v\nwant %s", typed.String(), got, err, want.String())
		}
		if out, err := n.command("ping"); err != nil || out != "pong\n" {
			t.Errorf("after the console the node says %s, %v", out, err)
		}
		return
	}
	for _, e := range b.examples {
		if got, _ := n.command("eval", e.expression); !matches(e.value, got) {
			t.Errorf("%s\ngot  %s\nwant %s", e.expression, got, e.value)
		}
	}
}
