package erlmcp_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestOperatorReachesOtherNodes(t *testing.T) {
	a, b := clusterPair(t)
	testutil.Eventually(t, 20*time.Second, func() bool { return len(a.node.Nodes()) == 1 && len(b.node.Nodes()) == 1 })
	on := admin.EvalOptions{Node: b.name}
	for text, want := range map[string]admin.Evaluation{
		"io:format(\"there~n\"), node().":  {Output: "there\n", Value: "'" + b.name + "'"},
		"1 = 2.":                           {Class: admin.ClassError},
		"1 +.":                             {Class: admin.ClassSyntax},
		"binary:copy(<<\"x\">>, 2000000).": {Class: admin.ClassLimit},
	} {
		got, err := a.client.Eval(t.Context(), text, on)
		got.Error = ""
		if want.Class == admin.ClassLimit && got.Class == admin.ClassValue && strings.HasSuffix(got.Value, "...") {
			continue // cut as it is printed
		}
		if err != nil || got.Value != want.Value || got.Output != want.Output || got.Class != want.Class {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	if got, err := a.client.Eval(t.Context(), "init:stop().", admin.EvalOptions{Node: b.name, Role: "viewer"}); err != nil || got.Class != admin.ClassDenied {
		t.Errorf("a viewer's stop: got %+v, %v", got, err)
	}
	if got, err := a.client.Eval(t.Context(), "1.", admin.EvalOptions{Node: "c@127.0.0.1"}); err != nil || got.Class != admin.ClassNodeDown {
		t.Errorf("a stranger: got %+v, %v", got, err)
	}

	callsBetweenNodes(t, a, b)

	k, err := a.client.Console(t.Context(), on)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if got, err := k.Eval(t.Context(), "X = node(), io:format(\"~p\", [X]), X.", func(s string) { out.WriteString(s) }); err != nil || got.Value != "'"+b.name+"'" || out.String() != got.Value {
		t.Errorf("console: got %+v, %q, %v", got, out.String(), err)
	}
	if words, _, err := k.Complete(t.Context(), "net_adm:ping('a@"); err != nil || len(words) != 1 {
		t.Errorf("completion: got %v, %v", words, err)
	}
	if err := k.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := a.client.Console(t.Context(), admin.EvalOptions{Node: "c@127.0.0.1"}); !errors.Is(err, admin.ErrNodeDown) {
		t.Errorf("console of a stranger: got %v, want ErrNodeDown", err)
	}

	// A console ends with the node that it is on; the node in front lives on.
	k, err = a.client.Console(t.Context(), on)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if got, err := k.Eval(t.Context(), "init:stop().", nil); err != nil || got.Value != "ok" {
		t.Errorf("stop: got %+v, %v", got, err)
	}
	<-k.Done()
	if err := a.client.Ping(t.Context()); err != nil {
		t.Errorf("the node in front: %v", err)
	}
}

// callsBetweenNodes tries rpc:call and its like from a to b.
func callsBetweenNodes(t *testing.T, a, b clusterNode) {
	t.Helper()
	A, B := "'"+a.name+"'", "'"+b.name+"'"
	for _, c := range []struct{ text, want string }{
		{"rpc:call(B, erlang, node, []).", B},
		{"rpc:call(B, lists, seq, [1, 3], 1000).", "[1,2,3]"},
		{"rpc:call(c, erlang, node, []).", "{badrpc,nodedown}"},
		{"rpc:call(B, foo, bar, [x]).", "{badrpc,{'EXIT',{undef,[{foo,bar,[x],[]}]}}}"},
		{"rpc:call(B, erlang, hd, [[]]).", "{badrpc,{'EXIT',{badarg,[{erlang,hd,[[]],[]}]}}}"},
		{"rpc:call(B, erlang, exit, [bye]).", "{badrpc,{'EXIT',bye}}"},
		{"rpc:call(B, erlang, throw, [up]).", "up"},
		{"rpc:call(B, timer, sleep, [4000], 50).", "{badrpc,timeout}"},
		{"rpc:call(B, erlang, node, [], soon).", "** exception error: bad argument"},
		{"rpc:call(B, lists, map, [fun(X) -> X end, [1]]).", "** exception error: bad argument"},
		{"rpc:call(B, lists, map, [fun erlang:abs/1, [-1]]).", "[1]"},
		{"rpc:call(B, binary, copy, [<<0>>, 3000000]).", "{badrpc,{'EXIT',system_limit}}"},
		{"P = rpc:call(B, erlang, list_to_pid, [\"<0.1.0>\"]), {pid_to_list(P), node(P), rpc:call(B, erlang, pid_to_list, [P])}.", "{\"<1.1.0>\"," + B + ",\"<0.1.0>\"}"},
		{"P = rpc:call(B, erlang, list_to_pid, [\"<0.1.0>\"]), process_info(P).", "** exception error: bad argument"},
		{"node(list_to_pid(\"<77.1.0>\")).", "** exception error: bad argument"},
		{"rpc:call(B, rpc, call, [A, erlang, node, []]).", A},
		{"rpc:multicall(erlang, node, []).", "{[" + A + "," + B + "],[]}"},
		{"rpc:multicall(erlang, node, [], 1000).", "{[" + A + "," + B + "],[]}"},
		{"rpc:multicall([c, B, d, A], erlang, node, []).", "{[" + B + "," + A + "],[c,d]}"},
		{"rpc:multicall([], erlang, node, []).", "{[],[]}"},
		{"supervisor:which_children({root, c}).", "** exception exit: {{nodedown,c},{gen_server,call,[{root,c},which_children,infinity]}}"},
	} {
		got, err := a.client.Eval(t.Context(), "A = "+A+", B = "+B+", "+c.text, admin.EvalOptions{})
		line, _, _ := strings.Cut(got.Value+got.Error, "\n     in function")
		line = strings.ReplaceAll(strings.Join(strings.Fields(line), " "), "}, {", "},{") // as on one line
		if err != nil || line != c.want {
			t.Errorf("%s: got %+v, %v; want %s", c.text, got, err, c.want)
		}
	}
	for text, role := range map[string]string{
		"rpc:call(" + B + ", init, stop, []).":              "operator",
		"rpc:call(" + B + ", erlmcp, kick, [x]).":           "viewer",
		"rpc:multicall([" + B + "], init, stop, []).":       "operator",
		"supervisor:terminate_child({root, " + B + "}, x).": "operator",
	} {
		got, err := a.client.Eval(t.Context(), text, admin.EvalOptions{Role: role})
		if err != nil || got.Class != admin.ClassDenied {
			t.Errorf("%s as %s: got %+v, %v; want it denied", text, role, got, err)
		}
	}
}

func TestNodeEndsAsAnOperatorSays(t *testing.T) {
	for text, want := range map[string]error{"init:stop().": nil, "init:restart().": erlmcp.ErrRestart} {
		socket := filepath.Join(t.TempDir(), "s")
		node, err := erlmcp.New(newServer(), erlmcp.Options{
			Name: "a@h", HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{Socket: socket},
			Drain: erlmcp.Drain{Spread: -1},
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- node.Run(t.Context()) }()
		c := admin.Client{Socket: socket}
		testutil.Eventually(t, 10*time.Second, func() bool { return c.Ping(t.Context()) == nil })
		if got, err := c.Eval(t.Context(), "init:get_status().", admin.EvalOptions{}); err != nil || got.Value != "{started,started}" {
			t.Errorf("status: got %+v, %v", got, err)
		}
		if got, err := c.Eval(t.Context(), text, admin.EvalOptions{Role: "operator"}); err != nil || got.Class != admin.ClassDenied {
			t.Errorf("%s as operator: got %+v, %v", text, got, err)
		}
		if got, err := c.Eval(t.Context(), text, admin.EvalOptions{}); err != nil || got.Value != "ok" {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if err := <-ended; !errors.Is(err, want) {
			t.Errorf("%s: Run gives %v, want %v", text, err, want)
		}
	}
}

func TestPublicListenerHasNoOperatorsEndpoints(t *testing.T) {
	node := run(t, erlmcp.Options{Name: "a@h", HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{
		Socket: filepath.Join(t.TempDir(), "s"), Token: strings.Repeat("t", admin.MinToken), Listen: unused(t),
	}})
	for _, path := range []string{admin.EvalPath, admin.ConsolePath, admin.NodesPath, "/ping", "/version", "/debug/pprof/", "/debug/pprof/heap"} {
		for _, method := range []string{"GET", "POST"} {
			if got := status(t, method, "http://"+node.Addr()+path, strings.Repeat("t", admin.MinToken)); got != 404 {
				t.Errorf("%s %s: got %d, want 404", method, path, got)
			}
		}
	}
}

// status asks with a token and returns the status of the answer.
func status(t *testing.T, method, url, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("1."))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
