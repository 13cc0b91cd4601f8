package admin

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentHasEveryClass compares docs/admin.md with the table.
func TestDocumentHasEveryClass(t *testing.T) {
	text, err := os.ReadFile("../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Classes() {
		if !strings.Contains(string(text), "`"+string(c)+"`") {
			t.Errorf("docs/admin.md says nothing about class %s", c)
		}
	}
}
