package actors

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

// relays accepts connections as relays to an owner that the test plays.
type relays struct {
	f    *Federation
	made chan *relay
}

func (a *relays) Admit(transport.Info) error { return nil }
func (a *relays) End(transport.Info) error   { return nil }

func (a *relays) Accept(conn transport.Conn) (transport.Receiver, error) {
	r := &relay{f: a.f, conn: conn, mode: transport.Exchange}
	a.made <- r
	return relayed{r}, nil
}

// relayed is a relay whose texts go nowhere: the test plays the owner.
type relayed struct{ *relay }

func (r relayed) Receive(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text, r.owed = text, requestIDs(text, r.f.opts)
}

// An owner that says that the session has moved closes the stream behind it. The exchange is served where the
// session is, and nothing of it is lost.
func TestMovedExchangeIsServedWhereTheSessionIs(t *testing.T) {
	f := newFixture(t, Options{})
	id := f.session()
	node, err := cluster.New(supervisors.NewSystem(supervisors.Options{}), cluster.Options{Name: "a@127.0.0.1", Cookie: []byte(strings.Repeat("cookie", 8))})
	if err != nil {
		t.Fatal(err)
	}
	a := &relays{f: &Federation{Gateway: f.gateway, cluster: node}, made: make(chan *relay, 1)}
	c, err := transport.Pipe(a, transport.Info{Mode: transport.Exchange, Session: id}, transport.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f.send(c, toolCall("1", "echo", `{"message":"moved"}`))
	owner := &fromOwner{relay: <-a.made}
	owner.Receive([]byte{byte(noticeMoved)})
	owner.Closed(cluster.CodeUser+uint32(transport.ReasonDone), "")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	frame, err := c.Recv(ctx)
	if err != nil || !frame.Last || frame.Status != 0 {
		t.Fatalf("got %+v, %v, want the answer", frame, err)
	}
}

// An owner may be done before the relay knows the stream that it has opened.
func TestLastFrameMayComeBeforeTheStreamIsKnown(t *testing.T) {
	f := newFixture(t, Options{})
	conn := &heldConn{info: transport.Info{Transport: "memory", Mode: transport.Stream}}
	r := &relay{f: &Federation{Gateway: f.gateway}, conn: conn, mode: transport.Stream}
	(&fromOwner{relay: r}).Receive(encodeFrame(transport.Frame{Text: []byte(`{}`), Last: true}))
	if len(conn.texts) != 1 || !r.over() {
		t.Errorf("got %q, over %v; want one frame and the end", conn.texts, r.over())
	}
}
