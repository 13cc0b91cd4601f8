package mcp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unique"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// scriptedPeer gives one answer to everything and keeps what it was asked.
type scriptedPeer struct {
	state  *State
	answer string
	err    error
	method string
	params string
	closed bool
}

func (p *scriptedPeer) SessionID() string { return "s1" }
func (p *scriptedPeer) State() *State     { return p.state }

func (p *scriptedPeer) Notify(method string, params []byte) error {
	p.method, p.params = method, string(params)
	return p.err
}

func (p *scriptedPeer) Ask(_ context.Context, method string, params []byte) ([]byte, error) {
	p.method, p.params = method, string(params)
	return []byte(p.answer), p.err
}

func (p *scriptedPeer) CloseStream() error { p.closed = true; return p.err }

func newPeer(version, answer string) *scriptedPeer {
	return &scriptedPeer{
		state:  &State{revision: RevisionOf(version), client: unique.Make(clientInfo{Name: "c", Version: "1"}), caps: capRoots},
		answer: answer,
	}
}

func TestServerSessionTellsOfTheClient(t *testing.T) {
	p := newPeer("2025-06-18", "")
	ss := NewServerSession(p)
	if ss.ID() != "s1" || ss.Revision() != "2025-06-18" || ss.ClientInfo().Name != "c" || ss.ClientCapabilities().Roots == nil {
		t.Errorf("got %s %s %+v %+v", ss.ID(), ss.Revision(), ss.ClientInfo(), ss.ClientCapabilities())
	}
	if err := ss.CloseStream(); err != nil || !p.closed {
		t.Errorf("got %v, closed %v", err, p.closed)
	}
}

func TestServerSessionEncodes(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, answer, method, params string
		call                         func(*ServerSession) error
	}{
		{"log", "", notifyMessage, `{"level":"info","logger":"l","data":"x"}`, func(ss *ServerSession) error {
			return ss.Log(ctx, &LoggingMessageParams{Level: "info", Logger: "l", Data: "x"})
		}},
		{"progress", "", notifyProgress, `{"progress":1,"total":2,"message":"m"}`, func(ss *ServerSession) error {
			return ss.NotifyProgress(ctx, &ProgressNotificationParams{Progress: 1, Total: 2, Message: "m"})
		}},
		{"elicitation complete", "", notifyElicitationComplete, `{"elicitationId":"e"}`, func(ss *ServerSession) error {
			return ss.ElicitationComplete(ctx, &ElicitationCompleteParams{ElicitationID: "e"})
		}},
		{"ping", "{}", askPing, "", func(ss *ServerSession) error { return ss.Ping(ctx) }},
		{"roots", `{"roots":[{"uri":"file:///a"}]}`, askRoots, "{}", func(ss *ServerSession) error {
			r, err := ss.ListRoots(ctx, nil)
			if err == nil && (len(r.Roots) != 1 || r.Roots[0].URI != "file:///a") {
				t.Errorf("got %+v", r)
			}
			return err
		}},
		{"sampling", `{"role":"assistant","content":{"type":"text","text":"hi"},"model":"m"}`, askSampling,
			`{"messages":[{"role":"user","content":{"type":"text","text":"q"}}],"maxTokens":5}`, func(ss *ServerSession) error {
				r, err := ss.CreateMessage(ctx, &CreateMessageParams{
					MaxTokens: 5,
					Messages:  []*SamplingMessage{{Role: RoleUser, Content: []Content{&TextContent{Text: "q"}}}},
				})
				if err == nil && (r.Model != "m" || len(r.Content) != 1) {
					t.Errorf("got %+v", r)
				}
				return err
			}},
		{"elicitation", `{"action":"accept","content":{"n":3}}`, askElicitation,
			`{"mode":"form","message":"?","requestedSchema":{"type":"object","properties":{"n":{"type":"integer"}}}}`, func(ss *ServerSession) error {
				r, err := ss.Elicit(ctx, &ElicitParams{Message: "?", RequestedSchema: rawSchema(`{"type":"object","properties":{"n":{"type":"integer"}}}`)})
				if err == nil && r.Content["n"] != float64(3) {
					t.Errorf("got %+v", r)
				}
				return err
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer("2025-11-25", c.answer)
			if err := c.call(NewServerSession(p)); err != nil {
				t.Fatal(err)
			}
			if p.method != c.method || p.params != c.params {
				t.Errorf("got %s %s, want %s %s", p.method, p.params, c.method, c.params)
			}
			if p.params != "" {
				if _, err := jsonrpc.Scan(jsonrpc.AppendNotification(nil, c.method, []byte(p.params)), jsonrpc.Limits{}); err != nil {
					t.Errorf("%s: %v", p.params, err)
				}
			}
		})
	}
}

func TestServerSessionFails(t *testing.T) {
	ctx := context.Background()
	cause := errors.New("cause")
	over, cancel := context.WithCancelCause(ctx)
	cancel(cause)
	refused := &Error{Code: -1, Message: "User rejected"}
	for _, c := range []struct {
		name string
		peer *scriptedPeer
		want string
		call func(*ServerSession) error
	}{
		{"unknown level", newPeer("2025-11-25", ""), "unknown log level", func(ss *ServerSession) error {
			return ss.Log(ctx, &LoggingMessageParams{Level: "loud"})
		}},
		{"data that cannot be encoded", newPeer("2025-11-25", ""), "encode", func(ss *ServerSession) error {
			return ss.Log(ctx, &LoggingMessageParams{Level: "info", Data: func() {}})
		}},
		{"call is over", newPeer("2025-11-25", ""), "cause", func(ss *ServerSession) error {
			return ss.NotifyProgress(over, &ProgressNotificationParams{})
		}},
		{"client refuses", &scriptedPeer{state: newPeer("2025-11-25", "").state, err: refused}, "User rejected", func(ss *ServerSession) error {
			_, err := ss.CreateMessage(ctx, &CreateMessageParams{})
			return err
		}},
		{"answer of another shape", newPeer("2025-11-25", `{"roots":5}`), "the client's answer", func(ss *ServerSession) error {
			_, err := ss.ListRoots(ctx, nil)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.call(NewServerSession(c.peer)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
