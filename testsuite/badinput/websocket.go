package badinput

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// maxServerFrame bounds what the runner reads as one frame of the server.
const maxServerFrame = 64 << 20

// wsPeer is a WebSocket client that writes frames, right or wrong, by itself.
type wsPeer struct {
	o       *observation
	conn    net.Conn
	br      *bufio.Reader
	deflate bool // permessage-deflate was agreed

	writing sync.Mutex
	work    sync.WaitGroup
}

// upgradeHeader is the opening handshake without the request line and Host.
var upgradeHeader = [][2]string{
	{"Upgrade", "websocket"},
	{"Connection", "Upgrade"},
	{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
	{"Sec-WebSocket-Version", "13"},
}

// dialWS opens a WebSocket, with permessage-deflate offered where asked.
func dialWS(srv *Server, deflate bool) (*wsPeer, error) {
	conn, err := net.DialTimeout("tcp", srv.Host, patience)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	header := append([][2]string{{"Sec-WebSocket-Protocol", "mcp"}}, upgradeHeader...)
	if deflate {
		header = append(header, [2]string{"Sec-WebSocket-Extensions",
			"permessage-deflate; client_no_context_takeover; server_no_context_takeover"})
	}
	p := &wsPeer{o: newObservation(false), conn: conn, br: bufio.NewReader(conn)}
	if err := p.handshake(srv, header); err != nil {
		conn.Close()
		return nil, err
	}
	p.work.Go(p.read)
	return p, nil
}

func (p *wsPeer) handshake(srv *Server, header [][2]string) error {
	r := request{method: http.MethodGet, target: srv.Path, header: header}
	_ = p.conn.SetDeadline(time.Now().Add(patience)) // fails only on a connection that is gone
	if _, err := p.conn.Write(r.encode(srv.Host)); err != nil {
		return fmt.Errorf("badinput: upgrade: %v", err)
	}
	resp, err := http.ReadResponse(p.br, &http.Request{Method: http.MethodGet})
	if err != nil {
		return fmt.Errorf("badinput: upgrade: %v", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body.Close()
		return fmt.Errorf("badinput: upgrade: HTTP %d", resp.StatusCode)
	}
	p.deflate = strings.Contains(resp.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")
	_ = p.conn.SetDeadline(time.Time{}) // as above
	return nil
}

func (p *wsPeer) seen() *observation  { return p.o }
func (p *wsPeer) send(message []byte) { p.frame(true, opText, message) }

func (p *wsPeer) write(raw []byte) {
	p.writing.Lock()
	defer p.writing.Unlock()
	_, _ = p.conn.Write(raw) // a closed connection shows in the observation
}

// frame writes one masked frame.
func (p *wsPeer) frame(last bool, opcode byte, payload []byte) {
	p.write(maskedFrame(last, opcode, payload))
}

// fragments writes a text message in frames of at most size bytes.
func (p *wsPeer) fragments(message []byte, size int) {
	opcode := byte(opText)
	for len(message) > size {
		p.frame(false, opcode, message[:size])
		message, opcode = message[size:], opContinue
	}
	p.frame(true, opcode, message)
}

func (p *wsPeer) halfClose() { closeWrite(p.conn) }
func (p *wsPeer) reset()     { resetConn(p.conn) }

func (p *wsPeer) close() {
	p.conn.Close()
	p.work.Wait()
}

func maskedFrame(last bool, opcode byte, payload []byte) []byte {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	out := make([]byte, 0, len(payload)+14)
	if last {
		opcode |= 0x80
	}
	out = append(out, opcode)
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	out = append(out, key[:]...)
	for i, b := range payload {
		out = append(out, b^key[i%4])
	}
	return out
}

// serverFrame is one frame as read.
type serverFrame struct {
	last, compressed bool
	opcode           byte
	payload          []byte
}

func (p *wsPeer) readFrame() (serverFrame, error) {
	var head [8]byte
	if _, err := io.ReadFull(p.br, head[:2]); err != nil {
		return serverFrame{}, err
	}
	f := serverFrame{last: head[0]&0x80 != 0, compressed: head[0]&0x40 != 0, opcode: head[0] & 0x0f}
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		if _, err := io.ReadFull(p.br, head[:2]); err != nil {
			return f, err
		}
		n = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(p.br, head[:8]); err != nil {
			return f, err
		}
		n = binary.BigEndian.Uint64(head[:8])
	}
	if n > maxServerFrame {
		return f, fmt.Errorf("badinput: a frame of %d bytes", n)
	}
	f.payload = make([]byte, n)
	_, err := io.ReadFull(p.br, f.payload)
	return f, err
}

// read takes frames until the connection ends.
func (p *wsPeer) read() {
	var message []byte
	compressed := false
	for {
		f, err := p.readFrame()
		if err != nil {
			p.o.update(func() { p.o.closed = true })
			return
		}
		switch f.opcode {
		case opPing:
			// Apart, since a writer may hold the lock until the server reads on.
			p.work.Go(func() { p.frame(true, opPong, f.payload) })
		case opClose:
			p.takeClose(f.payload)
		case opText, opBinary, opContinue:
			compressed = compressed || f.compressed
			message = append(message, f.payload...)
			if f.last {
				p.take(message, compressed)
				message, compressed = nil, false
			}
		}
	}
}

func (p *wsPeer) takeClose(payload []byte) {
	code := 1005 // RFC 6455, section 7.1.5: no status code
	if len(payload) >= 2 {
		code = int(binary.BigEndian.Uint16(payload))
	}
	p.o.addText(payload[min(len(payload), 2):])
	p.o.update(func() { p.o.closeCode = code })
	p.work.Go(func() { p.frame(true, opClose, payload[:min(len(payload), 2)]) })
}

func (p *wsPeer) take(message []byte, compressed bool) {
	if compressed {
		// RFC 7692, section 7.2.2: the sender took off these four bytes.
		r := flate.NewReader(io.MultiReader(bytes.NewReader(message), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
		plain, err := io.ReadAll(io.LimitReader(r, maxServerFrame))
		if err != nil {
			plain = fmt.Appendf(plain, "badinput: inflate: %v", err)
		}
		message = plain
	}
	p.o.addText(message)
	p.o.addMessage(message)
}
