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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/repl"
)

// opened opens a console and closes it at the end of the test.
func opened(t *testing.T, c Client, o EvalOptions) *Console {
	t.Helper()
	k, err := c.Console(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func TestConsole(t *testing.T) {
	c, _, _, logs := evaluating(t, repl.Operator)
	k := opened(t, c, EvalOptions{})
	if k.Node() != "a@h" || k.Role() != "operator" || k.Prompt() != "(a@h)1> " {
		t.Errorf("greeting: got %s %s %q", k.Node(), k.Role(), k.Prompt())
	}
	for _, tc := range []struct {
		text, value, output, prompt string
		class                       Class
	}{
		{"X = 41.", "41", "", "(a@h)2> ", ""},
		{"io:format(\"one~n\"), io:format(\"two~n\"), X + 1.", "42", "one\ntwo\n", "(a@h)3> ", ""},
		{"v(1).", "41", "", "(a@h)4> ", ""},
		{"X = 2.", "", "", "(a@h)5> ", ClassError},
		{"1 +.", "", "", "(a@h)5> ", ClassSyntax},
		{"1 + 1", "", "", "(a@h)5> ", ClassSyntax},
		{"init:stop().", "", "", "(a@h)6> ", ClassDenied},
		{"erlmcp:kick(x).", "ok", "", "(a@h)7> ", ""},
		{"erlmcp:status().", "", "", "(a@h)8> ", ClassInternal},
	} {
		var out strings.Builder
		got, err := k.Eval(t.Context(), tc.text, func(s string) { out.WriteString(s) })
		if err != nil || got.Value != tc.value || got.Class != tc.class || (got.Error == "") != (tc.class == "") || out.String() != tc.output || k.Prompt() != tc.prompt {
			t.Errorf("%s: got %+v, output %q, prompt %q, %v; want %+v", tc.text, got, out.String(), k.Prompt(), err, tc)
		}
	}
	if a := logs.Find("expression evaluated"); len(a) != 9 || a[7].Attrs["functions"] != "erlmcp:kick/1" || a[6].Attrs["functions"] != "" || a[6].Attrs["denied"] != "init:stop/0" {
		t.Errorf("audit: got %v", a)
	}
	for line, want := range map[string]string{"lists:rev": "lists:reverse/1", "whereis(sess": "sessions_1", "foo(X": "X", "hel": "help("} {
		words, _, err := k.Complete(t.Context(), line)
		if err != nil || !slices.Contains(words, want) {
			t.Errorf("complete %q: got %v, %v; want %s", line, words, err, want)
		}
	}
	if got, err := k.Eval(t.Context(), "q().", nil); err != nil || got.Class != ClassQuit {
		t.Errorf("q(): got %+v, %v", got, err)
	}
	<-k.Done()
	if _, err := k.Eval(t.Context(), "1.", nil); !errors.Is(err, ErrConsoleClosed) {
		t.Errorf("after q(): got %v", err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("the node is gone: %v", err)
	}
}

func TestConsoleCancels(t *testing.T) {
	c, _, node, _ := evaluating(t, repl.Admin)
	k := opened(t, c, EvalOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		testutil.Eventually(t, 5*time.Second, func() bool { return node.waiting.Load() == 1 })
		cancel()
	}()
	begun := time.Now()
	if got, err := k.Eval(ctx, "erlang:memory().", nil); err != nil || got.Class != ClassCancelled {
		t.Errorf("got %+v, %v after %v; want it cancelled", got, err, time.Since(begun))
	}
	if got, err := k.Eval(t.Context(), "1.", nil); err != nil || got.Value != "1" {
		t.Errorf("afterwards: got %+v, %v", got, err)
	}
	// What waits is cancelled without having begun.
	first, second := make(chan Evaluation, 1), make(chan Evaluation, 1)
	ctx1, cancel1 := context.WithCancel(t.Context())
	go func() {
		e, _ := k.Eval(ctx1, "erlang:memory().", nil)
		first <- e
	}()
	testutil.Eventually(t, 5*time.Second, func() bool { return node.waiting.Load() == 1 })
	ctx2, cancel2 := context.WithCancel(t.Context())
	cancel2()
	go func() {
		e, _ := k.Eval(ctx2, "init:stop().", nil)
		second <- e
	}()
	testutil.Eventually(t, 5*time.Second, func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.calls) == 2
	})
	cancel1()
	if e := <-first; e.Class != ClassCancelled {
		t.Errorf("first: got %+v", e)
	}
	if e := <-second; e.Class != ClassCancelled && e.Value != "ok" { // the cancel may come when it has run
		t.Errorf("second: got %+v", e)
	}
}

func TestConsoleEndsWithItsConnection(t *testing.T) {
	c, e, node, _ := evaluating(t, repl.Admin)
	k := opened(t, c, EvalOptions{})
	done := make(chan error, 1)
	go func() {
		_, err := k.Eval(t.Context(), "erlang:memory().", nil)
		done <- err
	}()
	testutil.Eventually(t, 5*time.Second, func() bool { return node.waiting.Load() == 1 })
	k.Close()
	if err := <-done; !errors.Is(err, ErrConsoleClosed) {
		t.Errorf("got %v, want ErrConsoleClosed", err)
	}
	testutil.Eventually(t, 4*time.Second, func() bool { return node.waiting.Load() == 0 && e.consoles.Load() == 0 })
}

func TestConsoleEndsWithTheNode(t *testing.T) {
	e, _, _ := evaluatorOf()
	control := NewControl(Options{Socket: filepath.Join(t.TempDir(), "s"), Evaluator: e, Role: repl.Admin})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- control.Serve(ctx) }()
	c := Client{Socket: control.opts.Socket}
	testutil.Eventually(t, 5*time.Second, func() bool { return c.Ping(t.Context()) == nil })
	k := opened(t, c, EvalOptions{})
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if n := e.consoles.Load(); n != 0 {
		t.Errorf("%d consoles are left when Serve has returned", n)
	}
	<-k.Done()
	if !errors.Is(k.Err(), ErrConsoleClosed) {
		t.Errorf("got %v", k.Err())
	}
}

