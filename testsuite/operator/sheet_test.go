package operator

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// example is an expression of the cheat sheet with the value that stands below it.
type example struct{ expression, value string }

// examples reads the blocks of the sheet: an expression after "1> ", then its value, in which an ellipsis stands
// for anything.
func examples(page string) (list []example) {
	for i, block := range strings.Split(page, "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "erlang\n") {
			continue
		}
		for _, part := range strings.Split(block, "\n1> ")[1:] {
			expression, value, _ := strings.Cut(part, ".\n")
			list = append(list, example{expression + ".", value})
		}
	}
	return list
}

// matches compares a printed value, or the first line of an error, with what the sheet says; blanks do not count.
func (e example) matches(got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(flat(e.value)), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(flat(got))
}

// TestCheatSheet evaluates every block of docs/erlang-cheat-sheet.md, in order, on a node with clients.
func TestCheatSheet(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/erlang-cheat-sheet.md")
	if err != nil {
		t.Fatal(err)
	}
	list := examples(string(text))
	if len(list) < 30 {
		t.Fatalf("only %d examples found", len(list))
	}
	n := start(t)
	n.clients(5)
	for _, e := range list {
		got, _ := n.command("eval", e.expression)
		if !e.matches(got) {
			t.Errorf("%s\ngot  %s\nwant %s", e.expression, got, e.value)
		}
	}
}
