package clustering

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// proxy is a plain reverse proxy without affinity: each request goes to the next host, and to the one after
// where no connection can be made.
type proxy struct {
	nodes  *nodes
	server *http.Server
	client *http.Transport
	next   atomic.Uint64
	addr   string

	mu    sync.Mutex
	first int // host that requests go to; 0: to each in turn
	via   map[int]int
}

func (c *nodes) startProxy() *proxy {
	c.t.Helper()
	p := &proxy{nodes: c, via: map[int]int{}, client: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext, DisableCompression: true, MaxIdleConnsPerHost: 100,
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	p.addr = l.Addr().String()
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: patience}
	var running sync.WaitGroup
	running.Go(func() { _ = p.server.Serve(l) }) // until Close
	c.t.Cleanup(func() {
		_ = p.server.Close()
		running.Wait()
		p.client.CloseIdleConnections()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.addr + "/mcp" }

// prefer sends what comes to one host, while it takes connections; 0 to all in turn.
func (p *proxy) prefer(host int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = host
}

// used is how many hosts have served requests.
func (p *proxy) used() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.via)
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	first := p.first
	p.mu.Unlock()
	if first == 0 {
		first = 1 + int(p.next.Add(1)%uint64(p.nodes.world.hosts))
	}
	for i := range p.nodes.world.hosts {
		host := (first-1+i)%p.nodes.world.hosts + 1
		if p.forward(w, r, body, host) {
			return
		}
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// forward passes a request on; false if nothing was sent.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, host int) bool {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", p.nodes.nodes[host].addr, ""
	out.Body, out.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		out.Body = io.NopCloser(newReader(body))
	}
	response, err := p.client.RoundTrip(out)
	if err != nil {
		if isDial(err) {
			return false
		}
		panic(http.ErrAbortHandler) // the client sees a broken connection
	}
	defer func() { _ = response.Body.Close() }()
	p.mu.Lock()
	p.via[host]++
	p.mu.Unlock()
	for k, v := range response.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(response.StatusCode)
	if !copyFlushing(w, response.Body) {
		panic(http.ErrAbortHandler)
	}
	return true
}

// copyFlushing copies what comes as it comes, and reports whether that came to a proper end.
func copyFlushing(w http.ResponseWriter, from io.Reader) bool {
	control := http.NewResponseController(w)
	buffer := make([]byte, 32<<10)
	_ = control.Flush() // the client is gone if this fails
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, bad := w.Write(buffer[:n]); bad != nil {
				return true // the client is gone
			}
			_ = control.Flush() // as above
		}
		if err != nil {
			return err == io.EOF
		}
	}
}
