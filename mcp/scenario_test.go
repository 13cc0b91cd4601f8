package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

var rewrite = flag.Bool("rewrite", false, "write what the scenarios in testdata/session give back into them")

// TestSessionScenarios steps sessions through testdata/session/*.txt. A scenario is a list of commands, each
// followed by the effects it had, one a line, after "<":
//
//	# text                       a comment
//	> {...}                      a message of the client on route 1; ">7" is route 7, "batch>" a batch member
//	done CALL result {...}       a call ends; also: done CALL error CODE MESSAGE, done CALL run
//	notify CALL METHOD [{...}]   a handler sends a notification
//	ask CALL TOKEN METHOD [{...}]  a handler asks the client
//	abandon CALL TOKEN           a handler no longer waits
//	close CALL                   a handler closes its stream
//	changed tools|prompts|resources ...
//	updated URI
//	drain
//	restart                      the next incarnation, from the encoded state
//	state                        prints the encoded state
//	limits in-flight=N subscriptions=N   a session from the start, with these limits
//
// "done CALL run" runs the handler of the test server to its end, with a client that answers nothing.
func TestSessionScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/session/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newScenario(t).play(string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			diffLines(t, got, string(want))
		})
	}
}

// diffLines reports the first line in which got and want differ.
func diffLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var gl, wl string
		if i < len(g) {
			gl = g[i]
		}
		if i < len(w) {
			wl = w[i]
		}
		if gl != wl {
			t.Fatalf("line %d\ngot:  %s\nwant: %s\nall that came:\n%s", i+1, gl, wl, got)
		}
	}
}

// scenario is a session with what is needed to write its effects down.
type scenario struct {
	t       *testing.T
	server  *Server
	options SessionOptions
	session *Session
	runs    map[CallID]StartCall
	out     bytes.Buffer
}

func newScenario(t *testing.T) *scenario {
	sc := &scenario{t: t, server: scenarioServer(), options: SessionOptions{ID: "test"}, runs: map[CallID]StartCall{}}
	sc.session = NewSession(sc.server, sc.options, nil)
	return sc
}

// play performs the commands of text and returns them with the effects they have.
func (sc *scenario) play(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "<") {
			continue
		}
		fmt.Fprintln(&sc.out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		sc.perform(line)
	}
	return sc.out.String()
}

func (sc *scenario) perform(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	switch {
	case strings.HasSuffix(verb, ">"):
		sc.receive(1, verb == "batch>", rest)
	case strings.HasPrefix(verb, ">"):
		sc.receive(sc.number(verb[1:]), false, rest)
	case verb == "restart":
		sc.restart()
	case verb == "state":
		fmt.Fprintf(&sc.out, "< %s\n", sc.session.State().Marshal())
	case verb == "limits":
		if _, err := fmt.Sscanf(rest, "in-flight=%d subscriptions=%d", &sc.options.MaxInFlight, &sc.options.MaxSubscriptions); err != nil {
			sc.t.Fatalf("%q: %v", line, err)
		}
		sc.session = NewSession(sc.server, sc.options, nil)
	default:
		sc.step(sc.input(verb, rest))
	}
}

func (sc *scenario) receive(route uint64, batched bool, text string) {
	m, err := jsonrpc.Scan([]byte(text), jsonrpc.Limits{})
	if err != nil {
		sc.t.Fatalf("%s: %v", text, err)
	}
	sc.step(Received{Route: Route(route), Message: m, Batched: batched})
}

func (sc *scenario) restart() {
	st, err := UnmarshalState(sc.session.State().Marshal())
	if err != nil {
		sc.t.Fatal(err)
	}
	sc.options.Incarnation++
	sc.session = NewSession(sc.server, sc.options, st)
	clear(sc.runs)
}

func (sc *scenario) number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		sc.t.Fatal(err)
	}
	return n
}

// call reads a CallID: a number, or "incarnation.number" after a restart.
func (sc *scenario) call(text string) CallID {
	if incarnation, number, ok := strings.Cut(text, "."); ok {
		return CallID(sc.number(incarnation)<<32 | sc.number(number))
	}
	return CallID(sc.number(text))
}

