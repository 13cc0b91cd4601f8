package repl

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestShellTellsWhatSystemFunctionsAreCalled(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"1 + 2.", ""},
		{"node(), [process_info(P) || P <- processes()].", "erlang:node/0 erlang:processes/0 erlang:process_info/1 erlang:process_info/1"},
		{"catch init:stop().", "-init:stop/0"},
		{"rpc:call(node(), supervisor, terminate_child, [root, a]).", "erlang:node/0 erlang:node/0 -supervisor:terminate_child/2"},
		{"F = fun supervisor:terminate_child/2, catch F(root, a).", "-supervisor:terminate_child/2"},
	} {
		var got []string
		called := func(f SystemFunction, allowed bool) {
			if !allowed {
				got = append(got, "-"+f.String())
				return
			}
			got = append(got, f.String())
		}
		_, _ = NewShell(Options{Inspector: &fakeNode{}, Called: called}).Eval(t.Context(), c.expr, io.Discard)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.expr, got, c.want)
		}
	}
}

// TestRolesAllowExactlyWhatTheTableSays calls each function of the table in each role.
func TestRolesAllowExactlyWhatTheTableSays(t *testing.T) {
	for _, f := range System() {
		if f.Module == "rpc" {
			continue // what it calls is looked at, see TestRolesGuardFunctionsThatAct
		}
		args := strings.Join(slices.Repeat([]string{"x"}, f.Arity), ",")
		for role := Viewer; role <= Admin; role++ {
			_, err := NewShell(Options{Role: role}).
				Eval(t.Context(), "catch "+f.Module+":"+f.Name+"("+args+"), "+f.Module+":"+f.Name+"("+args+").", io.Discard)
			e, _ := errors.AsType[*Exception](err)
			if denied := e != nil && e.Denied; denied != (role < f.Role) {
				t.Errorf("%v as %v: got denied %v, want %v (%v)", f, role, denied, role < f.Role, err)
			}
		}
	}
}

func TestParseRole(t *testing.T) {
	for _, r := range []Role{Viewer, Operator, Admin} {
		if got, ok := ParseRole(r.String()); !ok || got != r {
			t.Errorf("%v: got %v, %v", r, got, ok)
		}
	}
	for _, name := range []string{"", "root", "Viewer", "viewer "} {
		if got, ok := ParseRole(name); ok {
			t.Errorf("%q: got %v, want none", name, got)
		}
	}
}
