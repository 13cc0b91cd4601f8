package mcp

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"pgregory.net/rapid"
)

func scan(t rapid.TB, text string) jsonrpc.Message {
	t.Helper()
	m, err := jsonrpc.Scan([]byte(text), jsonrpc.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

const (
	initializeText  = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}}},"clientInfo":{"name":"c","version":"1"}}}`
	initializedText = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
)

// ready is a session after its handshake.
func ready(t testing.TB, o SessionOptions) *Session {
	s := NewSession(scenarioServer(), o, nil)
	s.Step(time.Time{}, Received{Route: 1, Message: scan(t, initializeText)}, nil)
	s.Step(time.Time{}, Received{Route: 1, Message: scan(t, initializedText)}, nil)
	return s
}

// clientText generates a message of a client that repeats ids and makes mistakes.
var clientText = rapid.Custom(func(t *rapid.T) string {
	id := rapid.SampledFrom([]string{"1", "1", "2", `"1"`, `"e0-1"`, `"e0-2"`, `"e0-3"`}).Draw(t, "id")
	switch rapid.IntRange(0, 10).Draw(t, "kind") {
	case 0, 1, 2, 3:
		call := rapid.SampledFrom([]string{
			`"tools/call","params":{"name":"slow"}`,
			`"tools/call","params":{"name":"slow","_meta":{"progressToken":7}}`,
			`"tools/call","params":{"name":"none"}`,
			`"resources/read","params":{"uri":"test://static/text"}`,
			`"prompts/get","params":{"name":"greet","arguments":{"name":"A"}}`,
			`"completion/complete","params":{"ref":{"type":"ref/prompt","name":"greet"},"argument":{"name":"name","value":""}}`,
		}).Draw(t, "call")
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%s}`, id, call)
	case 4, 5:
		method := rapid.SampledFrom([]string{
			`"ping"`, `"no/such"`, `"tools/list"`, `"notifications/progress"`, `"tools/list","params":[]`,
			`"resources/subscribe","params":{"uri":"test://static/text"}`,
			`"resources/unsubscribe","params":{"uri":"test://static/text"}`,
			`"logging/setLevel","params":{"level":"error"}`, `"logging/setLevel","params":{"level":"debug"}`,
		}).Draw(t, "method")
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%s}`, id, method)
	case 6, 10:
		return fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}`, id)
	case 7:
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{}}`, id)
	case 8:
		return rapid.SampledFrom([]string{initializedText, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":1,"message":"no"}}`, id)}).Draw(t, "other")
	default:
		return initializeText
	}
})

// TestEveryRequestHasOneOutcome steps sessions with random inputs; see auditor for what has to hold.
func TestEveryRequestHasOneOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newAuditor(NewSession(scenarioServer(), SessionOptions{MaxInFlight: 3, MaxSubscriptions: 1}, nil))
		call := func() CallID { return CallID(rapid.Uint64Range(1, uint64(a.session.lastCall)+1).Draw(t, "call")) }
		token := func() uint64 { return rapid.Uint64Range(1, 3).Draw(t, "token") }
		try := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "handshake") > 0 {
			try(a.receive(scan(t, initializeText), false))
			if rapid.Bool().Draw(t, "initialized") {
				try(a.receive(scan(t, initializedText), false))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"receive": func(t *rapid.T) {
				m := scan(t, clientText.Draw(t, "text"))
				try(a.receive(m, rapid.IntRange(0, 9).Draw(t, "batched") == 0))
			},
			"done":   func(*rapid.T) { try(a.done(call(), Outcome{Result: emptyResult})) },
			"failed": func(*rapid.T) { try(a.done(call(), Outcome{Err: ResourceNotFound("x")})) },
			"notify": func(t *rapid.T) {
				progress := rapid.IntRange(0, 5).Draw(t, "progress")
				try(a.step(CallNotified{call(), notifyProgress, fmt.Appendf(nil, `{"progress":%d}`, progress)}))
			},
			"log": func(*rapid.T) { try(a.step(CallNotified{call(), notifyMessage, []byte(`{"level":"error","data":1}`)})) },
			"ask": func(t *rapid.T) {
				in := CallAsked{Call: call(), Token: token(), Method: rapid.SampledFrom([]string{askRoots, askPing, "x"}).Draw(t, "method")}
				if !a.waiting[askKey{in.Call, in.Token}] { // handlers never use a token twice
					try(a.ask(in))
				}
			},
			"abandon": func(*rapid.T) { try(a.abandon(AskAbandoned{call(), token()})) },
			"close":   func(*rapid.T) { try(a.step(CallStreamClosed{call()})) },
			"changed": func(*rapid.T) { try(a.step(FeaturesChanged{ToolsChanged | ResourcesChanged})) },
			"updated": func(*rapid.T) { try(a.step(ResourceUpdated{"test://static/text"})) },
			"drain": func(t *rapid.T) {
				if rapid.IntRange(0, 20).Draw(t, "drain") == 0 {
					try(a.step(Draining{}))
				}
			},
		})
		try(a.finish())
	})
}

