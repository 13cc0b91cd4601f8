package actors

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
)

func TestConnectionsAreCountedAndListed(t *testing.T) {
	f := newFixture(t, Options{})
	first := f.dial()
	f.open(transport.Info{Transport: "tcp", Remote: "192.0.2.1:5"})
	id := f.session()
	f.open(transport.Info{Transport: "http", Mode: transport.Stream, Session: id})
	testutil.Eventually(t, 5*time.Second, func() bool { return len(f.gateway.ConnectionInfos(true)) == 3 }) // a turn attaches the stream
	all := f.gateway.ConnectionInfos(true)
	for i, c := range all {
		if c.Number != uint32(i+1) || c.Session == "" || c.Process == 0 || c.Metered {
			t.Errorf("connection %d: got %+v", i, c)
		}
	}
	if c := all[1]; c.Transport != "tcp" || c.Remote != "192.0.2.1:5" {
		t.Errorf("got %+v", c)
	}
	if all[2].Session != id {
		t.Errorf("got %+v, want session %s", all[2], id)
	}
	sum := 0
	counts := f.gateway.ConnectionCounts()
	for _, n := range counts {
		sum += n
	}
	if sum != f.gateway.Connections() || counts["tcp"] != 1 || counts["http"] != 1 {
		t.Errorf("got %v, want %d in all", counts, f.gateway.Connections())
	}
	first.Close()
	testutil.Eventually(t, 5*time.Second, func() bool { return len(f.gateway.ConnectionInfos(false)) == 2 && f.gateway.Connections() == 2 })
	if all := f.gateway.ConnectionInfos(false); all[0].Number != 2 {
		t.Errorf("got %+v, want numbers from 2 on", all)
	}
}

func TestKickEndsASessionForItsReason(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	id := f.anchors()[0].id
	if err := f.gateway.Kick(context.Background(), id, transport.ReasonKicked); err != nil {
		t.Fatal(err)
	}
	if got := f.recv(c); !strings.Contains(got, `"id":1`) || !strings.Contains(got, "ended by an operator") {
		t.Errorf("the open request: got %s", got)
	}
	c.Wait()
	if reason, _ := c.Reason(); reason != transport.ReasonKicked {
		t.Errorf("closed for %v, want kicked", reason)
	}
	if err := f.gateway.Kick(context.Background(), id, transport.ReasonKicked); !errors.Is(err, ErrNoSession) {
		t.Errorf("a second time: got %v, want ErrNoSession", err)
	}
}

func TestKickedSessionOverHTTPIsUnknown(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	stream := f.open(transport.Info{Mode: transport.Stream, Session: id})
	testutil.Eventually(t, 5*time.Second, func() bool { return len(f.gateway.ConnectionInfos(false)) == 1 })
	if err := f.gateway.Kick(context.Background(), id, transport.ReasonKicked); err != nil {
		t.Fatal(err)
	}
	stream.Wait()
	if reason, _ := stream.Reason(); reason != transport.ReasonKicked {
		t.Errorf("the stream closed for %v, want kicked", reason)
	}
	frames, _ := f.post(id, toolCall("1", "echo", `{"message":"x"}`))
	if len(frames) != 1 || frames[0].Status != 404 {
		t.Errorf("got %+v, want 404", frames)
	}
}
