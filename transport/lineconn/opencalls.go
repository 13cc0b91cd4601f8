package lineconn

import (
	"math"
	"sync"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// openCalls knows the requests that came and have no answer yet. A request that the peer cancels counts as
// answered, since there may be no answer (MCP 2025-11-25, basic/utilities/cancellation).
type openCalls struct {
	mu      sync.Mutex
	open    map[jsonrpc.ID]int // with that id; Null for texts that are answered without an id
	waiting chan struct{}      // not nil while somebody waits; closed when open is empty
}

func newOpenCalls() *openCalls { return &openCalls{open: map[jsonrpc.ID]int{}} }

// came takes note of a text from the peer.
func (o *openCalls) came(text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !jsonrpc.IsBatch(text) {
		o.add(jsonrpc.Scan(text, jsonrpc.Limits{}))
		return
	}
	entries, err := jsonrpc.ScanBatch(text, jsonrpc.Limits{}, 0)
	if err != nil {
		o.add(jsonrpc.Message{}, err)
	}
	for _, e := range entries {
		o.add(e.Message, e.Err)
	}
}

func (o *openCalls) add(m jsonrpc.Message, err *jsonrpc.Error) {
	switch {
	case err != nil && err.ID == "":
		o.open[jsonrpc.Null]++
	case err != nil:
		o.open[err.ID]++
	case m.Kind == jsonrpc.Request:
		o.open[m.ID]++
	case m.Method == "notifications/cancelled" && len(m.Params) > 0 && m.Params[0] == '{':
		for name, id := range jsonrpc.Fields(m.Params) {
			if name == "requestId" {
				delete(o.open, jsonrpc.ID(id))
			}
		}
	}
}

// trusted are the limits for texts of ours.
var trusted = jsonrpc.Limits{Depth: math.MaxInt32, IDBytes: math.MaxInt32, MethodBytes: math.MaxInt32, Members: math.MaxInt32}

// went takes note of a text that has been sent to the peer.
func (o *openCalls) went(text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if jsonrpc.IsBatch(text) {
		entries, _ := jsonrpc.ScanBatch(text, trusted, math.MaxInt)
		for _, e := range entries {
			o.remove(e.Message)
		}
	} else if m, err := jsonrpc.Scan(text, trusted); err == nil {
		o.remove(m)
	}
	if len(o.open) == 0 && o.waiting != nil {
		close(o.waiting)
		o.waiting = nil
	}
}

func (o *openCalls) remove(m jsonrpc.Message) {
	if m.Kind != jsonrpc.Result && m.Kind != jsonrpc.Failure {
		return
	}
	if o.open[m.ID]--; o.open[m.ID] <= 0 {
		delete(o.open, m.ID)
	}
}

// idle returns a channel that is closed once no request is open.
func (o *openCalls) idle() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	idle := make(chan struct{})
	if len(o.open) == 0 {
		close(idle)
		return idle
	}
	o.waiting = idle
	return idle
}
