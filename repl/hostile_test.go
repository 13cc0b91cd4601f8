package repl

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are expressions that must end within their budget, with what the
// error must say; "" allows a value.
var hostile = []struct{ name, expr, want string }{
	{"bad UTF-8", "\"\xff\xfe\".", "illegal character"},
	{"deep list", strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + ".", "nests deeper"},
	{"deep parentheses", strings.Repeat("(", 100000) + "1.", "nests deeper"},
	{"deep unary", strings.Repeat("- ", 100000) + "1.", "nests deeper"},
	{"deep fun", strings.Repeat("fun() -> ", 10000) + "1.", "nests deeper"},
	{"deep match", strings.Repeat("X = ", 50000) + "1.", "nests deeper"},
	{"long sum", strings.Repeat("1 + ", 50000) + "1.", "too long"},
	{"long list", "length([" + strings.Repeat("1,", 60000) + "1]).", ""},
	{"type error", "1 + a.", "arithmetic"},
	{"unbound", "X.", "is unbound"},
	{"undefined", "foo:bar().", "undefined function foo:bar/0"},
	{"endless loop", "F = fun(G) -> G(G) end, F(F).", "system limit"},
	{"endless recursion", "(fun F(X) -> 1 + F(X) end)(1).", "system limit"},
	{"endless recursion through a library", "(fun F(X) -> lists:map(fun(Y) -> F(Y) end, [X]) end)(1).", "system limit"},
	{"endless loop in catch", "catch (fun F() -> catch F() end)().", "system limit"},
	{"endless loop in try", "(fun F() -> try F() catch _:_ -> F() end end)().", "system limit"},
	{"huge list", "lists:seq(1, 1000000000).", "system limit"},
	{"huge duplicate", "lists:duplicate(1000000000, a).", "system limit"},
	{"huge integer", "1 bsl 10000000000.", "system limit"},
	{"huge power", "(fun F(0, X) -> X; F(N, X) -> F(N - 1, X * X) end)(100, 3).", "system limit"},
	{"huge binary", "<<0:100000000000>>.", "system limit"},
	{"huge copy", "binary:copy(<<\"abcdefgh\">>, 100000000).", "system limit"},
	{"doubling binary", "(fun F(B) -> F(<<B/binary, B/binary>>) end)(<<1>>).", "system limit"},
	{"doubling list", "(fun F(L) -> F(L ++ L) end)([1]).", "system limit"},
	{"doubling string", "(fun F(L) -> F([L|L]) end)([1]).", "system limit"},
	{"shared tree printed", "io:format(\"~w\", [(fun F(0, X) -> X; F(N, X) -> F(N - 1, {X, X}) end)(60, a)]).", "system limit"},
	{"shared trees compared", "G = fun(_) -> (fun F(0, X) -> X; F(N, X) -> F(N - 1, {X, X}) end)(60, a) end, G(1) == G(2).", "system limit"},
	{"shared tree as external term", "term_to_binary((fun F(0, X) -> X; F(N, X) -> F(N - 1, {X, X}) end)(60, a)).", "system limit"},
	{"shared list flattened", "lists:flatten((fun F(0, X) -> X; F(N, X) -> F(N - 1, [X, X]) end)(60, a)).", "system limit"},
	{"shared iolist", "iolist_size((fun F(0, X) -> X; F(N, X) -> F(N - 1, [X, X]) end)(60, \"a\")).", "system limit"},
	{"deep term", "lists:foldl(fun(_, A) -> {A} end, a, lists:seq(1, 100000)) == b.", ""},
	{"deep terms compared", "G = fun() -> lists:foldl(fun(_, A) -> {A} end, a, lists:seq(1, 50000)) end, G() == G().", "system limit"},
	{"wide format", "io:format(\"~1000000000w\", [a]).", "bad argument"},
	{"many atoms", "[list_to_atom(integer_to_list(I)) || I <- lists:seq(1, 1000000)].", "system limit"},
	{"much output", "(fun F() -> io:format(\"~1000s\", [\"x\"]), F() end)().", "system limit"},
	{"operating system", "os:cmd(\"id\").", "undefined function os:cmd/1"},
	{"file", "file:write_file(\"/tmp/erlmcp-evil\", \"x\").", "undefined function file:write_file/2"},
	{"cookie", "erlang:get_cookie().", "undefined function"},
	{"environment", "os:getenv(\"ERLANG_COOKIE\").", "undefined function"},
	{"open port", "open_port({spawn, \"id\"}, []).", "undefined function"},
	{"stop by a viewer", "init:stop().", "denied"},
	{"spawn", "F = fun(G) -> spawn(fun() -> G(G) end), G(G) end, F(F).", "undefined function spawn/1"},
	{"regular expression", "re:run(lists:duplicate(30000, $a), \"(a*)*b\").", ""},
	{"expensive regular expression", "re:run(lists:duplicate(200000, $a), \"(a{0,30}){0,30}b\").", "system limit"},
	{"huge repetition", "re:run(\"a\", \"((a{1000}){1000}){1000}\").", "bad argument"},
	{"sort by a fun that lies", "lists:sort(fun(_, _) -> false end, lists:seq(1, 1000)).", ""},
	{"nul bytes", "\"a\x00b\".", ""},
	{"huge exponent", "math:pow(10, 1000).", "arithmetic"},
	{"huge quotient", "(1 bsl 4000000) div 3 rem 7.", ""},
}

func TestHostileExpressionsEnd(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			v, err := NewShell(Options{}).Eval(context.Background(), h.expr, io.Discard)
			switch {
			case h.want == "" && err != nil:
				t.Errorf("got %v, want a value", err)
			case h.want != "" && err == nil:
				t.Errorf("got %.100s, want an error with %q", Format(v), h.want)
			case h.want != "" && !strings.Contains(err.Error(), h.want):
				t.Errorf("got %.300v, want %q in it", err, h.want)
			}
		})
	}
}

func TestEvalEndsWithItsContext(t *testing.T) {
	for _, expr := range []string{"timer:sleep(infinity).", "receive X -> X end.", "catch timer:sleep(infinity)."} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := NewShell(Options{}).Eval(ctx, expr, io.Discard)
		var e *Exception
		if !errors.As(err, &e) || Format(e.Reason) != "killed" || !e.Fatal {
			t.Errorf("%s: got %v, want it killed", expr, err)
		}
		cancel()
	}
}

func TestEvalEndsInTime(t *testing.T) {
	got := ""
	s := NewShell(Options{Limits: Limits{Time: time.Millisecond}})
	if _, err := s.Eval(context.Background(), "timer:sleep(infinity).", io.Discard); err != nil {
		got = err.Error()
	}
	if want := "** exception exit: timeout: the evaluation took too long"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEvalLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		_, _ = NewShell(Options{Limits: Limits{Time: time.Millisecond}}).Eval(context.Background(), "timer:sleep(1000).", io.Discard)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("got %d goroutines after, want at most %d", after, before)
	}
}
