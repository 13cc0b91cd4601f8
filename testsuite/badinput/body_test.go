package badinput

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	v := &vars{values: map[string]string{"HOST": "h:1", "I": "3"}, session: func() (string, error) { return "abA", nil }}
	for _, c := range []struct{ body, want string }{
		{`{"text":"a{{HOST}}b{{I}}"}`, "ah:1b3"},
		{`{"b64":"AAE="}`, "\x00\x01"},
		{`{"rep":{"pre":"<","unit":"ab","n":3,"post":">"}}`, "<ababab>"},
		{`{"rep2":{"pre":"<","open":"[","mid":"x","close":"]","n":2,"post":">"}}`, "<[[x]]>"},
		{`{"keys":{"pre":"{\"a\":1","n":2,"post":"}"}}`, `{"a":1,"k0":0,"k1":0}`},
		{`{"rep_b64":{"unit":"AA==","n":3}}`, "\x00\x00\x00"},
		{`{"rep":{"pre":"","unit":"x","n":"limit.max_batch+1","post":""}}`, strings.Repeat("x", 33)},
		{`{"text":"{{REPEAT:=:4}}"}`, "===="},
		{`{"text":"{{SESSION_HEADER}}{{SESSION_LASTCHAR}} {{SESSION_TRUNCATED}} {{SESSION_SWAPCASE}}"}`, "Mcp-Session-Id: abA\r\nabB ab ABa"},
	} {
		var b body
		if err := strict([]byte(c.body), &b); err != nil {
			t.Fatalf("%s: %v", c.body, err)
		}
		got, err := b.bytes(v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.body, got, err, c.want)
		}
	}
}

func TestSequence(t *testing.T) {
	b := body{Seq: &seq{N: 2, Template: `{"id":%d,"u":"%d"}`}}
	got, err := b.messages(&vars{})
	if err != nil || len(got) != 2 || string(got[1]) != `{"id":2,"u":"2"}` {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPlaceholderWithoutValue(t *testing.T) {
	text := "{{KID}}"
	if _, err := (&body{Text: &text}).bytes(&vars{}); err == nil {
		t.Error("got no error for a placeholder without a value")
	}
}

func TestRequestID(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":1}`:                   "1",
		`{"id":"a b","x":2}`:         `"a b"`,
		`{"id":9007199254740993}`:    "9007199254740993",
		`{"method":"x"}`:             "",
		`{"id":5,"method":`:          "5",
		`[1,2]`:                      "",
		`{"p":{"id":4},"id":"last"}`: `"last"`,
	} {
		if got := requestID([]byte(text)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestReplies(t *testing.T) {
	for text, want := range map[string]bool{
		`{"jsonrpc":"2.0","id":1,"result":{}}`:               true,
		`{"jsonrpc":"2.0","id":1,"error":{"code":1}}`:        true,
		`{"jsonrpc":"2.0","id":1,"method":"roots/list"}`:     false,
		`{"jsonrpc":"2.0","method":"notifications/message"}`: false,
		`not json`:                               false,
		`[{"jsonrpc":"2.0","id":1,"result":{}}]`: true,
	} {
		if _, ok := parseReply([]byte(text)); ok != want {
			t.Errorf("%s: got %v, want %v", text, ok, want)
		}
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"a"}]}}`))
	f.Add([]byte(`[{"id":null,"error":{"code":-32600}}]`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if r, ok := parseReply(text); ok && json.Valid(r.result) {
			r.texts()
			r.ran()
		}
	})
}
