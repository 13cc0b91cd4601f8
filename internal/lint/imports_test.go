package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// room is one row of the import table of ARCHITECTURE.md: a folder (with everything below it), its
// layer, and which other rooms its production code may import. Imports inside a room are free.
type room struct {
	dir     string
	layer   int
	imports []string
}

// rooms is ordered so that a longer folder stands before the one that contains it.
var rooms = []room{
	{"internal/jsonrpc", 0, nil},
	{"internal/eventstream", 0, nil},
	{"internal/invariants", 0, nil},
	{"internal/testutil", 0, nil},
	{"internal/lint", 0, nil},
	{"config", 0, nil},

	{"mcp", 1, []string{"internal/jsonrpc", "internal/invariants"}},
	{"supervisors", 1, []string{"internal/invariants"}},
	{"transport", 1, []string{"internal/jsonrpc", "internal/eventstream", "internal/invariants"}},
	{"repl", 1, nil},
	{"load", 1, []string{"internal/jsonrpc", "internal/eventstream"}},

	{"cluster", 2, []string{"supervisors", "internal/invariants"}},

	{"actors", 3, []string{"mcp", "supervisors", "cluster", "transport", "internal/jsonrpc", "internal/eventstream", "internal/invariants"}},
	{"upstream", 3, []string{"mcp", "supervisors", "internal/jsonrpc", "internal/eventstream", "internal/invariants"}},

	{"metrics", 4, []string{"actors", "mcp", "supervisors", "cluster", "transport", "upstream"}},
	{"admin", 4, []string{"repl"}},
	{"inspect", 4, []string{"repl", "supervisors", "actors", "cluster", "mcp", "transport"}},

	{"cmd", 6, []string{".", "mcp", "config", "admin", "load", "repl"}},
	{"examples", 6, []string{".", "mcp"}},
	{"testsuite", 6, []string{".", "mcp", "config", "load"}},

	{".", 5, []string{
		"actors", "admin", "cluster", "inspect", "mcp", "metrics", "repl", "supervisors", "transport", "upstream",
		"internal/invariants",
	}},
}

// owners lists, for each foreign module or guarded package of the standard library, the folders whose
// production code may import it. Test files may import any foreign module.
var owners = []struct {
	path string
	dirs []string
}{
	{"github.com/asynkron/protoactor-go/cluster", []string{"cluster"}},
	{"github.com/asynkron/protoactor-go/remote", []string{"cluster"}},
	{"github.com/asynkron/protoactor-go", []string{"actors", "supervisors", "cluster"}},
	{"google.golang.org", []string{"cluster"}},
	{"github.com/twmb/murmur3", []string{"cluster"}},
	{"github.com/prometheus", []string{"metrics"}},
	{"github.com/gorilla/websocket", []string{"transport/ws", "load"}},
	{"github.com/gobwas", []string{"transport/ws", "load"}},
	{"github.com/spf13/cobra", []string{"cmd"}},
	{"github.com/spf13", []string{"config", "cmd"}},
	{"go.yaml.in/yaml", []string{"config"}},
	{"github.com/fsnotify", []string{"config"}},
	{"github.com/go-viper", []string{"config"}},
	{"github.com/google/jsonschema-go", []string{"mcp"}},
	{"github.com/santhosh-tekuri/jsonschema", []string{"mcp", "config"}},
	{"github.com/yosida95/uritemplate", []string{"mcp"}},
	{"github.com/HdrHistogram", []string{"load"}},
	{"gonum.org/v1/plot", []string{"load/report"}},
	{"github.com/jedib0t/go-pretty", []string{"cmd"}},
	{"github.com/peterh/liner", []string{"cmd/erlmcp/internal/console"}},
	{"golang.org/x/term", []string{"cmd"}},
	{"charm.land", []string{"cmd/erlmcp/internal/top"}},
	{"github.com/KimMachineGun/automemlimit", []string{"cmd"}},
	{"golang.org/x/sys", []string{"transport", "admin", "cmd", "load"}},
	{"golang.org/x/crypto", []string{"cluster", "testsuite"}},
	{"github.com/hashicorp", []string{"cluster"}},
	{"golang.org/x/time", []string{"actors", "transport", "upstream"}},
	{"golang.org/x/text", []string{"mcp", "repl"}},
	{"go.uber.org/goleak", []string{"internal/testutil", "transport/transporttest", "testsuite"}},
	{"github.com/google/go-cmp", []string{"internal/testutil", "transport/transporttest", "testsuite"}},

	{"net/http", []string{"transport", "admin", "metrics", "upstream", "load", "cmd", "examples", "testsuite", "."}},
	{"net/http/pprof", []string{"admin"}},
	{"net", []string{"transport", "admin", "cluster", "config", "upstream", "load", "cmd", "examples", "testsuite", "."}},
	{"os/exec", []string{"upstream", "cmd", "testsuite"}},
	{"flag", []string{"config", "internal/testutil"}},
	{"log", nil},
	{"unsafe", []string{"internal/jsonrpc", "transport"}},
}

