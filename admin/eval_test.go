package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/repl"
)

// fakeNode answers what tests ask. memory/0 waits for the end of the evaluation.
type fakeNode struct{ waiting atomic.Int32 }

func (f *fakeNode) Call(ctx context.Context, module, function string, _ []repl.Term) (repl.Term, bool, error) {
	switch module + ":" + function {
	case "erlang:node":
		return repl.Atom("a@h"), true, nil
	case "erlang:registered":
		return repl.List(repl.Atom("sessions_1")), true, nil
	case "erlang:memory":
		f.waiting.Add(1)
		defer f.waiting.Add(-1)
		<-ctx.Done()
		return nil, true, ctx.Err()
	case "erlmcp:kick", "init:stop":
		return repl.Atom("ok"), true, nil
	case "erlmcp:status":
		panic("broken")
	}
	return nil, false, nil
}

// evaluatorOf makes an evaluator of a fake node, and what it logs.
func evaluatorOf() (*Evaluator, *fakeNode, *testutil.LogCapture) {
	node, logs := &fakeNode{}, &testutil.LogCapture{}
	return NewEvaluator(EvaluatorOptions{
		Node: "a@h", Logger: logs.Logger(), Inspector: func(repl.Caller) repl.Inspector { return node },
	}), node, logs
}

// evaluating serves an evaluator on a socket.
func evaluating(t *testing.T, role repl.Role) (Client, *Evaluator, *fakeNode, *testutil.LogCapture) {
	t.Helper()
	e, node, logs := evaluatorOf()
	c := serving(t, NewControl(Options{Socket: filepath.Join(t.TempDir(), "s"), Evaluator: e, Role: role}))
	return c, e, node, logs
}

func TestEval(t *testing.T) {
	c, _, _, _ := evaluating(t, repl.Admin)
	for _, tc := range []struct {
		text string
		o    EvalOptions
		want Evaluation
	}{
		{"1 + 2.", EvalOptions{}, Evaluation{Value: "3"}},
		{"1 + 2 % no full stop", EvalOptions{}, Evaluation{Value: "3"}},
		{"io:format(\"x~n\"), node().", EvalOptions{JSON: true}, Evaluation{Output: "x\n", Value: "a@h", JSON: []byte(`"a@h"`)}},
		{"init:stop().", EvalOptions{}, Evaluation{Value: "ok"}},
		{"init:stop().", EvalOptions{Role: "operator"}, Evaluation{Class: ClassDenied, Error: "** exception error: denied: init:stop/0 needs the role admin"}},
		{"erlmcp:kick(x).", EvalOptions{Role: "operator"}, Evaluation{Value: "ok"}},
		{"erlmcp:kick(x).", EvalOptions{Role: "viewer"}, Evaluation{Class: ClassDenied, Error: "** exception error: denied: erlmcp:kick/1 needs the role operator"}},
		{"1 +.", EvalOptions{}, Evaluation{Class: ClassSyntax, Error: "* 1:4: syntax error before: '.'"}},
		{"X.", EvalOptions{}, Evaluation{Class: ClassSyntax, Error: "* 1:1: variable 'X' is unbound"}},
		{"io:format(\"x\"), 1 = 2.", EvalOptions{}, Evaluation{Output: "x", Class: ClassError, Error: "** exception error: no match of right hand side value 2"}},
		{"exit(bye).", EvalOptions{}, Evaluation{Class: ClassExit, Error: "** exception exit: bye"}},
		{"throw(x).", EvalOptions{}, Evaluation{Class: ClassThrow, Error: "** exception throw: x"}},
		{"lists:seq(1, 10000000).", EvalOptions{}, Evaluation{Class: ClassLimit}},
		{"erlmcp:status().", EvalOptions{}, Evaluation{Class: ClassInternal, Error: "** internal error: the log of the node has more"}},
		{"binary:copy(<<\"x\">>, 9000000).", EvalOptions{JSON: true}, Evaluation{Class: ClassLimit}},
		{"q().", EvalOptions{}, Evaluation{Class: ClassError, Error: "** exception error: undefined shell command q/0"}},
		{"node().", EvalOptions{Node: "a@h"}, Evaluation{Value: "a@h"}},
		{"node().", EvalOptions{Node: "b@h"}, Evaluation{Class: ClassNodeDown, Error: "node b@h is not reached: this node is in no cluster"}},
	} {
		got, err := c.Eval(t.Context(), tc.text, tc.o)
		if tc.want.Class == ClassLimit {
			got.Error = ""
		}
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s %+v: got %+v, %v; want %+v", tc.text, tc.o, got, err, tc.want)
		}
	}
}

