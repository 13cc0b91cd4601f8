package lint

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// Sizes in lines: above soft a warning is printed with -v, above hard the test fails.
const (
	softFile, hardFile = 400, 700
	softFunc, hardFunc = 50, 80
	softPackage        = 4000
)

// sizeComplaints returns what is over the hard limit and, apart, what is over the soft one.
// Functions of test files have the soft limit only: a table of cases is long and simple.
func sizeComplaints(s *source) (hard, soft []string) {
	note := func(over bool, text string) {
		if over {
			hard = append(hard, text)
		} else {
			soft = append(soft, text)
		}
	}
	if s.rows > softFile {
		note(s.rows > hardFile, fmt.Sprintf("%s: %d lines, want at most %d", s.path, s.rows, softFile))
	}
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil || isDispatchTable(s, f) {
			continue
		}
		if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > softFunc {
			note(n > hardFunc && !s.test, fmt.Sprintf("%s: %s has %d lines, want at most %d", s.at(f), f.Name.Name, n, softFunc))
		}
	}
	return hard, soft
}

func isDispatchTable(s *source, f *ast.FuncDecl) bool {
	if f.Doc != nil {
		for _, c := range f.Doc.List {
			if strings.HasPrefix(c.Text, "//lint:dispatch-table") {
				return true
			}
		}
	}
	return s.marked(f.Pos(), "dispatch-table", false)
}

func TestSizes(t *testing.T) {
	var warnings []string
	packages := map[string]int{}
	eachSource(t, func(s *source) []string {
		if !s.test {
			packages[s.dir] += s.rows
		}
		hard, soft := sizeComplaints(s)
		warnings = append(warnings, soft...)
		return hard
	})
	for dir, rows := range packages {
		if rows > softPackage {
			warnings = append(warnings, fmt.Sprintf("package %s: %d lines, want at most %d", dir, rows, softPackage))
		}
	}
	for _, w := range warnings {
		t.Log("warning: " + w)
	}
}

func TestSizeRules(t *testing.T) {
	body := func(n int) string { return "func f() {\n" + strings.Repeat("\t_ = 0\n", n) + "}\n" }
	for _, c := range []struct {
		name, path, text string
		hard, soft       int
	}{
		{"short", "a/a.go", body(10), 0, 0},
		{"long function", "a/a.go", body(60), 0, 1},
		{"too long function", "a/a.go", body(90), 1, 0},
		{"too long function of a test", "a/a_test.go", body(90), 0, 1},
		{"dispatch table", "a/a.go", "//lint:dispatch-table\n" + body(90), 0, 0},
		{"too long file", "a/a.go", strings.Repeat("\n", 700), 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			hard, soft := sizeComplaints(parseText(t, c.path, "package x\n\n"+c.text))
			if len(hard) != c.hard || len(soft) != c.soft {
				t.Errorf("got %q and %q, want %d and %d", hard, soft, c.hard, c.soft)
			}
		})
	}
}
