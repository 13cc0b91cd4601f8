package mcp

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// answerTo steps s with a request and returns its error code (0 for a result) and whether a call was started.
func answerTo(t *testing.T, s *Session, method, params string) (code int, started bool) {
	t.Helper()
	m := scan(t, fmt.Sprintf(`{"jsonrpc":"2.0","id":"q","method":%q,"params":%s}`, method, params))
	for _, e := range s.Step(time.Time{}, Received{Route: 1, Message: m}, nil) {
		switch e := e.(type) {
		case StartCall:
			s.Step(time.Time{}, CallDone{e.Call, Outcome{Result: emptyResult}}, nil)
			return 0, true
		case Reply:
			if len(e.Text) > 4096 {
				t.Errorf("%s: an answer of %d bytes", method, len(e.Text))
			}
			return codeOf(t, e), false
		}
	}
	t.Fatalf("%s: no answer", method)
	return 0, false
}

// TestWhatClientsSayIsBounded has what a session keeps of a client, or repeats to it.
func TestWhatClientsSayIsBounded(t *testing.T) {
	long := func(n int) string { return strings.Repeat("n", n) }
	initialize := func(version, name, title string) string {
		return fmt.Sprintf(`{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":%q,"version":"1","title":%q}}`, version, name, title)
	}
	for _, c := range []struct {
		name, method, params string
		fresh                bool // before initialize
		want                 int
	}{
		{"name that just fits", "initialize", initialize("2025-11-25", long(256), ""), true, 0},
		{"name too long", "initialize", initialize("2025-11-25", long(257), ""), true, CodeInvalidParams},
		{"name far too long", "initialize", initialize("2025-11-25", long(1<<20), ""), true, CodeInvalidParams},
		{"name of escapes that fits", "initialize", `{"protocolVersion":"x","clientInfo":{"version":"","name":"` + strings.Repeat(`\u0041`, 256) + `"}}`, true, 0},
		{"title too long", "initialize", initialize("2025-11-25", "c", long(257)), true, CodeInvalidParams},
		{"protocol version too long", "initialize", initialize(long(65), "c", ""), true, CodeInvalidParams},
		{"progress token that just fits", "tools/call", `{"name":"slow","_meta":{"progressToken":"` + long(254) + `"}}`, false, 0},
		{"progress token too long", "tools/call", `{"name":"slow","_meta":{"progressToken":"` + long(255) + `"}}`, false, CodeInvalidParams},
		{"tool name long", "tools/call", `{"name":"` + long(1<<20) + `"}`, false, CodeInvalidParams},
		{"prompt name long", "prompts/get", `{"name":"` + long(1<<20) + `"}`, false, CodeInvalidParams},
		{"prompt argument name long", "prompts/get", `{"name":"greet","arguments":{"` + long(1<<20) + `":1}}`, false, CodeInvalidParams},
		{"URI long", "resources/read", `{"uri":"` + long(1<<20) + `"}`, false, CodeInvalidParams},
		{"level long", "logging/setLevel", `{"level":"` + long(1<<20) + `"}`, false, CodeInvalidParams},
		{"cursor long", "tools/list", `{"cursor":"` + long(1<<20) + `"}`, false, CodeInvalidParams},
		{"subscription URI too long", "resources/subscribe", `{"uri":"test://item/` + long(maxURIBytes) + `"}`, false, CodeInvalidParams},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewSession(scenarioServer(), SessionOptions{}, nil)
			if !c.fresh {
				s = ready(t, SessionOptions{})
			}
			if got, _ := answerTo(t, s, c.method, c.params); got != c.want {
				t.Errorf("got code %d, want %d", got, c.want)
			}
		})
	}
}

func TestSubscriptionsAreBoundedInBytes(t *testing.T) {
	s := ready(t, SessionOptions{})
	subscribed := 0
	for i := range DefaultMaxSubscriptions {
		uri := fmt.Sprintf("test://item/%04d%s", i, strings.Repeat("n", 400))
		switch code, _ := answerTo(t, s, "resources/subscribe", fmt.Sprintf(`{"uri":%q}`, uri)); code {
		case 0:
			subscribed++
		case CodeQuota:
		default:
			t.Fatalf("%s: got code %d", uri, code)
		}
	}
	if st := s.State(); st.bytes > maxWatchedBytes || subscribed != len(st.Subscriptions()) || st.bytes < maxWatchedBytes-500 {
		t.Errorf("%d subscriptions, %d bytes in the state, want at most %d bytes", subscribed, st.bytes, maxWatchedBytes)
	}
}

// TestNullCountsAsAbsent: some clients write the optional members that they leave out.
func TestNullCountsAsAbsent(t *testing.T) {
	s := ready(t, SessionOptions{})
	for _, c := range []struct{ method, params string }{
		{"tools/list", `{"cursor":null}`},
		{"tools/call", `{"name":"slow","arguments":null}`},
		{"prompts/get", `{"name":"greet","arguments":null}`},
		{"completion/complete", `{"ref":{"type":"ref/resource","uri":"test://item/{id}"},"argument":{"name":"id","value":""},"context":null}`},
		{"completion/complete", `{"ref":{"type":"ref/prompt","name":"greet"},"argument":{"name":"name","value":""},"context":{"arguments":null}}`},
	} {
		if got, _ := answerTo(t, s, c.method, c.params); got != 0 {
			t.Errorf("%s %s: got code %d, want a result", c.method, c.params, got)
		}
	}
}

// TestResultThatIsMissing: a handler's wrapper that breaks its contract still gives the client an answer.
func TestResultThatIsMissing(t *testing.T) {
	s := ready(t, SessionOptions{})
	m := scan(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}`)
	s.Step(time.Time{}, Received{Message: m}, nil)
	effects := s.Step(time.Time{}, CallDone{Call: s.lastCall}, nil)
	if len(effects) != 1 || !effects[0].(Reply).Failed {
		t.Errorf("got %+v, want one failed reply", effects)
	}
}
