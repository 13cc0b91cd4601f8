package repl

import (
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// TestLibraryModulesParse: every file under lib reads, exports what it defines,
// and calls only functions that exist.
func TestLibraryModulesParse(t *testing.T) {
	files, err := sources.ReadDir("lib")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := sources.ReadFile("lib/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		list, err := syntax.ParseModule(string(text))
		if err != nil {
			t.Errorf("%s: %v", file.Name(), err)
			continue
		}
		exported := 0
		for _, f := range list {
			if f.Exported {
				exported++
			}
		}
		if want := strings.Count(strings.SplitN(string(text), ").", 2)[0], "/"); exported != want {
			t.Errorf("%s: got %d exported functions, want %d", file.Name(), exported, want)
		}
	}
}

// TestHelpersOfTheLibraryAreHidden: what a module does not export is undefined.
func TestHelpersOfTheLibraryAreHidden(t *testing.T) {
	const want = "** exception error: undefined function lists:foldl_1/3"
	if got := evalText(t, Options{}, "lists:foldl_1(a, b, c)."); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
