package mcp

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestErrorWire(t *testing.T) {
	for _, c := range []struct {
		name string
		err  *Error
		code int
		data string
	}{
		{"plain", InvalidParams("x"), -32602, ""},
		{"resource", ResourceNotFound("a://b"), -32002, `{"uri":"a://b"}`},
		{"retry", RetryLater(CodeDraining, "x", 1500*time.Millisecond), 1006, `{"retryAfterMs":1500}`},
		{"raw data", &Error{Code: 1, Data: json.RawMessage(`[1]`)}, 1, `[1]`},
		{"data that cannot be encoded", &Error{Code: 1, Data: func() {}}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if w := c.err.Wire(); w.Code != c.code || string(w.Data) != c.data {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Data, c.code, c.data)
			}
		})
	}
}

func TestErrorsRepeatLittle(t *testing.T) {
	for _, s := range []string{strings.Repeat("n", 5000), strings.Repeat("ä", 5000), strings.Repeat("n", 127) + "€uro"} {
		if got := brief(s); len(got) > briefBytes+len("…") || !utf8.ValidString(got) {
			t.Errorf("got %d bytes: %q", len(got), got)
		}
	}
	if got := brief("short"); got != "short" {
		t.Errorf("got %q", got)
	}
	if got := MethodNotFound(strings.Repeat("m", 1000)).Message; len(got) > 200 {
		t.Errorf("got %d bytes", len(got))
	}
}
