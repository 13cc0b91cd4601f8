package lint

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// ban forbids calls of functions of one package of the standard library to some files.
type ban struct {
	pkg     string
	names   []string // names or, ending in *, prefixes
	applies func(*source) bool
	why     string
}

// clocks are the functions of package time that read or wait for the wall clock.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

var bans = []ban{
	{"time", clocks, isCore, "a core gets time as an argument"},
	{"fmt", []string{"Print*"}, notIn("cmd"), "only programs print"},
	{"os", []string{"Getenv", "LookupEnv", "Environ"}, notIn("config", "cmd", "testsuite"), "only config and cmd read the environment"},
	{"os", []string{"Exit"}, notIn("cmd"), "only programs end the process"},
	{"log/slog", []string{"Default", "SetDefault", "Debug*", "Info*", "Warn*", "Error*", "Log", "LogAttrs"},
		notIn("cmd"), "a logger comes in through options"},
	{"sync/atomic", []string{"Add*", "Load*", "Store*", "Swap*", "CompareAndSwap*", "And*", "Or*"},
		func(*source) bool { return true }, "use the types of sync/atomic"},
}

// isCore selects the production files that decide without goroutine, clock, log or network.
func isCore(s *source) bool {
	if s.test {
		return false
	}
	base := path.Base(s.path)
	return s.dir == "mcp" || s.dir == "internal/jsonrpc" ||
		(s.dir == "supervisors" && (strings.HasPrefix(base, "core") || strings.HasPrefix(base, "strategy") || base == "intensity.go"))
}

// notIn selects production files outside some folders; programs (package main) are outside every room.
func notIn(dirs ...string) func(*source) bool {
	return func(s *source) bool {
		return !s.test && s.file.Name.Name != "main" && !slices.ContainsFunc(dirs, func(d string) bool { return within(s.dir, d) })
	}
}

// callComplaints finds banned functions, called or passed on, and goroutines in cores.
func callComplaints(s *source) []string {
	var out []string
	local := map[string][]ban{}
	for _, b := range bans {
		if name := s.localName(b.pkg); name != "" && b.applies(s) {
			local[name] = append(local[name], b)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if isCore(s) {
				out = append(out, s.at(n)+": a core starts no goroutine")
			}
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, b := range local[id.Name] {
				if b.matches(n.Sel.Name) && !(b.pkg == "time" && s.marked(n.Pos(), "clock", true)) {
					out = append(out, fmt.Sprintf("%s: %s.%s: %s", s.at(n), id.Name, n.Sel.Name, b.why))
				}
			}
		}
		return true
	})
	return out
}

func (b ban) matches(name string) bool {
	// atomic.Int64 and fmt.Printer-like types share prefixes with functions; types are not calls.
	if b.pkg == "log/slog" && name == "LevelDebug" {
		return false
	}
	return slices.ContainsFunc(b.names, func(n string) bool {
		prefix, wild := strings.CutSuffix(n, "*")
		return name == n || (wild && strings.HasPrefix(name, prefix))
	})
}

func TestForbiddenCalls(t *testing.T) {
	eachSource(t, callComplaints)
}

func TestCallRules(t *testing.T) {
	for _, c := range []struct {
		name, path, imports, body string
		want                      int
	}{
		{"clock in a core", "mcp/a.go", "time", "time.Now()", 1},
		{"clock in a shell", "actors/a.go", "time", "time.Now()", 0},
		{"clock in the supervisor's core", "supervisors/core.go", "time", "time.Now()", 1},
		{"clock in the supervisor's shell", "supervisors/supervisor.go", "time", "time.Now()", 0},
		{"marked clock", "mcp/a.go", "time", "time.Now() //lint:clock a deadline given to user code", 0},
		{"marker without a reason", "mcp/a.go", "time", "time.Now() //lint:clock", 1},
		{"goroutine in a core", "mcp/a.go", "time", "go func() { _ = time.Second }()", 1},
		{"print in a room", "actors/a.go", "fmt", `fmt.Println("x")`, 1},
		{"print in cmd", "cmd/erlmcp/a.go", "fmt", `fmt.Println("x")`, 0},
		{"format in a room", "actors/a.go", "fmt", `_ = fmt.Sprint("x")`, 0},
		{"environment in a room", "transport/a.go", "os", `_ = os.Getenv("X")`, 1},
		{"environment in config", "config/a.go", "os", `_ = os.Getenv("X")`, 0},
		{"environment in a test", "transport/a_test.go", "os", `_ = os.Getenv("X")`, 0},
		{"atomic function", "actors/a.go", "sync/atomic", "var n int64; atomic.AddInt64(&n, 1)", 1},
		{"atomic type", "actors/a.go", "sync/atomic", "var n atomic.Int64; n.Add(1)", 0},
		{"default logger", "actors/a.go", "log/slog", `slog.Info("x")`, 1},
		{"own logger", "actors/a.go", "log/slog", `var l *slog.Logger; l.Info("x")`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parseText(t, c.path, "package x\n\nimport \""+c.imports+"\"\n\nfunc f() {\n\t"+c.body+"\n}\n")
			if got := callComplaints(s); len(got) != c.want {
				t.Errorf("%s: got %q, want %d complaints", c.body, got, c.want)
			}
		})
	}
}
