package interop

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp"
)

// gone waits until the node has no session and no connection.
func gone(t *testing.T, n *node) {
	t.Helper()
	eventually(t, func() bool { return n.Sessions() == 0 && n.Connections() == 0 })
}

// The server ends the event stream of an answer early. The client comes back with Last-Event-ID and gets the
// answer, once.
func TestResumesAStreamThatTheServerEnded(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	for name, back := range map[string]bool{"before the answer": true, "after the answer": false} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, overHTTP(t, "http://"+n.Addr()+"/mcp"), "2025-11-25", nil)
			helper := dial(t, overHTTP(t, "http://"+n.Addr()+"/mcp"), "2025-11-25", nil)
			streams := p.wire.exchanges("GET 200")
			call := p.begin(patiently(t), "detach", args{"name": name})
			helper.call("begun", args{"name": name})
			if back { // the client is back before the answer is there
				eventually(t, func() bool { return p.wire.exchanges("GET 200") > streams })
			}
			helper.call("release", args{"name": name})
			checkResumed(t, p, call, "released "+name)
			if got := p.call("echo", args{"message": "afterwards"}); got != "afterwards" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func checkResumed(t *testing.T, p *peer, call <-chan answer, want string) {
	t.Helper()
	if got := within(t, call, "the answer"); got.err != nil || got.text != want {
		t.Errorf("got %+v, want %q", got, want)
	}
	if n := p.wire.count(want); n != 1 {
		t.Errorf("the answer came %d times, want once", n)
	}
}

// A proxy cuts every connection between client and node while a call runs that has reported progress. The
// client comes back for the answer, and its own stream comes back for what the node has to tell.
func TestResumesAStreamThatBroke(t *testing.T) {
	for _, revision := range []string{"2025-06-18", "2025-11-25"} {
		t.Run(revision, func(t *testing.T) {
			through := startProxy(t)
			n := startNode(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0", AllowedHosts: []string{through.addr()}}})
			through.target.Store(n.Addr())
			p := dial(t, overHTTP(t, "http://"+through.addr()+"/mcp"), revision, nil)
			helper := dial(t, overHTTP(t, "http://"+n.Addr()+"/mcp"), revision, nil)
			params := &sdk.CallToolParams{Name: "report", Arguments: args{"name": revision}}
			params.SetProgressToken("t")
			call := make(chan answer, 1)
			go func() {
				result, err := p.CallTool(patiently(t), params)
				call <- answer{textOf(result), err}
			}()
			within(t, p.progress, "progress before the cut") // so the answer is an event stream with an id
			streams := p.wire.exchanges("GET 200")
			through.cut()
			eventually(t, func() bool { // the node has noticed, or the client is back already
				return n.Connections() < 2 || p.wire.exchanges("GET 200") > streams
			})
			helper.call("release", args{"name": revision})
			helper.call("register", args{"name": "fresh"})
			checkResumed(t, p, call, "released "+revision)
			if got := within(t, p.progress, "progress after the cut"); got.Progress != 2 {
				t.Errorf("got %+v, want the second report", got)
			}
			if got := p.wire.exchanges("GET 200"); got <= streams {
				t.Errorf("the client did not come back: got exchanges %q", p.wire.all())
			}
			within(t, p.lists, "list_changed after the cut")
		})
	}
}

// Every connection is cut again and again while a call reports and others are answered. Whatever was on the
// way: each report and each answer comes once.
func TestNothingIsLostOrDoubledByCuts(t *testing.T) {
	const reports, cuts = 40, 2
	through := startProxy(t)
	n := startNode(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0", AllowedHosts: []string{through.addr()}}})
	through.target.Store(n.Addr())
	p := dial(t, overHTTP(t, "http://"+through.addr()+"/mcp"), "2025-11-25", nil)
	calls := make([]chan answer, 4)
	for i := range calls {
		calls[i] = make(chan answer, 1)
		params := &sdk.CallToolParams{Name: "lockstep", Arguments: args{"name": fmt.Sprint("lockstep-", i)}}
		params.SetProgressToken(fmt.Sprint("lockstep-", i))
		go func() {
			result, err := p.CallTool(patiently(t), params)
			calls[i] <- answer{textOf(result), err}
		}()
	}
	for range calls { // each answer is an event stream with an id
		within(t, p.progress, "the first report")
	}
	for cut := range cuts {
		for i := range calls {
			g := n.features.gate(fmt.Sprint("lockstep-", i))
			for range reports / (2 * cuts) {
				g.begun <- struct{}{}
			}
		}
		streams := p.wire.exchanges("GET 200")
		through.cut() // with reports on the way
		for i := range calls {
			g := n.features.gate(fmt.Sprint("lockstep-", i))
			for range reports / (2 * cuts) {
				g.begun <- struct{}{}
			}
		}
		if cut < cuts-1 {
			eventually(t, func() bool { return p.wire.exchanges("GET 200") >= streams+len(calls) })
		}
	}
	for i, call := range calls {
		name := fmt.Sprint("lockstep-", i)
		close(n.features.gate(name).released)
		checkResumed(t, p, call, "released "+name)
		if got := p.wire.count(`"progressToken":"` + name + `"`); got != reports+1 {
			t.Errorf("%s: got %d reports, want %d", name, got, reports+1)
		}
	}
}

// proxy passes TCP connections on to the node and cuts them on demand.
type proxy struct {
	listener net.Listener
	target   atomic.Value // string: address of the node
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	ended bool
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		_ = l.Close() // ends serve
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.cut()
		p.running.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.target.Load().(string))
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		if p.ended {
			_, _ = in.Close(), out.Close()
		}
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		p.running.Go(func() { pass(out, in) })
		p.running.Go(func() { pass(in, out) })
	}
}

// pass copies until either side ends, and then ends both.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // the end, whatever it is
	_, _ = to.Close(), from.Close()
}

// cut resets all connections there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, no proper end
		}
		_ = c.Close()
	}
	p.conns = nil
}

// A session that the node does not know is a session that has ended: the client says so.
func TestUnknownSession(t *testing.T) {
	n := startNode(t, erlmcp.Options{})
	p := dial(t, overHTTP(t, "http://"+n.Addr()+"/mcp"), "2025-11-25", nil)
	end(t, n, p.ID())
	_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "echo", Arguments: args{"message": "x"}})
	if !errors.Is(err, sdk.ErrSessionMissing) {
		t.Errorf("got %v, want %v", err, sdk.ErrSessionMissing)
	}
	if n := p.wire.exchanges("DELETE 404"); n != 0 {
		t.Errorf("the client ended a session that it knows is gone")
	}
}