// FuzzStep takes lines: a message of the client, or one letter for what a handler does with the call that
// started last: d(one), f(ailed), p(rogress), l(og), a(sk), b(andon), c(lose).
func FuzzStep(f *testing.F) {
	f.Add(initializeText + "\n" + initializedText + "\n" + `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","_meta":{"progressToken":1}}}` + "\np\na\n" +
		`{"jsonrpc":"2.0","id":"e0-1","result":{"roots":[]}}` + "\nl\nc\nd")
	f.Add(initializeText + "\n" + `{"jsonrpc":"2.0","id":"x","method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"greet"},"argument":{"name":"a","value":"b"},"context":{"arguments":{"a":"b"}}}}` + "\na\n" +
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}` + "\nb\nf")
	f.Add(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","clientInfo":{"name":"\u0000","version":"","title":null},"capabilities":{"sampling":{"tools":1}}}}` + "\n" +
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"greet","arguments":{"n\u0061me":"x"}}}`)
	f.Add(initializeText + "\n" + `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://static/text"}}` + "\n" +
		`{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"alert"}}` + "\n" +
		`{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"test://static/text"}}`)
	f.Fuzz(func(t *testing.T, script string) {
		a := newAuditor(NewSession(scenarioServer(), SessionOptions{MaxInFlight: 3}, nil))
		for i, line := range strings.Split(script, "\n") {
			if err := fuzzLine(a, line, uint64(i)); err != nil {
				t.Fatalf("line %d, %s: %v", i+1, line, err)
			}
		}
		if err := a.finish(); err != nil {
			t.Fatal(err)
		}
		if st := a.session.State(); st != nil {
			checkRoundTrip(t, st)
		}
	})
}

func fuzzLine(a *auditor, line string, token uint64) error {
	last := a.session.lastCall
	switch line {
	case "d":
		return a.done(last, Outcome{Result: emptyResult})
	case "f":
		return a.done(last, Outcome{Err: Internal()})
	case "p":
		return a.step(CallNotified{last, notifyProgress, fmt.Appendf(nil, `{"progress":%d}`, token)})
	case "l":
		return a.step(CallNotified{last, notifyMessage, []byte(`{"level":"error","data":1}`)})
	case "a":
		return a.ask(CallAsked{Call: last, Token: token, Method: askRoots})
	case "b":
		return a.abandon(AskAbandoned{last, token - 1})
	case "c":
		return a.step(CallStreamClosed{last})
	}
	m, err := jsonrpc.Scan([]byte(line), jsonrpc.Limits{})
	if err != nil {
		return nil
	}
	return a.receive(m, false)
}

func TestIdleSessionIsSmall(t *testing.T) {
	const most = 250
	if got := unsafe.Sizeof(Session{}); got > most {
		t.Errorf("a Session has %d bytes, want at most %d", got, most)
	}
	if got := unsafe.Sizeof(State{}); got > 96 {
		t.Errorf("a State has %d bytes, want at most 96", got)
	}
	s := ready(t, SessionOptions{})
	for id := range 3 {
		text := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"slow"}}`, id)
		s.Step(time.Time{}, Received{Message: scan(t, text)}, nil)
	}
	for call := range s.lastCall {
		s.Step(time.Time{}, CallDone{call + 1, Outcome{Result: emptyResult}}, nil)
	}
	if s.asks != nil || s.calls != nil {
		t.Errorf("after its calls a session keeps room for %d calls and %d asks, want none", cap(s.calls), cap(s.asks))
	}
}

// allocation budgets of the hot paths, inputs included
const (
	mostPingAllocs = 3
	mostCallAllocs = 8
)

func TestStepAllocatesLittle(t *testing.T) {
	s := ready(t, SessionOptions{})
	effects := make([]Effect, 0, 4)
	ping := scan(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	if got := testing.AllocsPerRun(100, func() {
		effects = s.Step(time.Time{}, Received{Route: 1, Message: ping}, effects[:0])
	}); got > mostPingAllocs {
		t.Errorf("ping: %v allocations, want at most %d", got, mostPingAllocs)
	}
	call := scan(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}`)
	if got := testing.AllocsPerRun(100, func() {
		effects = s.Step(time.Time{}, Received{Route: 1, Message: call}, effects[:0])
		effects = s.Step(time.Time{}, CallDone{s.lastCall, Outcome{Result: emptyResult}}, effects[:0])
	}); got > mostCallAllocs {
		t.Errorf("tools/call: %v allocations, want at most %d", got, mostCallAllocs)
	}
}

func BenchmarkStepPing(b *testing.B) {
	s := ready(b, SessionOptions{})
	m := scan(b, `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	effects := make([]Effect, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		effects = s.Step(time.Time{}, Received{Route: 1, Message: m}, effects[:0])
	}
}

// BenchmarkStepCall is one tools/call without its handler: StartCall and Reply.
func BenchmarkStepCall(b *testing.B) {
	s := ready(b, SessionOptions{})
	m := scan(b, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}`)
	result := []byte(`{"content":[{"type":"text","text":"hello"}]}`)
	effects := make([]Effect, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		effects = s.Step(time.Time{}, Received{Route: 1, Message: m}, effects[:0])
		effects = s.Step(time.Time{}, CallDone{s.lastCall, Outcome{Result: result}}, effects[:0])
	}
}
