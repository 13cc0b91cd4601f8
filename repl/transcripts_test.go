package repl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// transcript is an expression with what Erlang/OTP 25 makes of it.
type transcript struct {
	ID, Category, Expr, Class, Reason, Output string
	Result, Error                             *string
}

// differing reads testdata/differing.txt: ids of transcripts that differ, each
// with its reason.
func differing(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/differing.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, why, _ := strings.Cut(line, " ")
		reasons[id] = strings.TrimSpace(why)
	}
	return reasons
}

// TestTranscripts compares result, output and the first line of the error.
// ERLMCP_EVAL_TRANSCRIPTS names another file of the same format.
func TestTranscripts(t *testing.T) {
	path := os.Getenv("ERLMCP_EVAL_TRANSCRIPTS")
	if path == "" {
		path = "testdata/transcripts.json"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Transcripts []transcript }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	excused := differing(t)
	if len(excused) > 8 {
		t.Errorf("got %d excused transcripts, want at most 8", len(excused))
	}
	for _, tr := range file.Transcripts {
		t.Run(tr.ID, func(t *testing.T) {
			got, want := replay(tr)
			switch _, ok := excused[tr.ID]; {
			case got != want && !ok:
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", tr.Expr, got, want)
			case got == want && ok:
				t.Errorf("%s does not differ, but is listed in testdata/differing.txt", tr.ID)
			}
		})
	}
}

var funText = regexp.MustCompile(`#Fun<[^>]*>`)

// replay evaluates a transcript's expression and gives what is compared.
func replay(tr transcript) (got, want string) {
	var out strings.Builder
	v, err := NewShell(Options{}).Eval(context.Background(), tr.Expr, &out)
	class, reason, result, first := "", "", "", ""
	var syn *SyntaxError
	var exc *Exception
	switch {
	case errors.As(err, &exc):
		class, reason = string(exc.Class), printFlat(exc.Reason)
	case errors.As(err, &syn):
		class = "parse"
		if syn.Lint {
			class = "lint"
		}
	case err == nil:
		result = Format(v)
	}
	if err != nil {
		first, _, _ = strings.Cut(err.Error(), "\n")
	}
	wantResult, wantFirst := "", ""
	if tr.Result != nil {
		wantResult = *tr.Result
	}
	if tr.Error != nil {
		wantFirst, _, _ = strings.Cut(*tr.Error, "\n")
	}
	got = strings.Join([]string{"output " + out.String(), "result " + result, "class " + class, first, reason}, "\n")
	want = strings.Join([]string{"output " + tr.Output, "result " + wantResult, "class " + tr.Class, wantFirst, tr.Reason}, "\n")
	mask := func(s string) string { return funText.ReplaceAllString(s, "#Fun<>") }
	return mask(got), mask(want)
}

// TestTranscriptsDetail compares all lines of the errors that have several: the
// operator or function, the call, and notes on its arguments.
func TestTranscriptsDetail(t *testing.T) {
	text, err := os.ReadFile("testdata/transcripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Transcripts []transcript }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, tr := range file.Transcripts {
		if tr.Error == nil || !strings.Contains(*tr.Error, "\n") {
			continue
		}
		_, err := NewShell(Options{}).Eval(context.Background(), tr.Expr, io.Discard)
		if err == nil || err.Error() != *tr.Error {
			t.Errorf("%s\ngot:\n%v\nwant:\n%s", tr.Expr, err, *tr.Error)
		}
	}
}
