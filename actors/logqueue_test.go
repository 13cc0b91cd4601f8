package actors

import (
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

func TestServerLogReachesEachSessionOnce(t *testing.T) {
	f := newFixture(t, Options{})
	all, some := f.dial(), f.dial()
	f.send(some, `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"error"}}`)
	f.recv(some)
	for _, m := range []struct{ level, data string }{{"info", "one"}, {"critical", "two"}, {"debug", "none"}, {"error", "three"}} {
		if err := f.server.Log(mcp.LoggingLevel(m.level), "", m.data); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"one", "two", "three"} {
		if got := f.recv(all); !strings.Contains(got, want) {
			t.Errorf("at info: got %s, want %s", got, want)
		}
	}
	for _, want := range []string{"two", "three"} {
		if got := f.recv(some); !strings.Contains(got, want) {
			t.Errorf("at error: got %s, want %s", got, want)
		}
	}
	for _, c := range []*transport.PipeClient{all, some} { // nothing came behind
		f.send(c, toolCall("9", "echo", `{"message":"last"}`))
		if got := f.recv(c); !strings.Contains(got, "last") {
			t.Errorf("got %s, want the answer", got)
		}
	}
}

func TestLogQueueBoundsRateAndSize(t *testing.T) {
	var q logQueue
	now := time.Now()
	taken := func(now time.Time) (n int) {
		for range 10 * logBurst {
			if q.admit(now) {
				n++
			}
		}
		return n
	}
	if n := taken(now); n != logBurst {
		t.Errorf("at once: got %d, want %d", n, logBurst)
	}
	if n := taken(now.Add(time.Second / 2)); n != logRate/2 {
		t.Errorf("half a second later: got %d, want %d", n, logRate/2)
	}
	if n := taken(now.Add(time.Hour)); n != logBurst {
		t.Errorf("long after: got %d, want %d", n, logBurst)
	}
	n := 0
	for q.put(mcp.LogMessage{Text: make([]byte, mcp.MaxLogBytes)}) {
		n++
	}
	if n != logBytes/mcp.MaxLogBytes {
		t.Errorf("large messages that wait: got %d, want %d", n, logBytes/mcp.MaxLogBytes)
	}
	if len(q.take()) != n || len(q.take()) != 0 {
		t.Error("take does not empty the queue")
	}
	for n = 0; q.put(mcp.LogMessage{}); n++ {
	}
	if n != logWaiting {
		t.Errorf("messages that wait: got %d, want %d", n, logWaiting)
	}
}
