package repl

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// fakeNode is an inspector with two processes; it notes what it is asked.
type fakeNode struct{ asked []string }

var _ Inspector = (*fakeNode)(nil)

func (n *fakeNode) Call(ctx context.Context, module, function string, args []Term) (Term, bool, error) {
	n.asked = append(n.asked, module+":"+function)
	switch module + ":" + function {
	case "erlang:node":
		return Atom("erlmcp@127.0.0.1"), true, nil
	case "erlang:nodes":
		return List(Atom("b@host.local")), true, nil
	case "erlang:self":
		return Pid{ID: 100}, true, nil
	case "erlang:registered":
		return List(Atom("root"), Atom("sessions_1")), true, nil
	case "erlang:processes":
		return List(Pid{ID: 10}, Pid{ID: 11}), true, nil
	case "erlang:process_info":
		if len(args) == 2 {
			return List(Tuple{Atom("registered_name"), Atom("root")}, Tuple{Atom("memory"), Int(1024)}), true, nil
		}
		return Atom("undefined"), true, nil
	case "erlang:system_info":
		return nil, true, Badarg()
	case "supervisor:which_children":
		return nil, true, Raise(ClassExit, Tuple{Atom("noproc"), Tuple{Atom("gen_server"), Atom("call"),
			List(args[0], Atom("which_children"), Atom("infinity"))}})
	case "supervisor:terminate_child":
		return Atom("ok"), true, nil
	case "erlang:memory":
		<-ctx.Done()
		return nil, true, ctx.Err()
	case "net_adm:ping":
		return nil, true, errors.New("no route")
	}
	return nil, false, nil
}

func TestInspectorAnswersSystemFunctions(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"node().", "'erlmcp@127.0.0.1'"},
		{"erlang:nodes().", "['b@host.local']"},
		{"self().", "<0.100.0>"},
		{"processes().", "[<0.10.0>,<0.11.0>]"},
		{"<0.10.0> =:= hd(processes()).", "true"},
		{"list_to_pid(\"<0.10.0>\") =:= hd(processes()).", "true"},
		{"node(self()).", "'erlmcp@127.0.0.1'"},
		{"process_info(hd(processes())).", "undefined"},
		{"rpc:call(node(), erlang, processes, []).", "[<0.10.0>,<0.11.0>]"},
		{"rpc:call(node(), erlang, hd, [[]]).", "{badrpc,{'EXIT',{badarg,[{erlang,hd,[[]],[]}]}}}"},
		{"rpc:call(other, erlang, node, []).", "{badrpc,nodedown}"},
		{"rpc:multicall(erlang, node, []).", "{['erlmcp@127.0.0.1'],['b@host.local']}"},
		{"erlang:system_info(nothing).", "** exception error: bad argument\n     in function  erlang:system_info/1\n" +
			"        called as erlang:system_info(nothing)"},
		{"supervisor:which_children(nosuch).",
			"** exception exit: {noproc,{gen_server,call,[nosuch,which_children,infinity]}}"},
		{"rpc:call(node(), os, cmd, [\"id\"]).", "** exception error: undefined function os:cmd/1"},
		{"erlang:statistics(io).", "** exception error: undefined function statistics/1"},
		{"net_adm:ping(x).", "** exception error: no route"},
	} {
		if got := evalText(t, Options{Inspector: &fakeNode{}}, c.expr); got != c.want {
			t.Errorf("%s: got %s, want %s", c.expr, got, c.want)
		}
	}
}

