package badinput

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// setUp brings the peer into the state the case starts from.
func (pl *play) setUp() error {
	var err error
	if pl.p, err = pl.dial(); err != nil {
		return err
	}
	if pl.c.Setup == "session" || strings.HasPrefix(pl.c.Setup, "ws-session") {
		if err := pl.initialize(); err != nil {
			pl.p.close()
			return err
		}
	}
	host, port := "", ""
	if pl.srv != nil {
		host = pl.srv.Host
		_, port, _ = net.SplitHostPort(host)
	}
	pl.vars = &vars{session: pl.lazySession(), values: map[string]string{
		"HOST": host, "PORT": port, "MCP": "/mcp", "WS_PATH": "/mcp", "AUTH_HEADER": "", "TOKEN": "", "TOKEN_B": "",
		"CANARY_PORT": strconv.Itoa(pl.canary.port()), "I": "0",
	}}
	if pl.srv != nil {
		if pl.cluster != nil {
			pl.vars.values["SELF_NODE"], pl.vars.values["LIVE_NODE"] = pl.cluster.name(1), pl.cluster.name(1)
		}
		pl.vars.values["MCP"], pl.vars.values["WS_PATH"], pl.vars.values["COOKIE"] = pl.srv.Path, pl.srv.Path, pl.srv.cookie
	}
	return nil
}

// initialize makes a session where the peer's transport has one.
func (pl *play) initialize() error {
	switch pl.p.(type) {
	case *rawPeer:
		return nil // its session, if the bytes name one, is made by lazySession
	default:
		if err := initialize(pl.p); err != nil {
			return err
		}
		pl.p.seen().reset()
		return nil
	}
}

// lazySession returns the id of the case's session; a raw connection gets one made beside it.
func (pl *play) lazySession() func() (string, error) {
	var once sync.Once
	var id string
	var err error
	return func() (string, error) {
		once.Do(func() {
			if h, ok := pl.p.(*httpPeer); ok && h.session != "" {
				id = h.session
				return
			}
			h := newHTTPPeer(pl.srv)
			pl.aside = append(pl.aside, h)
			err = initialize(h)
			id = h.session
		})
		return id, err
	}
}

// dial opens the peer of the case's transport.
func (pl *play) dial() (peer, error) {
	if strings.HasPrefix(pl.transport, clusterTransport) {
		return dialCluster(pl.srv)
	}
	switch pl.transport {
	case "http":
		return newHTTPPeer(pl.srv), nil
	case "http-raw", "ws-upgrade":
		return newRawPeer(pl.srv)
	case "ws", "ws-raw":
		return dialWS(pl.srv, pl.c.Setup == "ws-session-deflate")
	case "stdio":
		return pl.Daemon.dialStdio()
	case evalTransport:
		return evalPeer{newObservation(false)}, nil
	}
	return nil, fmt.Errorf("badinput: transport %s", pl.transport)
}

//lint:dispatch-table
func (pl *play) perform(s *step) error {
	switch s.Kind {
	case "message":
		all, err := s.Body.messages(pl.vars)
		for _, m := range all {
			pl.note(m)
			pl.p.send(m)
		}
		return err
	case "http":
		return pl.http(s)
	case "raw":
		text, err := s.Body.bytes(pl.vars)
		if pl.transport == "http-raw" || pl.transport == "stdio" {
			pl.note(text)
		}
		pl.p.write(text)
		return err
	case "ws-text", "ws-fragments":
		return pl.webSocket(s)
	case "drip":
		return pl.drip(s)
	case "wait":
		time.Sleep(time.Duration(s.MS) * time.Millisecond)
	case "half-close":
		pl.p.halfClose()
	case "reset":
		pl.p.reset()
	case "repeat-http":
		return pl.repeatHTTP(s)
	case "repeat":
		return pl.repeat(s)
	case "initialize-flood", "collect-session-ids":
		pl.manySessions(s.times())
	case "connect-hold":
		pl.connectHold(s)
	case evalTransport:
		return pl.eval(s)
	case "handshake":
		return pl.handshake(s)
	case "gossip":
		return pl.gossip(s)
	case "grpc":
		return pl.grpc(s)
	case "tls":
		return pl.tls(s)
	default:
		return fmt.Errorf("badinput: step %s on transport %s", s.Kind, pl.transport)
	}
	return nil
}

// note remembers what the input asks for.
func (pl *play) note(message []byte) {
	if id := requestID(message); id != "" && id != "null" {
		pl.own = append(pl.own, id)
	}
	if strings.Contains(strings.Join(pl.c.Expect.Never, " "), "effect:file") {
		pl.files = append(pl.files, filesNamed(message)...)
	}
}

func (pl *play) http(s *step) error {
	text, err := s.Body.bytes(pl.vars)
	if err != nil {
		return err
	}
	set := map[string]string{}
	for name, value := range s.Headers {
		set[name] = pl.vars.expand(value)
	}
	target := pl.vars.expand(s.Path)
	if err := pl.vars.err(); err != nil {
		return err
	}
	pl.note(text)
	pl.admin = pl.admin || strings.Contains(target, "admin")
	if pl.transport == "ws-upgrade" {
		r := request{method: "GET", target: target, header: upgradeHeader}
		for name, value := range set {
			r.header = append(slices.Clip(r.header), [2]string{name, value})
		}
		pl.p.write(r.encode(pl.srv.Host))
		return nil
	}
	h, ok := pl.p.(*httpPeer)
	if !ok {
		return fmt.Errorf("badinput: step http on transport %s", pl.transport)
	}
	if h.srv, ok = pl.node(s); !ok {
		return fmt.Errorf("badinput: no node %s", s.Node)
	}
	done := h.start(request{method: s.Method, target: target, header: h.header(set, s.WithoutHeaders), body: text})
	select {
	case <-done:
	case <-time.After(250 * time.Millisecond):
	}
	return nil
}

