package inspect

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

// idle is an actor that does nothing.
type idle struct{}

func (idle) Receive(actor.Context) {}

// startNode is a node of a pool of actors in one partition.
func startNode(tb testing.TB, children int) *Node {
	tb.Helper()
	system := supervisors.NewSystem(supervisors.Options{})
	pool := supervisors.NewDynamic(supervisors.DynamicSpec{Name: "pool", Partitions: 1, Template: supervisors.ChildSpec{
		ID: "thing", Restart: supervisors.Temporary,
		Start: supervisors.Actor(func() actor.Actor { return idle{} }, actor.WithDispatcher(actor.NewSynchronizedDispatcher(300))),
	}})
	root, err := system.Start(supervisors.Spec{Name: "root", Children: []supervisors.ChildSpec{
		pool.ChildSpec(),
		{ID: "tick", Start: supervisors.Service(func(ctx context.Context) error { <-ctx.Done(); return nil })},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = root.Stop(supervisors.Shutdown) })
	for i := range children {
		if _, err := pool.StartChild(strconv.Itoa(i), nil); err != nil {
			tb.Fatal(err)
		}
	}
	return New(Options{Name: "a@h", Version: "1", System: system})
}

// eval evaluates an expression as an administrator at a console, and gives what it printed and its value.
func eval(tb testing.TB, n *Node, text string) (output, value string) {
	tb.Helper()
	shell := repl.NewShell(repl.Options{Inspector: n.Inspector(Who{Role: repl.Admin}), Role: repl.Admin, Commands: true})
	var out strings.Builder
	v, err := shell.Eval(tb.Context(), text+".", &out)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return out.String(), shell.Print(v)
}

func TestGroupsOfReconAreKeysOfProcessInfo(t *testing.T) {
	for _, g := range groups {
		for key := range strings.FieldsSeq(g.keys) {
			if _, ok := itemOf(repl.Atom(key)); !ok {
				t.Errorf("group %s: no key %s", g.name, key)
			}
		}
	}
}

func TestConsoleListsProcesses(t *testing.T) {
	n := startNode(t, 250)
	out, value := eval(t, n, "i()")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if value != "ok" || len(lines) != 202 || !strings.Contains(lines[1], "root") || lines[201] != "and 55 more" { // with the shell itself
		t.Errorf("got %d lines, %s: %q ... %q", len(lines), value, lines[:3], lines[len(lines)-1])
	}
	if out, _ := eval(t, n, "regs()"); !strings.Contains(out, "pool_0") || !strings.Contains(out, "tick") {
		t.Errorf("regs: got %s", out)
	}
}

func TestShellsAreDifferentProcesses(t *testing.T) {
	n := startNode(t, 1)
	_, a := eval(t, n, "self()")
	_, b := eval(t, n, "self()")
	if a == b {
		t.Errorf("two shells have the pid %s", a)
	}
	if _, got := eval(t, n, "{is_list(process_info(self())), process_info(self(), status), length(processes())}"); got != "{true,{status,running},6}" {
		t.Errorf("got %s", got)
	}
	// pids of other nodes and of nobody
	if _, got := eval(t, n, `[catch process_info(pid(7, 1, 0)) || true] =/= [undefined] andalso is_process_alive(pid(0, 99999, 0)) =:= false`); got != "true" {
		t.Errorf("got %s", got)
	}
}

// Benchmark measures what an operator asks most, on 25,000 processes below one supervisor.
func Benchmark(b *testing.B) {
	n := startNode(b, 25_000)
	i := n.Inspector(Who{})
	pool := repl.Atom("pool_0")
	for _, c := range []struct {
		module, name string
		args         []repl.Term
	}{
		{"erlang", "processes", nil},
		{"erlang", "whereis", []repl.Term{pool}},
		{"supervisor", "which_children", []repl.Term{pool}},
		{"supervisor", "count_children", []repl.Term{pool}},
		{"recon", "proc_count", []repl.Term{repl.Atom("reductions"), repl.Int(10)}},
		{"erlmcp", "tree", nil},
	} {
		b.Run(fmt.Sprintf("%s.%s", c.module, c.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := i.Call(b.Context(), c.module, c.name, c.args); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