// roomOf finds the row of a folder; nil for a folder outside the table.
func roomOf(dir string) *room {
	for i := range rooms {
		if r := &rooms[i]; r.dir == dir || (r.dir != "." && within(dir, r.dir)) {
			return r
		}
	}
	return nil
}

// importComplaints checks one file against both tables.
func importComplaints(s *source) []string {
	from := roomOf(s.dir)
	if from == nil {
		return []string{fmt.Sprintf("%s: folder %s is in no room of the import table", s.path, s.dir)}
	}
	var out []string
	for _, p := range s.imports() {
		if c := s.judgeImport(from, p); c != "" {
			out = append(out, s.path+": "+c)
		}
	}
	return out
}

func (s *source) judgeImport(from *room, p string) string {
	if p == module || strings.HasPrefix(p, module+"/") {
		return s.judgeOurs(from, strings.TrimPrefix(strings.TrimPrefix(p, module), "/"))
	}
	isProgram := s.file.Name.Name == "main"
	if s.test || (isProgram && (p == "flag" || p == "log")) {
		return ""
	}
	for _, o := range owners {
		// A foreign path covers what is below it; one of the standard library stands for itself alone.
		if p != o.path && !(strings.Contains(o.path, ".") && strings.HasPrefix(p, o.path+"/")) {
			continue
		}
		if slices.ContainsFunc(o.dirs, func(d string) bool { return s.dir == d || (d != "." && within(s.dir, d)) }) {
			return ""
		}
		return fmt.Sprintf("imports %s, which only %v may", p, o.dirs)
	}
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
		return fmt.Sprintf("imports %s, a module without an owner in the table", p)
	}
	return ""
}

func (s *source) judgeOurs(from *room, target string) string {
	if target == "" {
		target = "."
	}
	to := roomOf(target)
	switch {
	case to == nil:
		return fmt.Sprintf("imports %s, which is in no room", target)
	case to == from:
		return ""
	case to.dir == "internal/testutil":
		if s.test || from.dir == "testsuite" || strings.HasSuffix(s.dir, "test") {
			return ""
		}
		return "imports internal/testutil outside tests"
	case s.test && to.layer <= from.layer:
		return "" // a test may use a neighbour, but still nothing above its room
	case slices.Contains(from.imports, to.dir):
		return ""
	}
	return fmt.Sprintf("room %s (layer %d) must not import room %s (layer %d)", from.dir, from.layer, to.dir, to.layer)
}

func TestImportsGoDownOnly(t *testing.T) {
	eachSource(t, importComplaints)
}

// TestImportTableIsLayered checks the table itself: it may only allow imports to a lower layer.
func TestImportTableIsLayered(t *testing.T) {
	for _, from := range rooms {
		for _, dir := range from.imports {
			to := roomOf(dir)
			if to == nil || to.dir != dir {
				t.Errorf("room %s: allows %s, which has no row", from.dir, dir)
				continue
			}
			if to.layer >= from.layer {
				t.Errorf("room %s (layer %d): allows %s (layer %d)", from.dir, from.layer, dir, to.layer)
			}
		}
	}
}

// TestModuleFileIsPortable refuses go.mod lines that only work on one machine.
func TestModuleFileIsPortable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "replace") || strings.Contains(line, "=> ") {
			t.Errorf("go.mod:%d: a replacement: %s", i+1, line)
		}
	}
}

func TestImportRules(t *testing.T) {
	const head = "package x\n\nimport _ "
	for _, c := range []struct {
		name, path, imports string
		want                int
	}{
		{"down", "actors/a.go", module + "/mcp", 0},
		{"up", "mcp/a.go", module + "/actors", 1},
		{"sideways", "mcp/a.go", module + "/transport", 1},
		{"sideways in a test", "mcp/a_test.go", module + "/transport", 0},
		{"up in a test", "mcp/a_test.go", module + "/actors", 1},
		{"inside a room", "transport/ws/a.go", module + "/transport", 0},
		{"config in a room", "actors/a.go", module + "/config", 1},
		{"foreign, owner", "transport/ws/a.go", "github.com/gorilla/websocket", 0},
		{"foreign, stranger", "actors/a.go", "github.com/gorilla/websocket", 1},
		{"foreign without owner", "mcp/a.go", "example.com/m", 1},
		{"log/slog in a shell", "actors/a.go", "log/slog", 0},
		{"net in a core", "mcp/a.go", "net", 1},
		{"net/http in the facade", "a.go", "net/http", 0},
		{"testutil in production", "mcp/a.go", module + "/internal/testutil", 1},
		{"no room", "util/a.go", "io", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parseText(t, c.path, head+`"`+c.imports+`"`+"\n")
			if got := importComplaints(s); len(got) != c.want {
				t.Errorf("%s importing %s: got %q, want %d complaints", c.path, c.imports, got, c.want)
			}
		})
	}
}