func callName(id CallID) string {
	if id>>32 != 0 {
		return fmt.Sprintf("%d.%d", id>>32, uint32(id))
	}
	return fmt.Sprint(uint64(id))
}

// input is the input of a command about a call or the server.
func (sc *scenario) input(verb, rest string) Input {
	words := strings.SplitN(rest, " ", 4)
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	optional := func(text string) []byte {
		if text == "" {
			return nil
		}
		return []byte(text)
	}
	switch verb {
	case "changed":
		var c Change
		for _, w := range words {
			c |= map[string]Change{"tools": ToolsChanged, "prompts": PromptsChanged, "resources": ResourcesChanged}[w]
		}
		return FeaturesChanged{c}
	case "updated":
		return ResourceUpdated{rest}
	case "drain":
		return Draining{}
	}
	call := sc.call(word(0))
	switch verb {
	case "done":
		return CallDone{call, sc.outcome(call, word(1), strings.Join(words[2:], " "))}
	case "notify":
		return CallNotified{call, word(1), optional(strings.Join(words[2:], " "))}
	case "ask":
		return CallAsked{call, sc.number(word(1)), word(2), optional(word(3))}
	case "abandon":
		return AskAbandoned{call, sc.number(word(1))}
	case "close":
		return CallStreamClosed{call}
	}
	sc.t.Fatalf("unknown command %q", verb)
	return nil
}

func (sc *scenario) outcome(call CallID, kind, rest string) Outcome {
	switch kind {
	case "result":
		return Outcome{Result: []byte(rest)}
	case "error":
		code, message, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(code)
		if err != nil {
			sc.t.Fatal(err)
		}
		return Outcome{Err: &Error{Code: n, Message: message}}
	case "run":
		return sc.runs[call].Run(context.Background(), deafPeer{sc.session.State()})
	}
	sc.t.Fatalf("unknown outcome %q", kind)
	return Outcome{}
}

func (sc *scenario) step(in Input) {
	for _, e := range sc.session.Step(time.Time{}, in, nil) {
		if start, ok := e.(StartCall); ok {
			sc.runs[start.Call] = start
		}
		fmt.Fprintf(&sc.out, "< %s\n", describe(e))
	}
}

// describe writes an effect on one line.
func describe(e Effect) string {
	switch e := e.(type) {
	case Reply:
		line := fmt.Sprintf("reply %d %s", e.Route, e.Text)
		if e.Status != 0 {
			line = fmt.Sprintf("reply %d (%d) %s", e.Route, e.Status, e.Text)
		}
		return line
	case Forget:
		return fmt.Sprintf("forget %d %s", e.Route, e.ID)
	case Send:
		if e.Request {
			return fmt.Sprintf("ask %d %s", e.Route, e.Text)
		}
		return fmt.Sprintf("send %d %s", e.Route, e.Text)
	case StartCall:
		return fmt.Sprintf("start %s on %d: %s %s", callName(e.Call), e.Route, e.Method, e.Name)
	case CancelCall:
		return fmt.Sprintf("cancel %s: %v", callName(e.Call), e.Cause)
	case ExtendCall:
		return fmt.Sprintf("extend %s", callName(e.Call))
	case Answer:
		if e.Err != nil {
			data, _ := json.Marshal(e.Err.Data)
			return fmt.Sprintf("answer %s %d error %d %s %s", callName(e.Call), e.Token, e.Err.Code, e.Err.Message, data)
		}
		return fmt.Sprintf("answer %s %d %s", callName(e.Call), e.Token, e.Result)
	case CloseStream:
		return fmt.Sprintf("close %d", e.Route)
	case Persist:
		return "persist"
	case LimitHit:
		return "limit " + [...]string{LimitInFlight: "in flight", LimitSubscriptions: "subscriptions"}[e.Limit]
	}
	return fmt.Sprintf("%T", e)
}

// deafPeer is a client that takes notifications and answers nothing.
type deafPeer struct{ state *State }

func (deafPeer) SessionID() string           { return "test" }
func (p deafPeer) State() *State             { return p.state }
func (deafPeer) Notify(string, []byte) error { return nil }
func (deafPeer) CloseStream() error          { return nil }
func (deafPeer) Ask(context.Context, string, []byte) ([]byte, error) {
	return nil, MethodNotFound("any")
}