func TestEvalGrantsTheEndpointsRoleAtMost(t *testing.T) {
	c, _, _, _ := evaluating(t, repl.Operator)
	if _, err := c.Eval(t.Context(), "1.", EvalOptions{Role: "admin"}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "operator at most") {
		t.Errorf("got %v, want ErrRefused", err)
	}
	if got, err := c.Eval(t.Context(), "init:stop().", EvalOptions{}); err != nil || got.Class != ClassDenied {
		t.Errorf("no role asked: got %+v, %v; want what the endpoint grants", got, err)
	}
	for _, query := range []string{"role=root", "role=viewer&role=viewer", "format=xml", "rolle=viewer", "token=x", "access_token=x", "node=%zz"} {
		if _, err := c.Post(t.Context(), EvalPath+"?"+query, "", []byte("1.")); err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("%s: got %v, want 400", query, err)
		}
	}
}

// TestRolesOverTheSocket calls every function of the table in every role: what is above the role is denied, and
// nothing else.
func TestRolesOverTheSocket(t *testing.T) {
	c, _, _, _ := evaluating(t, repl.Admin)
	for _, role := range []repl.Role{repl.Viewer, repl.Operator, repl.Admin} {
		for _, f := range repl.System() {
			if f.Module+f.Name == "erlangmemory" { // the fake waits there
				continue
			}
			call := fmt.Sprintf("%s:%s(%s).", f.Module, f.Name, strings.TrimSuffix(strings.Repeat("x,", f.Arity), ","))
			got, err := c.Eval(t.Context(), call, EvalOptions{Role: role.String()})
			if denied := got.Class == ClassDenied; err != nil || denied != (f.Role > role) {
				t.Errorf("%s as %v: got %+v, %v; want denied: %v", call, role, got, err, f.Role > role)
			}
		}
	}
}

func TestEvaluationsAreBounded(t *testing.T) {
	c, e, node, _ := evaluating(t, repl.Viewer)
	e.waitTime = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, maxEvaluations)
	for range maxEvaluations {
		go func() {
			_, err := c.Eval(ctx, "erlang:memory().", EvalOptions{})
			done <- err
		}()
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return node.waiting.Load() == maxEvaluations })
	if _, err := c.Eval(t.Context(), "1.", EvalOptions{}); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: got %v, want ErrBusy", err)
	}
	cancel() // the clients go, so their evaluations end long before their time
	for range maxEvaluations {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("a client that went: got %v", err)
		}
	}
	testutil.Eventually(t, 4*time.Second, func() bool { return node.waiting.Load() == 0 })
	if got, err := c.Eval(t.Context(), "1.", EvalOptions{}); err != nil || got.Value != "1" {
		t.Errorf("afterwards: got %+v, %v", got, err)
	}
}

func TestWaitingEvaluationsAreBounded(t *testing.T) {
	e, _, _ := evaluatorOf()
	e.waiting.Store(maxWaiting)
	for range maxEvaluations {
		e.turns <- struct{}{}
	}
	if _, err := e.Eval(t.Context(), repl.Caller{}, "1.", false); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy at once", err)
	}
	if n := e.waiting.Load(); n != maxWaiting {
		t.Errorf("%d wait, want %d", n, maxWaiting)
	}
}

func TestAuditRecords(t *testing.T) {
	c, _, _, logs := evaluating(t, repl.Operator)
	const secret = "s3cr3t"
	for _, tc := range []struct{ text, outcome, functions, denied string }{
		{"X = \"" + secret + "\", io:format(X).", "value", "", ""},
		{"node(), registered(), node(), \"" + secret + "\".", "value", "erlang:node/0 erlang:registered/0", ""},
		{"erlmcp:kick(" + secret + "), init:stop().", "denied", "erlmcp:kick/1", "init:stop/0"},
		{secret + "(.", "syntax", "", ""},
	} {
		before := len(logs.Find("expression evaluated"))
		if _, err := c.Eval(t.Context(), tc.text, EvalOptions{}); err != nil {
			t.Fatal(err)
		}
		records := logs.Find("expression evaluated")[before:]
		if len(records) != 1 {
			t.Fatalf("%s: got %d records, want 1", tc.text, len(records))
		}
		a := records[0].Attrs
		if a["outcome"] != tc.outcome || a["functions"] != tc.functions || a["denied"] != tc.denied || a["role"] != "operator" || a["duration"] == "" {
			t.Errorf("%s: got %v", tc.text, a)
		}
		if who := a["who"]; !strings.HasPrefix(who, "uid ") || !strings.Contains(who, " pid ") {
			t.Errorf("who: got %q, want uid and pid of this process", who)
		}
		if strings.Contains(fmt.Sprint(a), secret) {
			t.Errorf("%s: the record has the text: %v", tc.text, a)
		}
	}
}

