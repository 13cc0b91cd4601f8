package badinput

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// keepBytes bounds what an observation keeps of the raw text of a server.
const keepBytes = 8 << 20

// answer is one HTTP response.
type answer struct {
	status int
	header http.Header
}

// observation collects what a server says while a case runs. Transports write it, judges read it.
type observation struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change

	replies []reply
	answers []answer
	text    bytes.Buffer // what the server sent, at most keepBytes
	largest int          // bytes of the largest message
	events  int          // event-stream events

	firstEvent string   // data of the first of them
	sessions   []string // session ids that were collected

	exchanges bool // the transport is one of requests and responses
	pending   int  // exchanges without a complete response
	closed    bool // by the server
	closeCode int  // of a WebSocket close frame, 0 if none
	tlsAlert  bool // the server ended the TLS handshake
	grpcError bool // a call ended with a status other than OK

	evaluations []evaluation

	exited         bool
	exit           int
	background     bool // the process has left a node behind that answers
	stdout, stderr bytes.Buffer
}

func newObservation(exchanges bool) *observation {
	return &observation{changed: make(chan struct{}), exchanges: exchanges}
}

// update changes the observation and wakes who waits for it.
func (o *observation) update(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
	close(o.changed)
	o.changed = make(chan struct{})
}

// addText keeps raw bytes for the checks of what must never be said.
func (o *observation) addText(p []byte) {
	o.update(func() { o.keep(p) })
}

func (o *observation) keep(p []byte) {
	if room := keepBytes - o.text.Len(); room > 0 {
		o.text.Write(p[:min(len(p), room)])
	}
}

// addMessage parses one JSON text of the server: a response, a batch of them, or something else.
func (o *observation) addMessage(text []byte) {
	r, ok := parseReply(text)
	o.update(func() {
		o.largest = max(o.largest, len(text))
		if ok {
			o.replies = append(o.replies, r)
		}
	})
}

// wait returns when test holds or the deadline passes, and says whether it held. test runs under the lock.
func (o *observation) wait(deadline time.Time, test func() bool) bool {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		o.mu.Lock()
		ok, changed := test(), o.changed
		o.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			o.mu.Lock()
			defer o.mu.Unlock()
			return test()
		}
	}
}

// final says that the server can add nothing more. The caller holds the lock.
func (o *observation) final() bool {
	return o.closed || o.exited || (o.exchanges && o.pending == 0 && len(o.answers) > 0)
}

// ended is final for callers without the lock.
func (o *observation) ended() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.final()
}

// answeredWell says whether an HTTP request had an answer of success.
func (o *observation) answeredWell() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.answers {
		if a.status/100 == 2 {
			return true
		}
	}
	return false
}

// reset forgets the set-up, so that only the case itself is judged.
func (o *observation) reset() {
	o.update(func() {
		o.replies, o.answers = nil, nil
		o.text.Reset()
		o.largest, o.events = 0, 0
	})
}

// reply is a JSON-RPC response, or a batch of them.
type reply struct {
	id     string // raw JSON, "" if absent
	code   *int   // of an error
	data   json.RawMessage
	result json.RawMessage
	batch  []reply
	isList bool
}

// parseReply reads a response; requests and notifications of the server and other texts are none.
func parseReply(text []byte) (reply, bool) {
	text = bytes.TrimSpace(text)
	if len(text) > 0 && text[0] == '[' {
		var items []json.RawMessage
		if json.Unmarshal(text, &items) != nil {
			return reply{}, false
		}
		r := reply{isList: true}
		for _, item := range items {
			if one, ok := parseReply(item); ok {
				r.batch = append(r.batch, one)
			}
		}
		return r, len(r.batch) > 0
	}
	var m struct {
		Method *string         `json:"method"`
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Code int             `json:"code"`
			Data json.RawMessage `json:"data"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &m) != nil || m.Method != nil || (m.Result == nil && m.Error == nil) {
		return reply{}, false
	}
	r := reply{id: string(bytes.TrimSpace(m.ID)), result: m.Result}
	if m.Error != nil {
		r.code, r.data = &m.Error.Code, m.Error.Data
	}
	return r, true
}

// isToolError says whether a result carries the error flag of a tool.
func (r reply) isToolError() bool {
	var v struct {
		IsError bool `json:"isError"`
	}
	return r.result != nil && json.Unmarshal(r.result, &v) == nil && v.IsError
}

// ran says whether a result is the content of a tool that ran.
func (r reply) ran() bool {
	var v struct {
		Content []json.RawMessage `json:"content"`
	}
	return r.result != nil && !r.isToolError() && json.Unmarshal(r.result, &v) == nil && len(v.Content) > 0
}

// texts joins all strings of a result, decoded.
func (r reply) texts() string {
	var v any
	if json.Unmarshal(r.result, &v) != nil {
		return ""
	}
	var out strings.Builder
	collectStrings(v, &out)
	return out.String()
}

func collectStrings(v any, out *strings.Builder) {
	switch v := v.(type) {
	case string:
		out.WriteString(v)
		out.WriteByte('\n')
	case []any:
		for _, item := range v {
			collectStrings(item, out)
		}
	case map[string]any:
		for _, item := range v {
			collectStrings(item, out)
		}
	}
}
