package actors

import (
	"context"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// TestSnapshotGoesOnElsewhere takes the snapshot of a session with an open streamed call and revives it in
// another gateway: the session is initialized there, the stream resumes where it was, and the request that
// was lost with the node has one outcome.
func TestSnapshotGoesOnElsewhere(t *testing.T) {
	f := newFixture(t, Options{})
	mcp.AddTool(f.server, &mcp.Tool{Name: "stream"}, streamThenWait(f))
	id := f.session()
	c := f.open(transport.Info{Mode: transport.Exchange, Session: id})
	go func() { _ = c.Send([]byte(toolCall("7", "stream", `{}`))) }()
	prime, log := f.frame(c), f.frame(c)
	<-f.begun
	text := f.gateway.table.get(id).snapshot()

	other := newFixture(t, Options{})
	if err := other.gateway.revive(id, text); err != nil {
		t.Fatal(err)
	}
	resumed := other.open(transport.Info{Mode: transport.Stream, Session: id, LastEventID: prime.Event})
	frames := other.frames(resumed)
	if len(frames) != 2 || string(frames[0].Text) != string(log.Text) || frames[0].Event != log.Event {
		t.Fatalf("resumed: got %+v, want %+v and the outcome", frames, log)
	}
	if got := string(frames[1].Text); code(t, got) != mcp.CodeNodeLost || !strings.Contains(got, `"id":7`) {
		t.Errorf("outcome: got %s", got)
	}
	answer, _ := other.post(id, toolCall("8", "echo", `{"message":"here"}`))
	if len(answer) != 1 || !strings.Contains(string(answer[0].Text), "here") {
		t.Errorf("a new request: got %+v", answer)
	}
	close(f.release)
	c.Wait()
}

// streamThenWait is a tool that logs, which begins its event stream, and then waits.
func streamThenWait(f *fixture) mcp.ToolHandlerFor[none, any] {
	return func(ctx context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		err := r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "error", Data: "working"})
		f.begun <- struct{}{}
		<-f.release
		return text("done"), nil, err
	}
}

func TestReviveRefusesNonsense(t *testing.T) {
	f := newFixture(t, Options{})
	for _, text := range []string{"", "{}", `{"state":{"format":99}}`} {
		if err := f.gateway.revive("id", []byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
	if f.gateway.Count() != 0 {
		t.Errorf("sessions: got %d, want 0", f.gateway.Count())
	}
}

// TestRevivedSessionIsANewIncarnation: a late answer of the client to the node before must not be taken for one
// to this node.
func TestRevivedSessionIsANewIncarnation(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.gateway.table.get(f.session())
	other := newFixture(t, Options{})
	if err := other.gateway.revive(a.id, a.snapshot()); err != nil {
		t.Fatal(err)
	}
	if got, was := other.gateway.table.get(a.id).incarnation.Load(), a.incarnation.Load(); got <= was {
		t.Errorf("incarnation: got %d, want above %d", got, was)
	}
}
