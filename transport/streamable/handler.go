package streamable

import (
	"net/http"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// name is the metric label of this transport.
const name = "http"

// ServeHTTP applies the rules that hold for each request and picks the handler of its method. Paths are
// compared exactly: nothing is cleaned or redirected.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.work.add()
	defer s.work.done()
	if s.leaving.Load() {
		w.Header()["Connection"] = closeConn
	}
	if c := socketOf(r.Context()); c != nil && c.surplus {
		s.refuse(w, refusedSocket)
		return
	}
	path := r.URL.Path
	if path != s.options.Path && path != s.upgrades {
		s.serveRoute(w, r)
		return
	}
	switch {
	case !s.guard.allowsHost(r.Host):
		s.refuse(w, refusedHost)
		return
	case !s.guard.allowsOrigin(r.Header):
		s.refuse(w, refusedOrigin)
		return
	}
	if s.options.WebSocket != nil && (path == s.upgrades || upgradesToWebSocket(r)) {
		s.options.WebSocket.ServeHTTP(upgrade{w}, r)
		return
	}
	if path == s.upgrades {
		http.NotFound(w, r)
		return
	}
	allowCrossOrigin(w.Header(), r.Header)
	switch r.Method {
	case http.MethodPost:
		s.post(w, r)
	case http.MethodGet:
		s.get(w, r)
	case http.MethodDelete:
		s.delete(w, r)
	case http.MethodOptions:
		preflight(w.Header(), r.Header)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.refuse(w, refusedMethod)
	}
}

// serveRoute serves the paths besides the endpoint. A local listener protects them from web pages, too;
// elsewhere a prober may use any name for the host.
func (s *server) serveRoute(w http.ResponseWriter, r *http.Request) {
	h := s.options.Routes[r.URL.Path]
	switch {
	case h == nil:
		http.NotFound(w, r)
	case s.guard.local && !s.guard.allowsHost(r.Host):
		s.refuse(w, refusedHost)
	case !s.guard.allowsOrigin(r.Header):
		s.refuse(w, refusedOrigin)
	default:
		h.ServeHTTP(w, r)
	}
}

// info reads what a request says about itself.
func (s *server) info(r *http.Request, mode transport.Mode) (transport.Info, *refusal) {
	i := transport.Info{Transport: name, Mode: mode, Remote: r.RemoteAddr}
	if v := r.Header["Mcp-Session-Id"]; len(v) == 1 {
		i.Session = v[0]
	} else if len(v) > 1 {
		return i, refusedSession
	}
	if v := r.Header["Mcp-Protocol-Version"]; len(v) > 0 {
		i.Protocol = v[0]
		if s.options.SupportsProtocol != nil && (len(v) > 1 || !s.options.SupportsProtocol(v[0])) {
			return i, refusedProtocol
		}
	}
	return i, nil
}

func (s *server) post(w http.ResponseWriter, r *http.Request) {
	if !takesJSON(r.Header) {
		s.refuse(w, refusedType)
		return
	}
	if !accepts(r.Header, "application/json") || !accepts(r.Header, "text/event-stream") {
		s.refuse(w, refusedAccept)
		return
	}
	info, refused := s.info(r, transport.Exchange)
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	if err := s.acceptor.Admit(info); err != nil {
		s.refuseFor(w, err)
		return
	}
	text, err := s.read(w, r)
	if err != nil {
		s.refuse(w, refusedBody[err])
		return
	}
	e := newExchange(s, w, r, info)
	receiver, err := s.acceptor.Accept(e)
	if err != nil {
		s.refuseFor(w, err)
		return
	}
	e.receive(receiver, text)
}

// read reads the body within its time.
func (s *server) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return []byte{}, nil
	}
	// A server-wide read time-out of net/http would end the request's context while a call runs on.
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Now().Add(s.options.Limits.ReadBodyTimeout)); err != nil {
		return nil, errShort
	}
	text, err := readBody(r.Body, r.ContentLength, s.options.Limits.MessageBytes)
	if err != nil {
		return nil, err
	}
	_ = c.SetReadDeadline(time.Time{}) // it worked a moment ago
	return text, nil
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	if !accepts(r.Header, "text/event-stream") {
		s.refuse(w, refusedStream)
		return
	}
	info, refused := s.info(r, transport.Stream)
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	info.LastEventID = r.Header.Get("Last-Event-Id")
	if err := s.acceptor.Admit(info); err != nil {
		s.refuseFor(w, err)
		return
	}
	if c := s.parkable(r); c != nil {
		s.park(w, c, info)
		return
	}
	e := newExchange(s, w, r, info)
	receiver, err := s.acceptor.Accept(e)
	if err != nil {
		s.refuseFor(w, err)
		return
	}
	e.stream(receiver)
}

func (s *server) delete(w http.ResponseWriter, r *http.Request) {
	info, refused := s.info(r, transport.Exchange)
	if refused == nil && info.Session == "" {
		refused = refusedMissing
	}
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	if err := s.acceptor.End(info); err != nil {
		s.refuseFor(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
