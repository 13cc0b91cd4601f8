package mcp

import (
	"slices"
	"testing"
	"time"
	"unique"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

func TestNegotiation(t *testing.T) {
	for _, c := range []struct{ name, asked, want string }{
		{"oldest", "2025-03-26", "2025-03-26"},
		{"middle", "2025-06-18", "2025-06-18"},
		{"newest", "2025-11-25", "2025-11-25"},
		{"older than all", "2024-11-05", "2025-11-25"},
		{"newer than all", "2999-01-01", "2025-11-25"},
		{"nonsense", "x", "2025-11-25"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := negotiate(c.asked).Version; got != c.want {
				t.Errorf("%s: got %s, want %s", c.asked, got, c.want)
			}
		})
	}
}

// TestRevisionWithoutHandshakeIsARow adds a row of the kind that has no initialize and starts a session with it.
func TestRevisionWithoutHandshakeIsARow(t *testing.T) {
	before := revisions
	defer func() { revisions = before }()
	row := &Revision{Version: "2026-07-28", Completions: true, CompletionContext: true, ResourceNotFound: CodeInvalidParams}
	revisions = append(Revisions(), row)
	if got := negotiate("2026-07-28").Version; got != "2025-11-25" {
		t.Errorf("initialize: got %s, want 2025-11-25", got)
	}
	st := &State{revision: row, initialized: true, client: unique.Make(clientInfo{})}
	s := NewSession(scenarioServer(), SessionOptions{}, st)
	for _, c := range []struct {
		request string
		want    int // error code; 0: none
	}{
		{`"tools/list"`, 0},
		{`"tools/call","params":{"name":"slow"}`, 0},
		{`"ping"`, CodeMethodNotFound},
		{`"initialize","params":{}`, CodeMethodNotFound},
		{`"resources/subscribe","params":{"uri":"test://static/text"}`, CodeMethodNotFound},
		{`"logging/setLevel","params":{"level":"info"}`, CodeMethodNotFound},
		{`"resources/read","params":{"uri":"test://none"}`, CodeInvalidParams},
	} {
		m := scan(t, `{"jsonrpc":"2.0","id":1,"method":`+c.request+`}`)
		for _, e := range s.Step(time.Time{}, Received{Route: 1, Message: m}, nil) {
			got := 0
			switch e := e.(type) {
			case StartCall:
				done := CallDone{e.Call, e.Run(t.Context(), deafPeer{st})}
				got = codeOf(t, s.Step(time.Time{}, done, nil)[0])
			case Reply:
				got = codeOf(t, e)
			}
			if got != c.want {
				t.Errorf("%s: got code %d, want %d", c.request, got, c.want)
			}
		}
	}
	if got := s.Step(time.Time{}, FeaturesChanged{ToolsChanged}, nil); len(got) != 0 {
		t.Errorf("list changed: got %v, want nothing", got)
	}
}

// codeOf is the error code of a reply; 0 if it has a result.
func codeOf(t *testing.T, e Effect) int {
	t.Helper()
	if answer := scan(t, string(e.(Reply).Text)); answer.Kind == jsonrpc.Failure {
		return peerError(answer.Error).Code
	}
	return 0
}

func TestRevisionsAreInOrder(t *testing.T) {
	all := Revisions()
	if !slices.IsSortedFunc(all, func(a, b *Revision) int {
		if a.Version < b.Version {
			return -1
		}
		return 1
	}) {
		t.Errorf("got %v", all)
	}
	all[0] = nil
	if revisions[0] == nil {
		t.Error("the caller can change the table")
	}
}