func TestRolesGuardFunctionsThatAct(t *testing.T) {
	const expr = "supervisor:terminate_child(root, a)."
	for role, want := range map[Role]string{
		Viewer:   "** exception error: denied: supervisor:terminate_child/2 needs the role admin",
		Operator: "** exception error: denied: supervisor:terminate_child/2 needs the role admin",
		Admin:    "ok",
	} {
		n := &fakeNode{}
		if got := evalText(t, Options{Inspector: n, Role: role}, expr); got != want {
			t.Errorf("%v: got %s, want %s", role, got, want)
		}
		if asked := slices.Contains(n.asked, "supervisor:terminate_child"); asked != (role == Admin) {
			t.Errorf("%v: the inspector was asked: %v", role, asked)
		}
	}
	for _, indirect := range []string{
		"apply(supervisor, terminate_child, [root, a]).",
		"F = fun supervisor:terminate_child/2, F(root, a).",
		"rpc:call(node(), supervisor, terminate_child, [root, a]).",
		"lists:map(fun(X) -> supervisor:terminate_child(root, X) end, [a]).",
	} {
		if got := evalText(t, Options{Inspector: &fakeNode{}}, indirect); !strings.Contains(got, "denied") {
			t.Errorf("%s: got %s, want it denied", indirect, got)
		}
	}
}

func TestInspectorSeesTheEndOfTheContext(t *testing.T) {
	_, err := NewShell(Options{Inspector: &fakeNode{}, Limits: Limits{Time: 1}}).
		Eval(context.Background(), "catch erlang:memory().", io.Discard)
	var e *Exception
	if !errors.As(err, &e) || !e.Fatal {
		t.Errorf("got %v, want the timeout of the evaluation", err)
	}
}

func TestShellCommandsPrintWhatTheInspectorKnows(t *testing.T) {
	got := evalText(t, Options{Inspector: &fakeNode{}, Commands: true}, "i().")
	if !strings.Contains(got, "<0.10.0>") || !strings.Contains(got, "1024") || !strings.HasSuffix(got, "ok") {
		t.Errorf("got %s, want a table of the processes, then ok", got)
	}
}

func TestCandidates(t *testing.T) {
	s := NewShell(Options{Inspector: &fakeNode{}, Commands: true})
	if _, err := s.Eval(context.Background(), "Result = 1.", io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, word string }{
		{"lists:rev", "lists:reverse/1"},
		{"X = erlang:mem", "erlang:memory/0"},
		{"foo(supervis", "supervisor:"},
		{"Res", "Result"},
		{"whereis(sess", "sessions_1"},
		{"net_adm:ping('b@", "'b@host.local'"},
		{"proces", "processes("},
		{"hel", "help("},
	} {
		words, n := s.Candidates(context.Background(), c.line)
		if !slices.Contains(words, c.word) {
			t.Errorf("%q: got %v, want %s among them", c.line, words, c.word)
		}
		if !strings.HasPrefix(c.word, c.line[len(c.line)-n:]) {
			t.Errorf("%q: got %d bytes to replace", c.line, n)
		}
	}
}

// sessionNode is a fakeNode with sessions.
type sessionNode struct{ fakeNode }

func (*sessionNode) SessionIDs(prefix string, most int) []string {
	if strings.HasPrefix("aB3-x", prefix) && most > 0 {
		return []string{"aB3-x"}
	}
	return nil
}

func TestSessionsAreCompletedWithinStrings(t *testing.T) {
	s := NewShell(Options{Inspector: &sessionNode{}})
	for line, want := range map[string]string{
		`erlmcp:session("aB`: "aB3-x", `erlmcp:session(<<"`: "aB3-x", `erlmcp:session("zz`: "", `erlmcp:session("aB"), lists:rev`: "lists:reverse/1",
	} {
		words, n := s.Candidates(t.Context(), line)
		if want == "" && len(words) == 0 {
			continue
		}
		if !slices.Contains(words, want) || !strings.HasPrefix(want, line[len(line)-n:]) {
			t.Errorf("%s: got %v in place of %d bytes, want %s", line, words, n, want)
		}
	}
}

// TestAccessTableIsClosed: no function of the table is answered here as well,
// where its role would not be looked at.
func TestAccessTableIsClosed(t *testing.T) {
	s := NewShell(Options{})
	for _, f := range System() {
		if f.Module == "rpc" {
			continue // calls of its functions are looked at one by one
		}
		key := mfa{f.Module, f.Name, f.Arity}
		if s.natives[key] != nil {
			t.Errorf("%v is native as well", key)
		}
		if mod := s.module(f.Module); mod != nil && mod.functions[funKey{f.Name, f.Arity}] != nil {
			t.Errorf("%v is in the library as well", key)
		}
	}
}