func TestEvalEndpointTakesNoJunk(t *testing.T) {
	c, e, _, _ := evaluating(t, repl.Admin)
	e.bodyTime = 50 * time.Millisecond
	for name, tc := range map[string]struct{ request, want string }{
		"slow body":       {"POST /eval HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1 +", "400"},
		"oversized":       {"POST /eval HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat(" ", 300_000), "413"},
		"oversized chunk": {"POST /eval HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40001\r\n" + strings.Repeat(" ", 0x40001) + "\r\n0\r\n\r\n", "413"},
		"bad chunk":       {"POST /eval HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
		"GET":             {"GET /eval HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
		"OPTIONS":         {"OPTIONS /eval HTTP/1.1\r\nHost: x\r\nOrigin: http://evil\r\n\r\n", "405"},
		"large header":    {"POST /eval HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 40_000) + "\r\n\r\n", "431"},
	} {
		conn, err := net.Dial("unix", c.Socket)
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(conn, tc.request)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || !strings.HasPrefix(resp.Status, tc.want) {
			t.Errorf("%s: got %v, %v; want %s", name, resp, err, tc.want)
		} else if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: allows web pages", name)
		}
		conn.Close()
	}
	if got, err := c.Eval(t.Context(), "1.", EvalOptions{}); err != nil || got.Value != "1" {
		t.Errorf("afterwards: got %+v, %v", got, err)
	}
}

func TestListenerEvaluatesWithTheTokenOnly(t *testing.T) {
	e, _, logs := evaluatorOf()
	token := strings.Repeat("t", MinToken)
	web := &Web{Name: "admin", Addr: "127.0.0.1:0", Logger: logs.Logger(),
		Handler: NewControl(Options{Evaluator: e, Role: repl.Admin, Token: token, ListenRole: repl.Operator, Logger: logs.Logger()}).Handler()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- web.Serve(ctx) }()
	defer func() {
		cancel()
		<-done
	}()
	testutil.Eventually(t, 5*time.Second, func() bool { return len(logs.Find("listening")) == 1 })
	base := "http://" + logs.Find("listening")[0].Attrs["addr"]

	c := Client{URL: base, Token: token}
	if got, err := c.Eval(ctx, "erlmcp:kick(x).", EvalOptions{}); err != nil || got.Value != "ok" {
		t.Errorf("with the token: got %+v, %v", got, err)
	}
	if _, err := c.Eval(ctx, "1.", EvalOptions{Role: "admin"}); !errors.Is(err, ErrRefused) {
		t.Errorf("role of the socket: got %v, want ErrRefused", err)
	}
	if who := logs.Find("expression evaluated")[0].Attrs["who"]; who != "token" {
		t.Errorf("who: got %q", who)
	}
	if err := c.Ping(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
	for _, wrong := range []string{"", token[1:], token + "t", "x"} {
		if _, err := (Client{URL: base, Token: wrong}).Eval(ctx, "1.", EvalOptions{}); !errors.Is(err, ErrRefused) {
			t.Errorf("token %q: got %v, want ErrRefused", wrong, err)
		}
	}
	for name, tc := range map[string]struct {
		header, value, query string
		want                 int
	}{
		"nothing":          {"", "", "", 401},
		"basic":            {"Authorization", "Basic " + token, "", 401},
		"bare":             {"Authorization", token, "", 401},
		"lower case":       {"Authorization", "bearer " + token, "", 200},
		"a web page":       {"Origin", "http://127.0.0.1", "", 403},
		"rebound":          {"Host", "evil.example", "", 403},
		"token in address": {"Authorization", "Bearer " + token, "?token=" + token, 400},
	} {
		r, _ := http.NewRequest(http.MethodPost, base+EvalPath+tc.query, strings.NewReader("1."))
		if tc.header == "Host" {
			r.Host = tc.value
		} else if tc.header != "" {
			r.Header.Set(tc.header, tc.value)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tc.want {
			t.Errorf("%s: got %s, want %d", name, resp.Status, tc.want)
		}
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	for _, r := range logs.Find("evaluation without the token refused") {
		if strings.Contains(fmt.Sprint(r.Attrs), token[1:]) {
			t.Errorf("the log has a token: %v", r.Attrs)
		}
	}
}

func TestClientAddresses(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1", "http://127.0.0.1:1/eval", "http://127.0.0.1:x"} {
		if _, err := (Client{URL: url}).Eval(t.Context(), "1.", EvalOptions{}); err == nil || errors.Is(err, ErrNotRunning) {
			t.Errorf("%q: got %v, want an error about the address", url, err)
		}
	}
	if err := (Client{URL: "http://127.0.0.1:1"}).Ping(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("nobody there: got %v, want ErrNotRunning", err)
	}
}
