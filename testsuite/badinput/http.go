package badinput

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// httpPeer speaks Streamable HTTP with requests of its own making: each goes over a connection of its own,
// exactly as the case writes it.
type httpPeer struct {
	srv     *Server
	o       *observation
	session string // value of Mcp-Session-Id, "" if none

	mu    sync.Mutex
	conns []net.Conn
	work  sync.WaitGroup
}

// request is one HTTP request; header lines are written in order.
type request struct {
	method, target string
	header         [][2]string
	body           []byte
}

func newHTTPPeer(srv *Server) *httpPeer {
	return &httpPeer{srv: srv, o: newObservation(true)}
}

func (p *httpPeer) seen() *observation { return p.o }

// send posts one message and waits a moment for its answer, so that the order of messages is the order
// of the case, while a slow answer does not hold the next one up.
func (p *httpPeer) send(message []byte) {
	done := p.start(request{method: http.MethodPost, target: p.srv.Path, header: p.header(nil, nil), body: message})
	select {
	case <-done:
	case <-time.After(250 * time.Millisecond):
	}
}

func (p *httpPeer) write(raw []byte) { p.send(raw) }
func (p *httpPeer) halfClose()       {}
func (p *httpPeer) reset()           { p.closeConns() }

func (p *httpPeer) close() {
	p.closeConns()
	p.work.Wait()
}

func (p *httpPeer) closeConns() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
}

// keepSession takes the session id from the last answer.
func (p *httpPeer) keepSession() {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	if n := len(p.o.answers); n > 0 {
		p.session = p.o.answers[n-1].header.Get("Mcp-Session-Id")
	}
}

// header is the default header with a case's changes.
func (p *httpPeer) header(set map[string]string, without []string) [][2]string {
	base := [][2]string{{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}}
	if p.session != "" {
		base = append(base, [2]string{"Mcp-Session-Id", p.session})
	}
	var out [][2]string
	for _, h := range base {
		if !hasFold(without, h[0]) && !hasKeyFold(set, h[0]) {
			out = append(out, h)
		}
	}
	for name, value := range set {
		out = append(out, [2]string{name, value})
	}
	return out
}

func hasFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func hasKeyFold(set map[string]string, name string) bool {
	for n := range set {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// start sends a request; the channel closes when its response has ended.
func (p *httpPeer) start(r request) <-chan struct{} {
	done := make(chan struct{})
	p.o.update(func() { p.o.pending++ })
	p.work.Go(func() {
		defer close(done)
		err := p.exchange(r)
		p.o.update(func() {
			p.o.pending--
			p.o.closed = p.o.closed || err != nil
		})
	})
	return done
}

func (p *httpPeer) exchange(r request) error {
	conn, err := net.DialTimeout("tcp", p.srv.Host, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	p.mu.Lock()
	p.conns = append(p.conns, conn)
	p.mu.Unlock()
	// The server may answer before it has read all; then the write fails and the answer counts.
	p.work.Go(func() { _, _ = conn.Write(r.encode(p.srv.Host)) })
	return readResponse(bufio.NewReader(conn), r.method, p.o)
}

func (r *request) encode(host string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.method, r.target)
	hasHost := false
	for _, h := range r.header {
		hasHost = hasHost || strings.EqualFold(h[0], "Host")
	}
	if !hasHost {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	for _, h := range r.header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if len(r.body) > 0 || r.method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	b.WriteString("\r\n")
	b.Write(r.body)
	return b.Bytes()
}

// errUpgraded says that what follows a response is no HTTP.
var errUpgraded = errors.New("badinput: the protocol was switched")

// readResponse reads one response, interim ones aside, into the observation.
func readResponse(br *bufio.Reader, method string, o *observation) error {
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return err
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		o.update(func() {
			o.answers = append(o.answers, answer{status: resp.StatusCode, header: resp.Header})
			for name, values := range resp.Header {
				o.keep([]byte(name + ": " + strings.Join(values, ", ") + "\n"))
			}
		})
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return errUpgraded
		}
		readBody(resp, o)
		return resp.Body.Close()
	}
}

// readBody reads the messages of a response's body: one JSON text, or the data of events.
func readBody(resp *http.Response, o *observation) {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "text/event-stream" {
		readEvents(resp.Body, o)
		return
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, keepBytes)) // what came before an error counts
	o.addText(text)
	o.addMessage(text)
}

func readEvents(r io.Reader, o *observation) {
	br := bufio.NewReader(r)
	var data []byte
	for {
		line, err := br.ReadBytes('\n')
		o.addText(line)
		line = bytes.TrimRight(line, "\r\n")
		if rest, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(data, bytes.TrimPrefix(rest, []byte(" "))...)
		}
		if len(line) == 0 && len(data) > 0 {
			o.update(func() {
				if o.events++; o.events == 1 {
					o.firstEvent = string(data)
				}
			})
			o.addMessage(data)
			data = nil
		}
		if err != nil {
			return
		}
	}
}

// rawPeer is a TCP connection to the HTTP port; whatever comes back is read as HTTP responses.
type rawPeer struct {
	o    *observation
	conn net.Conn
	work sync.WaitGroup
}

func newRawPeer(srv *Server) (*rawPeer, error) {
	conn, err := net.DialTimeout("tcp", srv.Host, patience)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	p := &rawPeer{o: newObservation(false), conn: conn}
	p.work.Go(p.read)
	return p, nil
}

func (p *rawPeer) read() {
	br := bufio.NewReader(p.conn)
	for {
		err := readResponse(br, http.MethodPost, p.o)
		if errors.Is(err, errUpgraded) {
			_, err = io.Copy(io.Discard, br)
			err = cmp.Or(err, io.EOF)
		}
		if err != nil {
			p.o.update(func() { p.o.closed = true })
			return
		}
	}
}

func (p *rawPeer) seen() *observation  { return p.o }
func (p *rawPeer) send(message []byte) { p.write(message) }

func (p *rawPeer) write(raw []byte) {
	_, _ = p.conn.Write(raw) // a closed connection shows in the observation
}

func (p *rawPeer) halfClose() { closeWrite(p.conn) }
func (p *rawPeer) reset()     { resetConn(p.conn) }

func (p *rawPeer) close() {
	p.conn.Close()
	p.work.Wait()
}

func closeWrite(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.CloseWrite() // fails only on a connection that is gone
	}
}

func resetConn(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // fails only on a connection that is gone
	}
	c.Close()
}
