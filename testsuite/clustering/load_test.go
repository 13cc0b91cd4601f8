package clustering

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is clients at work: sessions over HTTP, half of them with retry, and WebSocket sessions. It runs for a
// bounded time at a bounded rate.
type load struct {
	*ledger
	nodes   *nodes
	http    *http.Client
	dialer  *net.Dialer
	next    atomic.Uint64 // round-robin over the nodes
	serial  atomic.Uint64 // of arguments
	begun   sync.WaitGroup
	running sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context
}

// The shape of a load: about 400 requests a second.
const (
	httpClients   = 24
	socketClients = 12
	httpPause     = 120 * time.Millisecond // between requests of a client
	socketPause   = 60 * time.Millisecond
	maxInFlight   = 4 // requests of one client
	longestLoad   = 4 * time.Minute
)

// startLoad begins a load and returns once each client has a session.
func (c *nodes) startLoad(seed uint64) *load {
	c.t.Helper()
	l := &load{ledger: newLedger(), nodes: c, dialer: &net.Dialer{Timeout: outcomeTime}}
	l.http = &http.Client{Transport: &http.Transport{DialContext: l.dialer.DialContext, MaxIdleConnsPerHost: 200}}
	l.ctx, l.stop = context.WithTimeout(context.Background(), longestLoad)
	c.t.Cleanup(func() { l.end() })
	l.running.Go(func() { l.watch(l.ctx.Done()) })
	for i := range httpClients {
		h := &httpClient{load: l, retry: i%2 == 0, rng: rand.New(rand.NewPCG(seed, uint64(i)))}
		h.kind = map[bool]string{true: "http retry", false: "http"}[h.retry]
		l.begun.Add(1)
		l.running.Go(h.work)
	}
	for i := range socketClients {
		s := &socketClient{load: l, rng: rand.New(rand.NewPCG(seed, uint64(1000+i)))}
		l.begun.Add(1)
		l.running.Go(s.work)
	}
	l.begun.Wait()
	return l
}

// end ends the load; every request has its outcome then.
func (l *load) end() {
	l.stop()
	l.running.Wait()
	l.http.CloseIdleConnections()
}

// host picks the next host.
func (l *load) host() int { return 1 + int(l.next.Add(1)%uint64(l.nodes.world.hosts)) }

// pick makes a request: which tool with which arguments, and what its answer has to hold.
func (l *load) pick(rng *rand.Rand) (tool, arg string, params map[string]any) {
	arg = fmt.Sprintf("arg-%d", l.serial.Add(1))
	switch p := rng.IntN(100); {
	case p < 50:
		return "echo", arg, map[string]any{"message": arg}
	case p < 80:
		return "node", arg, map[string]any{"note": arg}
	default:
		ms := 20 + rng.IntN(80)
		return "slow", fmt.Sprintf("done after %d ms", ms), map[string]any{"ms": ms}
	}
}

// answer is a JSON-RPC response of a tool.
type answer struct {
	ID     *int64 `json:"id"`
	Result *struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
		Structured *struct {
			Node string `json:"node"`
			PID  int    `json:"pid"`
			At   int64  `json:"at"`
			Note string `json:"note"`
		} `json:"structuredContent"`
		IsError bool `json:"isError"`
	} `json:"result"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// judge fills the outcome of an entry from the answer with its id. It returns the node that answered, if the
// answer says that.
func (l *load) judge(e *entry, a *answer) (node string) {
	switch {
	case a.Error != nil:
		e.outcome, e.code, e.detail = rpcError, a.Error.Code, a.Error.Message
	case a.Result == nil || len(a.Result.Content) == 0:
		e.outcome, e.swapped, e.detail = result, true, "an answer without content"
	default:
		e.outcome = result
		got := a.Result.Content[0].Text
		if s := a.Result.Structured; s != nil && e.tool == "node" {
			got = s.Note
			node = s.Node
			l.see(sight{e.session, s.Node, s.PID, time.UnixMicro(s.At)})
		}
		e.swapped = got != e.arg
		if e.swapped {
			e.detail = fmt.Sprintf("got %.100q", got)
		}
	}
	return node
}

func call(id int64, tool string, arguments map[string]any) []byte {
	return encode(map[string]any{
		"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments},
	})
}

const revision = "2025-11-25"

func initialize(id int64) []byte {
	return encode(map[string]any{
		"jsonrpc": "2.0", "id": id, "method": "initialize", "params": map[string]any{
			"protocolVersion": revision, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "load", "version": "1"},
		},
	})
}

const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return text
}

// parseAnswers reads a body: one response, or events with one each.
func parseAnswers(contentType string, body []byte) ([]answer, error) {
	texts := [][]byte{body}
	if strings.HasPrefix(contentType, "text/event-stream") {
		texts = nil
		for line := range strings.Lines(string(body)) {
			if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:"); ok && strings.TrimSpace(data) != "" {
				texts = append(texts, []byte(data))
			}
		}
	}
	var all []answer
	for _, text := range texts {
		var a answer
		if err := json.Unmarshal(text, &a); err != nil {
			return nil, fmt.Errorf("not an answer: %.200q", text)
		}
		if a.ID != nil || a.Error != nil {
			all = append(all, a)
		}
	}
	return all, nil
}
