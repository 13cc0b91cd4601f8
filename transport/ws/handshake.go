package ws

import (
	"bufio"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/erlmcp/erlmcp/transport"
)

const (
	subprotocol  = "mcp"
	keyBytes     = 16
	keyHeader    = "Sec-Websocket-Key"
	versionName  = "Sec-Websocket-Version"
	protocolName = "Sec-Websocket-Protocol"

	sessionName   = "Mcp-Session-Id"
	lastEventName = "Last-Event-Id"
)

// ServeHTTP answers a request for an upgrade. It refuses with 426 a request that asks for none or for
// another version of WebSocket than 13, with 400 a malformed one, with 503 one that comes while Serve does
// not run, and with the status of the reason what the Acceptor does not admit. What it does not accept gets that
// status, too, where the request has the header Mcp-Session-Id or Last-Event-ID; else the connection is closed.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r := s.current.Load()
	if r == nil || !r.conns.add() {
		refuse(w, &transport.Refusal{Reason: transport.ReasonShutdown})
		return
	}
	enrolled := false
	defer func() {
		if !enrolled {
			r.conns.done()
		}
	}()
	if status, text := judge(req); status != 0 {
		deny(w, status, text)
		return
	}
	if s.opts.AllowOrigin != nil && !s.opts.AllowOrigin(req) {
		refuse(w, &transport.Refusal{Reason: transport.ReasonForbidden})
		return
	}
	c := newConn(r, req)
	if err := r.acceptor.Admit(c.Info()); err != nil {
		refuse(w, refusalOf(err))
		return
	}
	early := c.mayReturn()
	if early {
		if refusal := c.ask(); refusal != nil {
			refuse(w, refusal)
			return
		}
	}
	h := &hijacker{ResponseWriter: w}
	if _, err := upgrader.Upgrade(h, req, c.answer()); err != nil {
		if early {
			c.lose()
		}
		return // it has answered, or the peer is gone
	}
	enrolled = true
	r.accept(c, h, early)
}

var upgrader = websocket.Upgrader{
	Subprotocols:    []string{subprotocol},
	ReadBufferSize:  1, // these are not used
	WriteBufferSize: 1,
	CheckOrigin:     func(*http.Request) bool { return true }, // Options.AllowOrigin has been asked
	Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
		deny(w, status, reason.Error())
	},
}

// judge checks what the Upgrader does not, or not strictly. Status 0 means that all is well.
func judge(req *http.Request) (status int, text string) {
	keys, versions := req.Header[keyHeader], req.Header[versionName]
	switch {
	case req.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "a WebSocket handshake is a GET request"
	case req.ProtoMajor != 1 || req.ProtoMinor < 1:
		return http.StatusBadRequest, "a WebSocket handshake needs HTTP/1.1"
	case !websocket.IsWebSocketUpgrade(req):
		return http.StatusUpgradeRequired, "this is a WebSocket endpoint"
	case len(versions) != 1 || versions[0] != "13":
		return http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13"
	case len(keys) != 1:
		return http.StatusBadRequest, "exactly one Sec-WebSocket-Key is needed"
	case req.ContentLength != 0:
		return http.StatusBadRequest, "a WebSocket handshake has no body"
	}
	if key, err := base64.StdEncoding.Strict().DecodeString(keys[0]); err != nil || len(key) != keyBytes {
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64"
	}
	if offers := req.Header[protocolName]; len(offers) > 1 {
		req.Header[protocolName] = []string{strings.Join(offers, ",")} // the Upgrader reads the first only
	}
	return 0, ""
}

// deny answers a request that breaks a rule of the handshake.
func deny(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Sec-WebSocket-Version", "13")
	switch status {
	case http.StatusUpgradeRequired:
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	}
	http.Error(w, text, status)
}

// refuse answers a request that is not served.
func refuse(w http.ResponseWriter, r *transport.Refusal) {
	if r.Reason.Retry() {
		w.Header().Set("Retry-After", strconv.Itoa(int(transport.RetryAfter.Seconds())))
	}
	if len(r.Text) == 0 {
		http.Error(w, r.Reason.String(), r.Reason.HTTPStatus())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Reason.HTTPStatus())
	_, _ = w.Write(r.Text) // the peer may be gone
}

func refusalOf(err error) *transport.Refusal {
	if r, ok := errors.AsType[*transport.Refusal](err); ok {
		return r
	}
	return &transport.Refusal{Reason: transport.ReasonInternal}
}

func newConn(r *run, req *http.Request) *conn {
	c := &conn{run: r, heard: r.now()}
	c.remote, _ = netip.ParseAddrPort(req.RemoteAddr) // empty for sockets without an address
	m := meta{
		session: req.Header.Get(sessionName), protocol: req.Header.Get("MCP-Protocol-Version"),
		lastEvent: req.Header.Get(lastEventName),
	}
	if m != (meta{}) {
		c.meta = &m
	}
	return c
}

// hijacker lets the Upgrader have the connection and keeps it, with what the peer has sent ahead, for us.
type hijacker struct {
	http.ResponseWriter
	net   net.Conn
	early []byte
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	n, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if size := rw.Reader.Buffered(); size > 0 {
		ahead, _ := rw.Reader.Peek(size) // size bytes are there
		h.early = append([]byte(nil), ahead...)
	}
	h.net = n
	return n, bufio.NewReadWriter(bufio.NewReaderSize(n, 16), rw.Writer), nil
}

// accept takes c, whose handshake is done, to its medium and, unless it has been there before, to the acceptor.
func (r *run) accept(c *conn, h *hijacker, early bool) {
	tcp, ok := h.net.(*net.TCPConn)
	parked := ok && r.loop != nil
	if parked {
		r.loop.Prepare(&c.desc, c)
		tcp.SetKeepAlive(false) // heartbeats do it; probes of a million sockets come in bursts
	}
	switch {
	case early:
		c.adopt(h.net, parked)
	case !parked:
		c.port = newPort(c, h.net, r.limits)
	}
	r.enrol(c)
	if !early {
		c.introduce()
	}
	if len(h.early) > 0 {
		t := turns.Get().(*turn)
		c.take(t, h.early)
		turns.Put(t)
	}
	if !parked {
		r.tasks.run(c.port.serve)
		return
	}
	if err := c.desc.Attach(h.net, nil); err != nil {
		c.Closed(&c.desc, err)
	}
}

// introduce asks the acceptor for the receiver of c, or begins its end.
func (c *conn) introduce() {
	c.medium().SetTimer(c.run.limits.PingInterval) // before Accept, which may close c
	refusal := c.ask()
	if refusal == nil {
		return
	}
	if len(refusal.Text) > 0 {
		_ = c.Write(transport.Frame{Text: refusal.Text}) // the close frame tells why, too
	}
	c.Close(refusal.Reason)
}

// ask asks the acceptor for the receiver of c.
func (c *conn) ask() (refusal *transport.Refusal) {
	defer func() {
		if fault := recover(); fault != nil {
			c.run.panicked("acceptor", fault)
			refusal = &transport.Refusal{Reason: transport.ReasonInternal}
		}
	}()
	recv, err := c.run.acceptor.Accept(c)
	if err != nil {
		return refusalOf(err)
	}
	c.recv = recv
	return nil
}
