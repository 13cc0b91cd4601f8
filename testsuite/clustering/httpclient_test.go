package clustering

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// httpClient is one session over HTTP whose requests go to all nodes in turn.
type httpClient struct {
	*load
	kind  string
	retry bool // on 503, after Retry-After, and where no connection could be made
	rng   *rand.Rand

	mu      sync.Mutex
	session string
	owner   string // who answered last for the session
	id      int64
}

// retryTime is how long a client with retry tries.
const retryTime = 30 * time.Second

// work starts a session, makes requests until the load ends, and another session if that one is gone.
func (c *httpClient) work() {
	begun := sync.OnceFunc(c.begun.Done)
	defer begun()
	var open sync.WaitGroup
	defer open.Wait()
	slots := make(chan struct{}, maxInFlight)
	tick := time.NewTicker(httpPause)
	defer tick.Stop()
	for c.ctx.Err() == nil {
		if c.current() == "" && !c.connect() {
			wait(200 * time.Millisecond)
			continue
		}
		begun()
		select {
		case <-tick.C:
		case <-c.ctx.Done():
			return
		}
		tool, arg, params := c.pick(c.rng)
		select {
		case slots <- struct{}{}:
			open.Go(func() {
				defer func() { <-slots }()
				c.request(tool, arg, params)
			})
		default: // as many are open as may be
		}
	}
}

func (c *httpClient) current() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// connect initializes a session.
func (c *httpClient) connect() bool {
	ctx, cancel := context.WithTimeout(context.Background(), outcomeTime)
	defer cancel()
	via := c.host()
	r, err := c.post(ctx, via, "", initialize(0))
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, r.Body) // the result is of no interest
	_ = r.Body.Close()
	session := r.Header.Get("Mcp-Session-Id")
	if r.StatusCode != http.StatusOK || session == "" {
		return false
	}
	r, err = c.post(ctx, via, session, []byte(initialized))
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.owner = session, c.nodes.nodes[via].name
	return true
}

// request makes a request, again where the client retries.
func (c *httpClient) request(tool, arg string, params map[string]any) {
	deadline := time.Now().Add(retryTime)
	for {
		c.mu.Lock()
		if c.session == "" { // it has gone while this request waited
			c.mu.Unlock()
			return
		}
		c.id++
		id := c.id
		e := &entry{client: c.kind, session: c.session, owner: c.owner, tool: tool, arg: arg, via: c.host(), begun: time.Now()}
		c.mu.Unlock()
		pause := c.attempt(e, id, call(id, tool, params))
		c.add(e)
		if e.status == http.StatusNotFound {
			c.sessionGone(e)
			c.mu.Lock()
			if c.session == e.session {
				c.session = ""
			}
			c.mu.Unlock()
		}
		again := c.retry && (e.status == http.StatusServiceUnavailable || e.outcome == refused)
		switch {
		case !again && c.retry && e.outcome != result:
			c.giveUp(e)
			return
		case !again:
			return
		case time.Now().After(deadline):
			c.giveUp(e)
			return
		}
		wait(pause)
	}
}

// attempt makes one attempt and fills in its outcome. It returns how long to wait before another one.
func (c *httpClient) attempt(e *entry, id int64, body []byte) (pause time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), outcomeTime)
	defer cancel()
	defer func() { e.took = time.Since(e.begun) }()
	r, err := c.post(ctx, e.via, e.session, body)
	if err != nil {
		e.fail(ctx, err)
		return 100 * time.Millisecond
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		e.outcome, e.status = httpCode, r.StatusCode
		answers, _ := parseAnswers(r.Header.Get("Content-Type"), text) // the status is enough
		if len(answers) == 1 && answers[0].Error != nil {
			e.code, e.detail = answers[0].Error.Code, answers[0].Error.Message
		}
		after, err := strconv.Atoi(r.Header.Get("Retry-After"))
		if r.StatusCode == http.StatusServiceUnavailable && err != nil {
			e.detail += " without Retry-After"
		}
		return time.Duration(after) * time.Second
	}
	answers, bad := parseAnswers(r.Header.Get("Content-Type"), text)
	e.doubled = len(answers) > 1
	switch {
	case len(answers) > 0:
		a := answers[0]
		e.swapped = a.ID == nil || *a.ID != id
		wrong := e.swapped
		if node := c.judge(e, &a); node != "" {
			c.mu.Lock()
			c.owner = node
			c.mu.Unlock()
		}
		e.swapped = e.swapped || wrong
	case err != nil:
		e.fail(ctx, err)
	case bad != nil:
		e.outcome, e.swapped, e.detail = result, true, bad.Error()
	default:
		e.outcome, e.detail = closed, "no answer in the body"
	}
	return 0
}

// fail fills in the outcome of an attempt that ended with an error of the connection.
func (e *entry) fail(ctx context.Context, err error) {
	var op *net.OpError
	e.detail = err.Error()
	switch {
	case ctx.Err() != nil:
		e.outcome = lost
	case errors.As(err, &op) && op.Op == "dial":
		e.outcome = refused
	default:
		e.outcome = closed
	}
}

func (c *httpClient) post(ctx context.Context, via int, session string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.nodes.nodes[via].addr+"/mcp", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
		r.Header.Set("Mcp-Protocol-Version", revision)
	}
	return c.http.Do(r)
}