func TestConsolesAreBounded(t *testing.T) {
	c, e, _, _ := evaluating(t, repl.Viewer)
	var all []*Console
	for range maxConsoles {
		all = append(all, opened(t, c, EvalOptions{}))
	}
	if _, err := c.Console(t.Context(), EvalOptions{}); !errors.Is(err, ErrConsoles) {
		t.Errorf("one more: got %v, want ErrConsoles", err)
	}
	all[0].Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return e.consoles.Load() < maxConsoles })
	opened(t, c, EvalOptions{})
	if _, err := c.Console(t.Context(), EvalOptions{Role: "admin"}); !errors.Is(err, ErrRefused) {
		t.Errorf("role: got %v, want ErrRefused", err)
	}
}

func TestConsoleIsSafeForConcurrentUse(t *testing.T) {
	c, _, _, _ := evaluating(t, repl.Viewer)
	k := opened(t, c, EvalOptions{})
	var wg sync.WaitGroup
	for i := range maxRequests {
		wg.Go(func() {
			text := fmt.Sprintf("io:format(\"%d\"), %d.", i, i)
			var out strings.Builder
			got, err := k.Eval(t.Context(), text, func(s string) { out.WriteString(s) })
			if err != nil || got.Value != fmt.Sprint(i) || out.String() != fmt.Sprint(i) {
				t.Errorf("%s: got %+v, %q, %v", text, got, out.String(), err)
			}
		})
	}
	wg.Wait()
}

func TestConsoleOnAnotherNode(t *testing.T) {
	far, _, farLogs := evaluatorOf()
	far.opts.Node = "b@h"
	e, _, _ := evaluatorOf()
	e.opts.RemoteConsole = func(ctx context.Context, node string, c repl.Caller, l Lines) error {
		if node != "b@h" {
			return errors.New("no such member")
		}
		c.Node = "a@h"
		return far.ServeRemote(ctx, c, l)
	}
	c := serving(t, NewControl(Options{Socket: filepath.Join(t.TempDir(), "s"), Evaluator: e, Role: repl.Admin}))
	k := opened(t, c, EvalOptions{Node: "b@h", Role: "operator"})
	if k.Node() != "b@h" || k.Prompt() != "(b@h)1> " {
		t.Errorf("got %s, %q", k.Node(), k.Prompt())
	}
	if got, err := k.Eval(t.Context(), "erlmcp:kick(x).", nil); err != nil || got.Value != "ok" {
		t.Errorf("got %+v, %v", got, err)
	}
	if a := farLogs.Find("expression evaluated")[0].Attrs; a["origin"] != "a@h" || a["role"] != "operator" {
		t.Errorf("audit: got %v", a)
	}
	if _, err := c.Console(t.Context(), EvalOptions{Node: "c@h"}); !errors.Is(err, ErrNodeDown) {
		t.Errorf("a stranger: got %v, want ErrNodeDown", err)
	}
}

func TestConsoleTakesNoJunk(t *testing.T) {
	c, e, _, _ := evaluating(t, repl.Admin)
	const upgrade = "POST /console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: erlmcp-console\r\n\r\n"
	for name, tc := range map[string]struct{ request, status, last string }{
		"no upgrade":    {"POST /console HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "426", ""},
		"other upgrade": {"POST /console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "426", ""},
		"with a body":   {"POST /console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: erlmcp-console\r\nContent-Length: 2\r\n\r\n{}", "426", ""},
		"GET":           {"GET /console HTTP/1.1\r\nHost: x\r\n\r\n", "405", ""},
		"no JSON":       {upgrade + "hello\n", "101", "no request"},
		"no id":         {upgrade + "{\"eval\":\"1.\"}\n", "101", "no request"},
		"two questions": {upgrade + "{\"id\":1,\"eval\":\"1.\",\"complete\":\"x\"}\n", "101", "no request"},
		"nothing":       {upgrade + "{\"id\":1}\n", "101", "no request"},
		"long line":     {upgrade + strings.Repeat("x", maxLine+10) + "\n", "101", "longer"},
		"cut line":      {upgrade + "{\"id\":1,", "101", ""},
	} {
		conn, err := net.Dial("unix", c.Socket)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(conn, tc.request)
			if name == "cut line" { // for the others the node ends the connection
				_ = conn.(*net.UnixConn).CloseWrite()
			}
		}()
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || !strings.HasPrefix(resp.Status, tc.status) {
			t.Errorf("%s: got %v, %v; want %s", name, resp, err, tc.status)
		} else if tc.status == "101" {
			if rest, _ := io.ReadAll(in); !strings.Contains(string(rest), tc.last) {
				t.Errorf("%s: got %q, want %q in it", name, rest, tc.last)
			}
		}
		conn.Close()
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return e.consoles.Load() == 0 })
}

func TestConsoleOverloadIsRefused(t *testing.T) {
	c, _, node, _ := evaluating(t, repl.Admin)
	k := opened(t, c, EvalOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	classes := make(chan Class, maxRequests+5)
	for range maxRequests + 5 {
		go func() {
			e, _ := k.Eval(ctx, "erlang:memory().", nil)
			classes <- e.Class
		}()
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return node.waiting.Load() == 1 })
	busy := 0
	for busy == 0 {
		if <-classes == ClassBusy {
			busy++
		}
	}
	cancel()
}
