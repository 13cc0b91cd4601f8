package interop

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
)

// wire records what a client receives, below the SDK: a second answer to a request is dropped there without
// a word.
type wire struct {
	cut func() // WebSocket: breaks the connection

	mu       sync.Mutex
	received bytes.Buffer
	requests []string // HTTP: method and status of each exchange, such as "POST 200"
}

func (w *wire) note(text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received.Write(text)
	w.received.WriteByte('\n')
}

// count is how often text has been received.
func (w *wire) count(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Count(w.received.Bytes(), []byte(text))
}

// exchanges is how often method was answered with status, such as "DELETE 204".
func (w *wire) exchanges(methodStatus string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.requests {
		if r == methodStatus {
			n++
		}
	}
	return n
}

// all is a copy of the exchanges so far.
func (w *wire) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// Write takes the log of an sdk.LoggingTransport, as an io.Writer. Only what was read counts as received.
func (w *wire) Write(text []byte) (int, error) {
	if bytes.HasPrefix(text, []byte("read: ")) {
		w.note(text)
	}
	return len(text), nil
}

// recorder is an http.RoundTripper that notes exchanges and bodies in a wire.
type recorder struct {
	next http.RoundTripper
	wire *wire
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	r.wire.mu.Lock()
	r.wire.requests = append(r.wire.requests, req.Method+" "+response.Status[:3])
	r.wire.mu.Unlock()
	response.Body = &recordedBody{ReadCloser: response.Body, wire: r.wire}
	return response, nil
}

// recordedBody notes a body line by line, so that those of concurrent exchanges do not mix.
type recordedBody struct {
	io.ReadCloser
	wire *wire
	line []byte
}

// Read implements io.Reader.
func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.line = append(b.line, p[:n]...)
	for {
		at := bytes.IndexByte(b.line, '\n')
		if at < 0 {
			break
		}
		b.wire.note(b.line[:at])
		b.line = b.line[at+1:]
	}
	if err != nil && len(b.line) > 0 {
		b.wire.note(b.line)
		b.line = nil
	}
	return n, err
}
