package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// wellKnown are methods whose meaning an interface of the standard library fixes; they need no comment.
var wellKnown = []string{"Error", "String", "Unwrap", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "LogValue"}

// docComplaints finds exported names without a comment. A group of constants or variables may share
// one comment, as may a run of lines without a gap; a comment at the end of a line counts.
// Methods of unexported types need none.
func docComplaints(s *source) []string {
	if s.test || s.file.Name.Name == "main" {
		return nil
	}
	var out []string
	miss := func(n ast.Node, name string) {
		out = append(out, fmt.Sprintf("%s: exported %s has no comment", s.at(n), name))
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			known := d.Recv != nil && slices.Contains(wellKnown, d.Name.Name)
			if d.Name.IsExported() && d.Doc.Text() == "" && exportedReceiver(d) && !known {
				miss(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, n := range undocumentedIn(s, d) {
				miss(n, n.Name)
			}
		}
	}
	return out
}

// undocumentedIn lists the exported names of a declaration that have no comment of their own, of the
// group, or of the run of lines they stand in.
func undocumentedIn(s *source, d *ast.GenDecl) []*ast.Ident {
	if isEnumeration(d) {
		return nil
	}
	var out []*ast.Ident
	covered := -1 // last line of a run that has a comment
	for _, spec := range d.Specs {
		n := undocumented(d, spec)
		if _, isValue := spec.(*ast.ValueSpec); isValue && (n == nil || s.line(spec.Pos()) == covered+1) {
			covered = s.line(spec.End())
			continue
		}
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}

// isEnumeration recognises constants that count values of one named type, whose comment covers them.
func isEnumeration(d *ast.GenDecl) bool {
	if d.Tok != token.CONST || len(d.Specs) == 0 {
		return false
	}
	first, ok := d.Specs[0].(*ast.ValueSpec)
	if !ok || first.Type == nil || len(first.Values) == 0 {
		return false
	}
	usesIota := false
	ast.Inspect(first.Values[0], func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		usesIota = usesIota || (ok && id.Name == "iota")
		return true
	})
	return usesIota
}

// undocumented returns the first exported name of a declaration that has no comment.
func undocumented(d *ast.GenDecl, spec ast.Spec) *ast.Ident {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		lone := d.Lparen == token.NoPos
		if spec.Name.IsExported() && spec.Doc.Text() == "" && spec.Comment.Text() == "" && !(lone && d.Doc.Text() != "") {
			return spec.Name
		}
	case *ast.ValueSpec:
		if spec.Doc.Text() != "" || spec.Comment.Text() != "" || d.Doc.Text() != "" {
			return nil
		}
		for _, n := range spec.Names {
			if n.IsExported() {
				return n
			}
		}
	}
	return nil
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return true
	}
	expr := f.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return true
		}
	}
}

func TestExportedNamesHaveComments(t *testing.T) {
	eachSource(t, docComplaints)
}

// TestPackagesHaveComments wants one file of every package to say what the package is for.
func TestPackagesHaveComments(t *testing.T) {
	described := map[string]bool{}
	eachSource(t, func(s *source) []string {
		if !s.test {
			described[s.dir] = described[s.dir] || strings.TrimSpace(s.file.Doc.Text()) != ""
		}
		return nil
	})
	for dir, ok := range described {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestDocRules(t *testing.T) {
	for _, c := range []struct {
		name, path, text string
		want             int
	}{
		{"function", "a/a.go", "func F() {}", 1},
		{"documented function", "a/a.go", "// F does.\nfunc F() {}", 0},
		{"unexported function", "a/a.go", "func f() {}", 0},
		{"method of an unexported type", "a/a.go", "type t int\n\nfunc (t) F() {}", 0},
		{"method of an exported type", "a/a.go", "// T is.\ntype T int\n\nfunc (*T) F() {}", 1},
		{"type", "a/a.go", "type T int", 1},
		{"grouped types", "a/a.go", "// Both.\ntype (\n\tT int\n\tU int\n)", 2},
		{"constants under one comment", "a/a.go", "// Codes.\nconst (\n\tA = 1\n\tB = 2\n)", 0},
		{"constant with a line comment", "a/a.go", "const (\n\tA = 1 // one\n)", 0},
		{"run under the first's comment", "a/a.go", "const (\n\t// A and B.\n\tA = 1\n\tB = 2\n\n\tC = 3\n)", 1},
		{"enumeration", "a/a.go", "// T is.\ntype T int\n\nconst (\n\tA T = iota\n\tB\n)", 0},
		{"bare variable", "a/a.go", "var A = 1", 1},
		{"test file", "a/a_test.go", "func F() {}", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := docComplaints(parseText(t, c.path, "package x\n\n"+c.text+"\n")); len(got) != c.want {
				t.Errorf("got %q, want %d complaints", got, c.want)
			}
		})
	}
}
