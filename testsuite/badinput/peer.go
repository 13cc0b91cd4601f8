package badinput

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// peer is one client of the server under test, over one transport. Write errors are not reported: a
// server may close at any time, which the observation then shows.
type peer interface {
	// send frames one JSON-RPC message as the transport does.
	send(message []byte)
	// write puts bytes on the wire as they are.
	write(raw []byte)
	// halfClose ends the sending side; reset ends the connection without a goodbye.
	halfClose()
	reset()
	// close releases everything and returns when no goroutine of the peer runs.
	close()
	// seen collects what the server says to this peer.
	seen() *observation
}

var (
	_ peer = (*httpPeer)(nil)
	_ peer = (*rawPeer)(nil)
	_ peer = (*wsPeer)(nil)
	_ peer = (*stdioPeer)(nil)
)

// patience is how long set-up and liveness may take; it is generous since machines are shared.
const patience = 10 * time.Second

const initializeText = `{"jsonrpc":"2.0","id":"setup","method":"initialize","params":` +
	`{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"badinput","version":"1"}}}`

const initializedText = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// initialize performs the handshake on a fresh peer.
func initialize(p peer) error {
	p.send([]byte(initializeText))
	r, err := await(p, `"setup"`)
	if err != nil {
		return fmt.Errorf("badinput: initialize: %w", err)
	}
	if r.code != nil {
		return fmt.Errorf("badinput: initialize: error %d", *r.code)
	}
	if h, ok := p.(*httpPeer); ok {
		h.keepSession()
	}
	p.send([]byte(initializedText))
	o := p.seen()
	if !o.wait(time.Now().Add(patience), func() bool { return o.pending == 0 }) {
		return fmt.Errorf("badinput: notifications/initialized: no answer")
	}
	return nil
}

// ping checks that a peer's server still answers.
func ping(p peer, id string) error {
	p.send(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%q,"method":"ping"}`, id))
	r, err := await(p, fmt.Sprintf("%q", id))
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	if r.code != nil {
		return fmt.Errorf("ping: error %d", *r.code)
	}
	return nil
}

// await returns the response with a raw id.
func await(p peer, id string) (reply, error) {
	var found reply
	o := p.seen()
	look := func() bool {
		for _, r := range o.replies {
			if r.id == id {
				found = r
				return true
			}
		}
		return false
	}
	o.wait(time.Now().Add(patience), func() bool {
		return look() || (o.exchanges && o.pending == 0) || (!o.exchanges && o.final())
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case look():
		return found, nil
	case len(o.answers) > 0 && o.exchanges:
		return found, fmt.Errorf("HTTP %d without a response", o.answers[len(o.answers)-1].status)
	case o.closed || o.exited:
		return found, fmt.Errorf("the server closed (close code %d)", o.closeCode)
	}
	return found, fmt.Errorf("no answer within %v", patience)
}

var idMember = regexp.MustCompile(`"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9.eE+]+)`)

// requestID finds the raw id of a message as sent, "" where none can be read.
func requestID(message []byte) string {
	var m struct {
		ID json.RawMessage `json:"id"`
	}
	if len(message) < 64<<10 && json.Unmarshal(message, &m) == nil {
		return string(m.ID)
	}
	if part := idMember.FindSubmatch(message[:min(len(message), 4096)]); part != nil {
		return string(part[1])
	}
	return ""
}
