//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// setUp starts the handshake of a session that was to begin at due.
func (f *Fleet) setUp(s *session, due time.Duration) {
	s.state = sessionSettingUp
	s.due, s.began = due, f.clock
	f.pending++
	if f.opts.Transport == HTTP {
		if s.id != "" { // a session outlives its connections
			f.renewed(s)
			return
		}
		f.enqueue(post{kind: postInitialize, session: s})
		return
	}
	c, err := f.dial(s.target, roleDuplex)
	if err != nil {
		f.sessionBroke(s, ClassConnect, err.Error())
		return
	}
	c.session, s.conn = s, c
}

func (f *Fleet) initializeText() []byte {
	return []byte(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + f.opts.Revision +
		`","capabilities":{},"clientInfo":{"name":"erlmcp-load","version":"1"}}}`)
}

var initializedText = []byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)

// arrived takes a message of a WebSocket connection.
func (f *Fleet) arrived(c *conn, a answer) {
	switch {
	case c.stage == stageGreeting:
		if a.status != 101 {
			f.broke(c, ClassHandshake, fmt.Sprintf("status %d", a.status))
			return
		}
		c.stage = stageInitialize
		f.write(c, f.initializeText())
	case a.status == opPing:
		f.send(c, appendFrame(nil, opPong, a.text))
	case a.status == opPong:
	case c.stage == stageInitialize:
		if !initialized(a.text) {
			f.broke(c, ClassInitialize, fmt.Sprintf("%.200q", a.text))
			return
		}
		c.stage = stageReady
		s := c.session
		if s.again {
			f.load.Renewed++
		}
		f.write(c, initializedText)
		if c.stage == stageReady {
			f.makeReady(s)
		}
	default:
		f.answered(c.session, a.text, c)
	}
}

// initialized reports whether text is the result of initialize.
func initialized(text []byte) bool {
	return bytes.Contains(text, []byte(`"id":0`)) && bytes.Contains(text, []byte(`"result"`)) &&
		bytes.Contains(text, []byte(`"protocolVersion"`))
}

// write sends a text over WebSocket.
func (f *Fleet) write(c *conn, text []byte) {
	f.out = appendFrame(f.out[:0], opText, text)
	f.send(c, f.out)
}

// closeText is the code and the text of a close frame.
func closeText(payload []byte) string {
	if len(payload) < 2 {
		return "close frame without a code"
	}
	return strconv.Itoa(int(binary.BigEndian.Uint16(payload))) + " " + string(payload[2:])
}

// goodbye tells the server that a session ends.
func (f *Fleet) goodbye(s *session) {
	if f.opts.Transport == HTTP {
		f.enqueue(post{kind: postDelete, session: s, id: s.id})
		s.id = ""
		return
	}
	f.out = appendFrame(f.out[:0], opClose, []byte{0x03, 0xe8}) // 1000
	f.send(s.conn, f.out)
}

// renewed continues an HTTP session after its set-up or a break: its event stream, if it has one.
func (f *Fleet) renewed(s *session) {
	if !f.opts.Streams {
		f.makeReady(s)
		return
	}
	c, err := f.dial(s.target, roleStream)
	if err != nil {
		f.sessionBroke(s, ClassStream, err.Error())
		return
	}
	c.session, s.conn = s, c
}

func (f *Fleet) streamRequest(c *conn) []byte {
	t := f.targets[c.target]
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: %s\r\n\r\n",
		t.Path, t.Host, c.session.id, f.opts.Revision)
}

// streamHead takes the head of a GET stream when it is complete.
func (f *Fleet) streamHead(c *conn, in []byte) int {
	head, _, whole := bytes.Cut(in, []byte("\r\n\r\n"))
	if !whole {
		return 0
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		if bytes.HasPrefix(head, []byte("HTTP/1.1 404")) {
			c.session.id = ""
		}
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		f.broke(c, ClassStream, string(line))
		return len(in)
	}
	c.stage = stageReady
	f.makeReady(c.session)
	return len(in)
}
