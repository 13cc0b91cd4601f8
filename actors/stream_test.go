package actors

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

func TestStreamedExchangeCanBeResumed(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	frames, _ := f.post(id, toolCall("1", "progress", `{}`))
	if len(frames) != 3 || len(frames[0].Text) != 0 || frames[0].Event == "" || !frames[2].Last {
		t.Fatalf("got %+v; want a priming frame, a log message, the answer", frames)
	}
	c := f.open(transport.Info{Mode: transport.Stream, Session: id, LastEventID: frames[0].Event})
	again := f.frames(c)
	if len(again) != 2 || string(again[1].Text) != string(frames[2].Text) || again[0].Event != frames[1].Event {
		t.Errorf("resumed: got %+v, want the last two of %+v", again, frames)
	}
}

func TestResumptionWhileTheCallRuns(t *testing.T) {
	f := newFixture(t, Options{})
	mcp.AddTool(f.server, &mcp.Tool{Name: "leave"}, func(_ context.Context, r *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, any, error) {
		err := r.Session.CloseStream()
		f.begun <- struct{}{}
		<-f.release
		return text("after"), nil, err
	})
	id := f.session()
	c := f.open(transport.Info{Mode: transport.Exchange, Session: id})
	go func() { _ = c.Send([]byte(toolCall("1", "leave", `{}`))) }()
	prime := f.frame(c)
	<-f.begun
	if reason, _ := c.Reason(); reason != transport.ReasonReconnect {
		t.Errorf("closed for %v, want reconnect", reason)
	}
	again := f.open(transport.Info{Mode: transport.Stream, Session: id, LastEventID: prime.Event})
	close(f.release)
	if frames := f.frames(again); len(frames) != 1 || !strings.Contains(string(frames[0].Text), "after") {
		t.Errorf("got %+v", frames)
	}
	c.Wait()
}

func TestOwnStreamGetsListChangedAndCanBeResumed(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	prime := f.frame(stream)
	f.server.RemoveTools("panic")
	first := f.frame(stream)
	if !strings.Contains(string(first.Text), "tools/list_changed") {
		t.Fatalf("got %s", first.Text)
	}
	stream.Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return f.anchors()[0].stream() == nil })
	f.server.RemoveTools("progress")
	testutil.Eventually(t, 5*time.Second, func() bool {
		again := f.open(transport.Info{Mode: transport.Stream, Session: id, LastEventID: prime.Event})
		defer again.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		one, err1 := again.Recv(ctx)
		two, err2 := again.Recv(ctx)
		return err1 == nil && err2 == nil && one.Event == first.Event && two.Event != first.Event
	})
}

func TestOwnStreamGetsWhatItMissed(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	f.frame(stream) // primes
	stream.Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return f.anchors()[0].stream() == nil })
	f.gateway.note(mcp.FeaturesChanged{Change: mcp.ToolsChanged})
	f.gateway.tell()
	again := f.open(transport.Info{Mode: transport.Stream, Session: id})
	if prime := f.frame(again); len(prime.Text) != 0 {
		t.Fatalf("got %+v, want a frame that primes", prime)
	}
	missed := f.frame(again)
	if !strings.Contains(string(missed.Text), "tools/list_changed") {
		t.Fatalf("got %s, want what changed meanwhile", missed.Text)
	}
	third := f.open(transport.Info{Mode: transport.Stream, Session: id})
	f.frame(third) // primes
	f.server.RemoveTools("wait")
	if got := f.frame(third); len(got.Text) == 0 || got.Event == missed.Event {
		t.Errorf("got %+v, want the next change", got)
	}
}

func TestNewerStreamReplacesOlder(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	old := f.open(transport.Info{Mode: transport.Stream, Session: id})
	f.open(transport.Info{Mode: transport.Stream, Session: id})
	old.Wait()
	if reason, _ := old.Reason(); reason != transport.ReasonReplaced {
		t.Errorf("got %v, want replaced", reason)
	}
	testutil.Eventually(t, 5*time.Second, func() bool { return f.gateway.Connections() == 1 })
}
