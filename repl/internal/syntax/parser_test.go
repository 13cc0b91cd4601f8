package syntax

import (
	"strings"
	"testing"
)

// TestParse: what is an expression, and where the error is in what is none.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"1 + 2 * 3.":                    "",
		"X = catch f(1) + 2.":           "",
		"fun F(0) -> 1; F(N) -> N end.": "",
		"try a of b -> c catch _:E:S -> {E,S} after d end.": "",
		"<<X:8/little-signed-unit:2, Y/binary>>.":           "",
		"[{A,B} || A <- [1], <<B>> <= <<2>>, A > B].":       "",
		"#{a := 1}#{b => 2}.":                               "",
		"<0.81.0>.":                                         "",
		"a.b.":                                              "* 1:2: syntax error before: '.'",
		"1 < 2 < 3.":                                        "* 1:7: syntax error before: '<'",
		"f(1)(2).":                                          "* 1:5: syntax error before: '('",
		"fun F(0) -> 1; G(N) -> N end.":                     "* 1:16: head mismatch",
		"\n\n  1 +\n  ].":                                   "* 4:3: syntax error before: ']'",
		"% a comment\n1":                                    "* 2:1: syntax error before: ",
		"\"ab\\x{zz}\".":                                    "* 1:4: illegal character",
		strings.Repeat("{", 300):                            "* 1:201: expression nests deeper than 200 levels",
	} {
		_, err := Parse(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.60q: got %q, want %q", text, got, want)
		}
	}
}

// TestCheck: the variables that Erlang refuses before it evaluates.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"B, X = 1, X.":                           "",
		"fun(X) -> X end.":                       "",
		"case B of {X} -> X; X -> X end, X.":     "",
		"case B of {X} -> X; _ -> 1 end, X.":     "* 1:33: variable 'X' unsafe in 'case' (line 1, column 1)",
		"B andalso (Y = 1), Y.":                  "* 1:20: variable 'Y' unsafe in 'andalso' (line 1, column 3)",
		"[X || X <- B], X.":                      "* 1:16: variable 'X' is unbound",
		"fun(B) -> B end, Z.":                    "* 1:18: variable 'Z' is unbound",
		"{X, Y}.":                                "* 1:2: variable 'X' is unbound",
		"#{X := 1} = B.":                         "* 1:3: variable 'X' is unbound",
		"<<N, R:N/binary, _/bits>> = B, {N, R}.": "",
		"<<_/binary, 1>> = B.":                   "* 1:3: a binary field without size is only allowed at the end of a binary pattern",
		"case B of f(1) -> 1 end.":               "* 1:11: illegal pattern",
		"if B ++ [1] -> 1 end.":                  "* 1:6: illegal guard expression",
	} {
		exprs, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := ""
		if err := Check(exprs, func(name string) bool { return name == "B" }); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseModule(t *testing.T) {
	list, err := ParseModule("-export([f/1]).\n% twice\nf(X) -> g(X);\nf(_) -> 0.\ng(X) -> 2 * X.\n")
	if err != nil || len(list) != 2 {
		t.Fatalf("got %v, %v, want two functions", list, err)
	}
	if f := list[0]; f.Name != "f" || f.Arity != 1 || len(f.Clauses) != 2 || !f.Exported {
		t.Errorf("got %+v", f)
	}
	if list[1].Exported {
		t.Error("g is exported")
	}
}
