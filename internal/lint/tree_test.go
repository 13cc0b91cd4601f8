package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the path of the main module; every import below it is ours.
const module = "github.com/erlmcp/erlmcp"

// root is the module's folder as seen from this package's folder, where go test runs.
const root = "../.."

// source is one parsed Go file of the module.
type source struct {
	path string // slash-separated, relative to the module's root
	dir  string // path's folder, "." for the root package
	test bool   // a _test.go file
	file *ast.File
	fset *token.FileSet
	rows int // number of lines
}

// at gives the position of a node as path:line.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.line(n.Pos()))
}

func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// imports lists the import paths of the file.
func (s *source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// localName is the identifier under which the file refers to an import path, "" where it does not import it.
func (s *source) localName(importPath string) string {
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// marked says whether a //lint:NAME comment stands on the line of pos or on the line above.
// A marker that needs a reason counts only with one.
func (s *source) marked(pos token.Pos, name string, needsReason bool) bool {
	at := s.line(pos)
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			rest, ok := strings.CutPrefix(c.Text, "//lint:"+name)
			if !ok || (needsReason && len(strings.Fields(rest)) < 2) {
				continue
			}
			if line := s.line(c.Pos()); line == at || line == at-1 {
				return true
			}
		}
	}
	return false
}

// loadTree parses the module once for all tests of the package.
var loadTree = sync.OnceValues(func() ([]*source, error) { return parseTree(root) })

func parseTree(base string) ([]*source, error) {
	var tree []*source
	err := filepath.WalkDir(base, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(base, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if rel != "." && skipDir(name, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		s, err := parseSource(name, rel)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(s.file) {
			tree = append(tree, s)
		}
		return nil
	})
	return tree, err
}

// skipDir leaves out hidden folders, build output, test data and nested modules.
func skipDir(name, base string) bool {
	if strings.HasPrefix(base, ".") || slices.Contains([]string{"bin", "build", "testdata"}, base) {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil
}

func parseSource(name, rel string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{
		path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"),
		file: file, fset: fset, rows: fset.File(file.Pos()).LineCount(),
	}, nil
}

// eachSource runs a rule over every file of the module and reports what it returns.
func eachSource(t *testing.T, rule func(*source) []string) {
	t.Helper()
	tree, err := loadTree()
	if err != nil {
		t.Fatalf("lint: parse the module: %v", err)
	}
	for _, s := range tree {
		for _, complaint := range rule(s) {
			t.Error(complaint)
		}
	}
}

// parseText makes a source from text, for the tests of the rules themselves.
func parseText(t *testing.T, rel, text string) *source {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.go")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := parseSource(name, rel)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// within says whether a folder is the named one or below it.
func within(dir, parent string) bool {
	return dir == parent || strings.HasPrefix(dir, parent+"/")
}
