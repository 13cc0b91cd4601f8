package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// answer is one complete message from the server. text is empty for a bare acknowledgement.
type answer struct {
	status  int    // HTTP status; of a WebSocket control frame its opcode, else 0
	session string // Mcp-Session-Id header, if any
	text    []byte // aliases the input
}

// wire turns texts into bytes and back. decode returns n == 0 while the message is incomplete.
type wire interface {
	// greeting is what a connection sends first; nil if nothing.
	greeting() []byte
	encode(dst, text []byte, session string) []byte
	decode(in []byte) (a answer, n int, err error)
}

// errClosedByServer says that the server sent a WebSocket close frame.
var errClosedByServer = errors.New("load: closed by the server")

// httpWire is MCP over Streamable HTTP: one POST a message.
type httpWire struct {
	host, path, revision string
}

func (httpWire) greeting() []byte { return nil }

func (w httpWire) encode(dst, text []byte, session string) []byte {
	dst = append(dst, "POST "...)
	dst = append(dst, w.path...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, w.host...)
	dst = append(dst, "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"...)
	if session != "" {
		dst = append(dst, "Mcp-Session-Id: "...)
		dst = append(dst, session...)
		dst = append(dst, "\r\nMCP-Protocol-Version: "...)
		dst = append(dst, w.revision...)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, text...)
}

func (httpWire) decode(in []byte) (answer, int, error) {
	return decodeResponse(in)
}

// decodeResponse reads one HTTP/1.1 response. The text of an event stream is the data of its last event
// that has data.
func decodeResponse(in []byte) (answer, int, error) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return answer{}, 0, nil
	}
	head := in[:end]
	if len(head) < 12 || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return answer{}, 0, fmt.Errorf("load: not an HTTP response: %.40q", head)
	}
	status, err := strconv.Atoi(string(head[9:12]))
	if err != nil {
		return answer{}, 0, fmt.Errorf("load: bad status in %.40q", head)
	}
	a := answer{status: status, session: header(head, "mcp-session-id")}
	at := end + 4
	if status == 101 {
		return a, at, nil
	}
	var body []byte
	if header(head, "transfer-encoding") == "chunked" {
		var n int
		if body, n, err = dechunk(in[at:]); n == 0 || err != nil {
			return answer{}, 0, err
		}
		at += n
	} else {
		length, _ := strconv.Atoi(header(head, "content-length"))
		if len(in) < at+length {
			return answer{}, 0, nil
		}
		body = in[at : at+length]
		at += length
	}
	a.text = body
	if header(head, "content-type") == "text/event-stream" {
		a.text = lastEvent(body)
	}
	return a, at, nil
}

// header returns the value of a header; name in lower case.
func header(head []byte, name string) string {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return string(bytes.TrimSpace(line[len(name)+1:]))
		}
	}
	return ""
}

// dechunk reads a chunked body; n == 0 while it is incomplete.
func dechunk(in []byte) (body []byte, n int, err error) {
	at := 0
	for {
		eol := bytes.Index(in[at:], []byte("\r\n"))
		if eol < 0 {
			return nil, 0, nil
		}
		size, err := strconv.ParseUint(string(in[at:at+eol]), 16, 31)
		if err != nil {
			return nil, 0, fmt.Errorf("load: bad chunk size %.20q", in[at:at+eol])
		}
		at += eol + 2
		if len(in) < at+int(size)+2 {
			return nil, 0, nil
		}
		if size == 0 {
			return body, at + 2, nil
		}
		body = append(body, in[at:at+int(size)]...)
		at += int(size) + 2
	}
}

func lastEvent(stream []byte) []byte {
	var last []byte
	for line := range bytes.SplitSeq(stream, []byte("\n")) {
		if data, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r"), []byte("data:")); ok {
			if data = bytes.TrimSpace(data); len(data) > 0 {
				last = data
			}
		}
	}
	return last
}

// wsWire is MCP over WebSocket: one text frame a message. The masking key is zero, which RFC 6455 allows
// on the wire and which costs the generator nothing.
type wsWire struct{ host, path string }

func (w wsWire) greeting() []byte {
	return []byte("GET " + w.path + " HTTP/1.1\r\nHost: " + w.host +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13" +
		"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mcp\r\n\r\n")
}

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

func (wsWire) encode(dst, text []byte, _ string) []byte { return appendFrame(dst, opText, text) }

func appendFrame(dst []byte, op byte, text []byte) []byte {
	dst = append(dst, 0x80|op)
	switch {
	case len(text) < 126:
		dst = append(dst, 0x80|byte(len(text)))
	case len(text) < 1<<16:
		dst = append(dst, 0x80|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(text)))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(text)))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, text...)
}

func (wsWire) decode(in []byte) (answer, int, error) {
	op, payload, n := decodeFrame(in)
	if n == 0 {
		return answer{}, 0, nil
	}
	switch op {
	case opText:
		return answer{text: payload}, n, nil
	case opClose:
		return answer{text: payload}, n, errClosedByServer
	default:
		return answer{status: int(op), text: payload}, n, nil
	}
}

// decodeFrame reads one whole unmasked frame; n == 0 while it is incomplete.
func decodeFrame(in []byte) (op byte, payload []byte, n int) {
	if len(in) < 2 {
		return 0, nil, 0
	}
	at, length := 2, uint64(in[1]&0x7f)
	switch length {
	case 126:
		if len(in) < 4 {
			return 0, nil, 0
		}
		at, length = 4, uint64(binary.BigEndian.Uint16(in[2:]))
	case 127:
		if len(in) < 10 {
			return 0, nil, 0
		}
		at, length = 10, binary.BigEndian.Uint64(in[2:])
	}
	if uint64(len(in)-at) < length {
		return 0, nil, 0
	}
	end := at + int(length)
	return in[0] & 0x0f, in[at:end], end
}
