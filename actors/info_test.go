package actors

import (
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestInfoOfASession(t *testing.T) {
	f := newFixture(t, Options{})
	c := f.dial()
	f.send(c, toolCall("1", "wait", `{}`))
	<-f.begun
	id := f.anchors()[0].id
	i, ok := f.gateway.SessionInfo(id)
	if !ok || i.ID != id || i.Process == 0 || i.InFlight != 1 || !i.Connected || !i.Initialized || i.Client != "t" || i.Version != "1" ||
		i.Revision != "2025-11-25" || i.Incarnation != 1 || i.Restarts != 0 || i.StateBytes == 0 {
		t.Errorf("got %+v, %v", i, ok)
	}
	f.anchors()[0].crash()
	_ = f.recv(c)
	f.send(c, toolCall("2", "echo", `{"message":"x"}`))
	_ = f.recv(c)
	testutil.Eventually(t, 5*time.Second, func() bool {
		again, ok := f.gateway.SessionInfo(id)
		return ok && again.Process > i.Process && again.Restarts == 1 && again.InFlight == 0 && again.Work > 0
	})
	f.dial()
	all := f.gateway.SessionInfos()
	if len(all) != 2 || all[0].ID != id || all[1].Started.Before(all[0].Started) {
		t.Errorf("got %+v, want two, the oldest first", all)
	}
	if _, ok := f.gateway.SessionInfo("none"); ok {
		t.Error("found a session that is not there")
	}
}
