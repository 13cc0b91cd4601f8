package lint

import (
	"go/ast"
	"testing"
)

// sleepComplaints finds time.Sleep in test files. Inside synctest.Test time is simulated and sleeping
// is the way to let it pass; elsewhere a marker with a reason says that it is not synchronisation.
func sleepComplaints(s *source) []string {
	clock, bubble := s.localName("time"), s.localName("testing/synctest")
	if !s.test || clock == "" {
		return nil
	}
	var out []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if bubble != "" && (isCall(call, bubble, "Test") || isCall(call, bubble, "Run")) {
			return false
		}
		if isCall(call, clock, "Sleep") && !s.marked(call.Pos(), "sleep", true) {
			out = append(out, s.at(call)+": a bare time.Sleep; wait for a condition, or say why with //lint:sleep REASON")
		}
		return true
	})
	return out
}

func isCall(call *ast.CallExpr, pkg, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == pkg
}

func TestNoBareSleepInTests(t *testing.T) {
	eachSource(t, sleepComplaints)
}

func TestSleepRules(t *testing.T) {
	const head = "package x\n\nimport (\n\t\"testing\"\n\t\"testing/synctest\"\n\t\"time\"\n)\n\nvar _ = synctest.Wait\n\nfunc f(t *testing.T) {\n"
	for _, c := range []struct {
		name, path, body string
		want             int
	}{
		{"bare", "a/a_test.go", "time.Sleep(1)", 1},
		{"with a reason", "a/a_test.go", "time.Sleep(1) //lint:sleep a slow tool", 0},
		{"marker without a reason", "a/a_test.go", "time.Sleep(1) //lint:sleep", 1},
		{"in a bubble", "a/a_test.go", "synctest.Test(t, func(t *testing.T) { time.Sleep(1) })", 0},
		{"production", "a/a.go", "time.Sleep(1)", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sleepComplaints(parseText(t, c.path, head+c.body+"\n}\n")); len(got) != c.want {
				t.Errorf("got %q, want %d complaints", got, c.want)
			}
		})
	}
}