// node is the server that a step is for: of a cluster the one that it names, counted from 1.
func (pl *play) node(s *step) (*Server, bool) {
	if len(s.Node) == 0 {
		return pl.srv, true
	}
	var n int
	if json.Unmarshal(s.Node, &n) != nil || pl.cluster == nil || n < 1 || n > len(pl.cluster.nodes) {
		return nil, false
	}
	return pl.cluster.nodes[n-1], true
}

// times is how often a repeating step acts.
func (s *step) times() int { return int(max(s.N, s.Times)) }

// repeat performs the steps inside, or sends the body, many times.
func (pl *play) repeat(s *step) error {
	inner := s.Steps
	if s.Step != nil {
		inner = append(slices.Clip(inner), *s.Step)
	}
	if len(inner) == 0 {
		one := *s
		one.Kind = "message"
		if strings.HasSuffix(pl.transport, "-raw") {
			one.Kind = "raw"
		}
		inner = []step{one}
	}
	for i := range s.times() {
		pl.vars.values["I"] = strconv.Itoa(i)
		for j := range inner {
			if err := pl.perform(&inner[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (pl *play) repeatHTTP(s *step) error {
	for i := range s.times() {
		pl.vars.values["I"] = strconv.Itoa(i)
		if err := pl.http(s); err != nil {
			return err
		}
	}
	return nil
}

// manySessions opens sessions over HTTP, one after another, keeps their ids, and leaves them.
func (pl *play) manySessions(n int) {
	h := newHTTPPeer(pl.srv)
	pl.aside = append(pl.aside, h)
	for range n {
		<-h.start(request{method: "POST", target: pl.srv.Path, header: h.header(nil, nil), body: []byte(initializeText)})
	}
	h.o.mu.Lock()
	answers := h.o.answers
	h.o.mu.Unlock()
	pl.p.seen().update(func() {
		o := pl.p.seen()
		o.answers = append(o.answers, answers...)
		for _, a := range answers {
			o.sessions = append(o.sessions, a.header.Get("Mcp-Session-Id"))
		}
	})
}

func (pl *play) connectHold(s *step) {
	for range s.times() {
		if c, err := net.DialTimeout("tcp", pl.srv.Host, patience); err == nil {
			defer c.Close()
		}
	}
	time.Sleep(time.Duration(s.MS) * time.Millisecond)
}

func (pl *play) webSocket(s *step) error {
	w, ok := pl.p.(*wsPeer)
	if !ok {
		return fmt.Errorf("badinput: step %s on transport %s", s.Kind, pl.transport)
	}
	text, err := s.Body.bytes(pl.vars)
	if err != nil {
		return err
	}
	pl.note(text)
	if s.Kind == "ws-text" {
		w.send(text)
	} else {
		w.fragments(text, max(s.Fragment, 1))
	}
	return nil
}

// drip writes a byte at a time until all is written, max_ms have passed or the server has said its word.
func (pl *play) drip(s *step) error {
	text, err := s.Body.bytes(pl.vars)
	if err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(s.MaxMS) * time.Millisecond)
	o := pl.p.seen()
	for i := range text {
		if s.MaxMS > 0 && time.Now().After(end) {
			return nil
		}
		pl.p.write(text[i : i+1])
		if o.wait(time.Now().Add(time.Duration(s.MS)*time.Millisecond), func() bool { return o.closed || len(o.answers) > 0 }) {
			return nil
		}
	}
	return nil
}

// liveness pings as the case asks and says what does not answer.
func (pl *play) liveness() []string {
	kind := pl.c.After.Liveness
	if kind == "none" || kind == "" {
		return nil
	}
	if kind == "cluster" {
		if err := pl.cluster.awaitWhole(patience); err != nil {
			return []string{"cluster: " + err.Error()}
		}
		if leak := pl.cluster.leaked(); leak != "" {
			return []string{leak}
		}
		return nil
	}
	var same error
	if kind != "new-connection" {
		same = pl.pingSame()
		if same == nil {
			return nil
		}
		if kind == "same-connection" {
			return []string{"same connection: " + same.Error()}
		}
	}
	if err := pl.pingNew(); err != nil {
		return []string{"new connection: " + err.Error()}
	}
	return nil
}

func (pl *play) pingSame() error {
	switch p := pl.p.(type) {
	case *rawPeer:
		return fmt.Errorf("no session on a raw connection")
	case *httpPeer:
		if p.session == "" {
			return fmt.Errorf("no session")
		}
		return ping(p, "liveness")
	default:
		if p.seen().ended() {
			return fmt.Errorf("the server closed")
		}
		return ping(p, "liveness")
	}
}

// pingNew opens a fresh session over the transport that the case's own one stands for.
func (pl *play) pingNew() error {
	var p peer
	var err error
	switch pl.transport {
	case "ws", "ws-raw":
		p, err = dialWS(pl.srv, false)
	case "stdio":
		p, err = pl.Daemon.dialStdio()
	default:
		p = newHTTPPeer(pl.srv)
	}
	if err != nil {
		return err
	}
	defer p.close()
	if err := initialize(p); err != nil {
		return err
	}
	return ping(p, "liveness")
}
