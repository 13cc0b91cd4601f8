package term

import (
	"strings"
	"testing"
)

func TestWriteFloat(t *testing.T) {
	for f, want := range map[Float]string{
		0: "0.0", 1: "1.0", -1.5: "-1.5", 100: "100.0", 999: "999.0", 1000: "1.0e3", 1200: "1.2e3", 0.0001: "0.0001",
		0.00012: "1.2e-4", 5e-324: "5.0e-324", 9007199254740991: "9007199254740991.0",
		9007199254740992: "9.007199254740992e15", 1e22: "1.0e22", 123456.789: "123456.789", 0.001: "0.001",
	} {
		if got := WriteFloat(f); got != want {
			t.Errorf("WriteFloat(%v): got %s, want %s", float64(f), got, want)
		}
	}
}

func TestWriteAtom(t *testing.T) {
	for a, want := range map[Atom]string{
		"ok": "ok", "": "''", "a@b": "a@b", "hello world": "'hello world'", "end": "'end'", "A": "'A'",
		"it's": `'it\'s'`, "a\nb": `'a\nb'`, "été": "été", "_x": "'_x'", "1a": "'1a'", "\x01": `'\001'`, "π": `'\x{3C0}'`,
	} {
		if got := WriteAtom(a, true); got != want {
			t.Errorf("WriteAtom(%q): got %s, want %s", string(a), got, want)
		}
	}
}

func TestDepthLeavesTheRestOut(t *testing.T) {
	var ten []Term
	for i := range 10 {
		ten = append(ten, Int(i+1))
	}
	for _, c := range []struct {
		t     Term
		depth int
		want  string
	}{
		{List(ten...), 5, "[1,2,3,4|...]"},
		{List(ten...), 1, "[...]"},
		{Tuple{Atom("a"), List(ten...)}, 4, "{a,[1|...]}"},
		{Tuple{Atom("a"), Atom("b"), Atom("c")}, 3, "{a,b,...}"},
		{NewMap([2]Term{Atom("a"), Int(1)}), 1, "#{}"},
		{Int(1), 0, "..."},
	} {
		if got := Write(c.t, Style{Depth: c.depth}); got != c.want {
			t.Errorf("depth %d: got %s, want %s", c.depth, got, c.want)
		}
	}
}

func TestWrittenTextIsBounded(t *testing.T) {
	tree := Term(Atom("leaf"))
	for range 60 {
		tree = Tuple{tree, tree}
	}
	text, whole := Render(tree, Style{Depth: -1, Max: 1000}, true)
	if whole || len(text) > 5000 {
		t.Errorf("got %d characters, whole %v", len(text), whole)
	}
	deep := Term(Atom("leaf"))
	for range 1_000_000 {
		deep = Tuple{deep}
	}
	if text := Format(deep); !strings.Contains(text, "...") {
		t.Error("a deep term is not cut")
	}
}
