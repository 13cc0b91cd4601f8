package repl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"1.", "1"},
		{"-9223372036854775808.", "-9223372036854775808"},
		{"1 bsl 70.", "1180591620717411303424"},
		{"1.0.", "1.0"},
		{"0.1 + 0.2.", "0.30000000000000004"},
		{"1.0e300.", "1e+300"},
		{"true.", "true"},
		{"[false, null, undefined, 'an atom'].", `[false,null,"undefined","an atom"]`},
		{"[].", "[]"},
		{"\"hi\".", `"hi"`},
		{"[104, 105].", `"hi"`},
		{"[1, 2].", "[1,2]"},
		{"[127].", "[127]"},
		{"<<\"a\\\"b\\\\\\n\">>.", `"a\"b\\\u000a"`},
		{"<<\"\u017e\"/utf8>>.", `"ž"`},
		{"<<255, 0>>.", `"<<255,0>>"`},
		{"<<1:3>>.", `"<<1:3>>"`},
		{"{a, <<\"b\">>, 1.5}.", `["a","b",1.5]`},
		{"[{memory, 1}, {total, 2}].", `[["memory",1],["total",2]]`},
		{"#{id => <<\"x\">>, 1 => one, {a, b} => []}.", `{"1":"one","id":"x","{a,b}":[]}`},
		{"#{a => 1, <<\"a\">> => 2}.", `{"a":1,"<<\"a\">>":2}`},
		{"<0.81.0>.", `"<0.81.0>"`},
		{"[a | b].", `"[a|b]"`},
		{"fun lists:map/2.", `"fun lists:map/2"`},
		{"{}.", "[]"},
		{"#{}.", "{}"},
	} {
		v, err := NewShell(Options{}).Eval(context.Background(), c.expr, io.Discard)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got, err := JSON(v, 1<<10)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.expr, got, err, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("%s: %s is no JSON", c.expr, got)
		}
	}
}

func TestJSONIsBounded(t *testing.T) {
	deep := Term(Atom("bottom"))
	for range 100_000 {
		deep = Tuple{deep}
	}
	for name, v := range map[string]Term{
		"long text": Binary(strings.Repeat("x", 2000)),
		"long list": String(strings.Repeat("\x00", 2000)),
		"deep":      Tuple{deep, Binary(strings.Repeat("\x01", 1000))},
	} {
		if got, err := JSON(v, 1000); !errors.Is(err, ErrJSONTooLarge) {
			t.Errorf("%s: got %d bytes, %v; want ErrJSONTooLarge", name, len(got), err)
		}
	}
	if got, err := JSON(deep, 10_000); err != nil || !json.Valid(got) {
		t.Errorf("deep: got %.60s, %v; want its text below some depth", got, err)
	}
}
