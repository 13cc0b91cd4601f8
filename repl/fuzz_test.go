package repl

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// seeds adds the expressions of the transcripts and the short hostile ones.
func seeds(f *testing.F) {
	f.Helper()
	text, err := os.ReadFile("testdata/transcripts.json")
	if err != nil {
		f.Fatal(err)
	}
	var file struct{ Transcripts []transcript }
	if err := json.Unmarshal(text, &file); err != nil {
		f.Fatal(err)
	}
	for _, tr := range file.Transcripts {
		f.Add(tr.Expr)
	}
	for _, h := range hostile {
		if len(h.expr) < 200 {
			f.Add(h.expr)
		}
	}
}

// FuzzParse: whatever the text, the parser gives an expression or a syntax
// error with a place, and agrees with Complete on texts without a full stop.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		if err == nil {
			if !Complete(text) {
				t.Errorf("%q parses but is not complete", text)
			}
			return
		}
		e, ok := err.(*SyntaxError)
		if !ok || e.Line < 1 || e.Column < 1 || e.Text == "" {
			t.Errorf("%q: got %#v, want a syntax error with a place", text, err)
		}
	})
}

// FuzzEval: every evaluation ends in its budget with a value that prints or an
// error that explains itself.
func FuzzEval(f *testing.F) {
	seeds(f)
	limits := Limits{Time: 2 * time.Second, Reductions: 20_000, Memory: 4 << 20, Depth: 1000, Output: 1 << 14, Text: 1 << 14}
	f.Fuzz(func(t *testing.T, text string) {
		s := NewShell(Options{Commands: true, Role: Admin, Limits: limits})
		start := time.Now()
		v, err := s.Eval(context.Background(), text, io.Discard)
		if err == nil {
			_ = s.Print(v)
		} else if err.Error() == "" {
			t.Errorf("%q: an error without a text: %#v", text, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%q took %v", text, took)
		}
	})
}

// FuzzPrint: a printed term reads back as the same term, on one line and
// broken into lines.
func FuzzPrint(f *testing.F) {
	seeds(f)
	f.Add(`{a,"b",[1,2|c],#{1 => <<1,2,3:4>>,1.0 => 'A b'},-1.5e-7,$a}.`)
	f.Fuzz(func(t *testing.T, text string) {
		s := NewShell(Options{Limits: Limits{Reductions: 50_000, Memory: 8 << 20}})
		v, err := s.Eval(context.Background(), text, io.Discard)
		if err != nil || opaque(v) {
			return
		}
		for _, printed := range []string{Format(v), term.Write(v, term.Style{Depth: -1})} {
			w, err := s.Eval(context.Background(), printed+".", io.Discard)
			if err != nil {
				t.Fatalf("%q: %s does not read back: %v", text, printed, err)
			}
			if !Equal(v, w) {
				t.Fatalf("%q: got %s, want %s", text, Format(w), printed)
			}
		}
	})
}

// opaque tells whether a term has parts without a literal, or is large.
func opaque(t Term) bool {
	left := 2000
	var walk func(Term, int) bool
	walk = func(t Term, depth int) bool {
		if left--; left < 0 || depth > 100 {
			return true
		}
		switch x := t.(type) {
		case *Fun, Ref, Port:
			return true
		case Bits:
			left -= len(x.Data)
		case Tuple:
			for _, e := range x {
				if walk(e, depth+1) {
					return true
				}
			}
		case *Map:
			for i := range x.Len() {
				k, v := x.At(i)
				if walk(k, depth+1) || walk(v, depth+1) {
					return true
				}
			}
		case *Cons:
			elems, tail := term.SliceTail(x)
			for _, e := range append(elems, tail) {
				if walk(e, depth+1) {
					return true
				}
			}
		}
		return false
	}
	return walk(t, 0)
}
