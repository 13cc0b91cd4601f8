package jsonrpc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// badBody is a text of a hostile input, written out or generated.
type badBody struct {
	Text *string
	B64  []byte
	Rep  *struct {
		Pre, Unit, Post string
		N               int
	}
	Rep2 *struct {
		Pre, Open, Mid, Close, Post string
		N                           int
	}
}

func (b badBody) bytes() []byte {
	switch {
	case b.Text != nil:
		return []byte(*b.Text)
	case b.Rep != nil:
		return []byte(b.Rep.Pre + strings.Repeat(b.Rep.Unit, b.Rep.N) + b.Rep.Post)
	case b.Rep2 != nil:
		return []byte(b.Rep2.Pre + strings.Repeat(b.Rep2.Open, b.Rep2.N) + b.Rep2.Mid +
			strings.Repeat(b.Rep2.Close, b.Rep2.N) + b.Rep2.Post)
	}
	return b.B64
}

// badTexts reads the texts of a group of hostile inputs, by case id.
func badTexts(tb testing.TB, group string) map[string][]byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "badinput", group+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Cases []struct {
			ID   string
			Send []struct {
				Kind string
				Body badBody
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		tb.Fatal(err)
	}
	texts := map[string][]byte{}
	for _, c := range file.Cases {
		texts[c.ID] = c.Send[0].Body.bytes()
	}
	return texts
}

// refused says what Scan answers to the hostile inputs that it refuses. It takes all others: they are
// for the layers above to judge.
var refused = map[string]struct {
	code int
	id   ID
}{
	"json/depth-arrays-100k":            {CodeInvalidRequest, ""},
	"json/depth-in-arguments-9k":        {CodeInvalidRequest, "1"},
	"json/dup-method":                   {CodeInvalidRequest, ""},
	"json/dup-id":                       {CodeInvalidRequest, ""},
	"json/case-method":                  {CodeInvalidRequest, "1"},
	"json/nul-in-key":                   {CodeInvalidRequest, "1"},
	"json/trailing-comma":               {CodeParse, ""},
	"json/comment":                      {CodeParse, ""},
	"json/single-quotes":                {CodeParse, ""},
	"json/leading-zero":                 {CodeParse, ""},
	"json/dot-number":                   {CodeParse, ""},
	"json/trailing-garbage":             {CodeParse, ""},
	"json/two-documents":                {CodeParse, ""},
	"json/truncated":                    {CodeParse, ""},
	"json/scalar-number":                {CodeInvalidRequest, ""},
	"json/scalar-string":                {CodeInvalidRequest, ""},
	"json/utf16":                        {CodeParse, ""},
	"jsonrpc/no-jsonrpc":                {CodeInvalidRequest, "1"},
	"jsonrpc/jsonrpc-number":            {CodeInvalidRequest, "1"},
	"jsonrpc/no-method":                 {CodeInvalidRequest, "1"},
	"jsonrpc/method-number":             {CodeInvalidRequest, "1"},
	"jsonrpc/params-string":             {CodeInvalidRequest, "1"},
	"jsonrpc/id-null":                   {CodeInvalidRequest, ""},
	"jsonrpc/id-array":                  {CodeInvalidRequest, ""},
	"jsonrpc/request-and-result":        {CodeInvalidRequest, "1"},
	"jsonrpc/response-result-and-error": {CodeInvalidRequest, ""},
	"jsonrpc/batch-of-numbers":          {CodeInvalidRequest, ""},
}

func TestScanAnswersHostileInput(t *testing.T) {
	seen := 0
	for _, group := range []string{"json", "jsonrpc"} {
		for id, text := range badTexts(t, group) {
			want, isRefused := refused[id]
			_, err := Scan(text, Limits{})
			switch {
			case isRefused && err == nil:
				t.Errorf("%s: got a message, want code %d", id, want.code)
			case isRefused && (err.Code != want.code || err.ID != want.id):
				t.Errorf("%s: got code %d, id %q (%s), want code %d, id %q", id, err.Code, err.ID, err.Message, want.code, want.id)
			case !isRefused && err != nil:
				t.Errorf("%s: got %v, want a message", id, err)
			}
			if isRefused {
				seen++
			}
		}
	}
	if seen != len(refused) {
		t.Errorf("met %d of the %d refused cases", seen, len(refused))
	}
}

func TestScanKeepsLongIDsToTheDigit(t *testing.T) {
	texts := badTexts(t, "json")
	for id, want := range map[string]ID{"json/id-2-53-plus-1": "9007199254740993", "json/id-2-63": "9223372036854775808"} {
		m, err := Scan(texts[id], Limits{})
		if err != nil || m.ID != want {
			t.Errorf("%s: got id %q, error %v, want %q", id, m.ID, err, want)
		}
	}
}

func TestBatchOfNumbersIsThreeErrors(t *testing.T) {
	entries, err := ScanBatch(badTexts(t, "jsonrpc")["jsonrpc/batch-of-numbers"], Limits{}, 0)
	if err != nil || len(entries) != 3 {
		t.Fatalf("got %d entries, error %v, want 3 entries", len(entries), err)
	}
	for i, e := range entries {
		if e.Err == nil || e.Err.Code != CodeInvalidRequest || e.Err.ID != "" {
			t.Errorf("entry %d: got %v, want code %d without id", i, e.Err, CodeInvalidRequest)
		}
	}
}
