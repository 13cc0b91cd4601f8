package admin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"
)

// ErrNotRunning means that no node answers on the control socket.
var ErrNotRunning = errors.New("admin: node is not running")

// ErrRefused means that the node answers, and does not let this caller do what it asks for: the token is wrong,
// or the role is more than the endpoint grants. The text says which.
var ErrRefused = errors.New("admin: refused")

// maxReply is the most that a client reads.
const maxReply = 16 << 20

// Client asks a node, through its control socket or its loopback listener. It keeps no connection.
type Client struct {
	Socket string // path of the control socket; or
	URL    string // of the listener, such as http://127.0.0.1:9100, with
	Token  string // where evaluations are asked for there
}

// String is where the client asks.
func (c Client) String() string {
	if c.Socket != "" {
		return c.Socket
	}
	return c.URL
}

// Ping asks whether the node runs. Errors: ErrNotRunning, or how it answered instead.
func (c Client) Ping(ctx context.Context) error {
	text, err := c.Get(ctx, "/ping")
	if err != nil {
		return err
	}
	if string(text) != "pong\n" {
		return fmt.Errorf("admin: %s answers %.40q", c, text)
	}
	return nil
}

// Get asks for path and returns the body, also that of a refusal, with an error. ctx bounds the whole
// exchange. Errors: ErrNotRunning where nobody listens on the socket.
func (c Client) Get(ctx context.Context, path string) ([]byte, error) {
	return c.ask(ctx, http.MethodGet, path, "", nil)
}

// Post sends body to path and is otherwise as Get.
func (c Client) Post(ctx context.Context, path, contentType string, body []byte) ([]byte, error) {
	return c.ask(ctx, http.MethodPost, path, contentType, body)
}

func (c Client) ask(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	req.Close = true
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// The end of ctx ends what waits on the connection.
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	text, err := exchange(conn, req)
	if err != nil && ctx.Err() != nil {
		return text, fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	return text, err
}

// request makes a request, with the token where the client has one.
func (c Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	base := "http://localhost"
	if c.Socket == "" {
		base = c.URL
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return req, nil
}

// dial opens a connection to the node.
func (c Client) dial(ctx context.Context) (net.Conn, error) {
	network, addr := "unix", c.Socket
	if addr == "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "http" || u.Port() == "" || u.Path != "" {
			return nil, fmt.Errorf("admin: %q is no address such as http://127.0.0.1:9100", c.URL)
		}
		network, addr = "tcp", u.Host
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w (no answer on %s)", ErrNotRunning, c)
	}
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return conn, nil
}

func exchange(conn net.Conn, req *http.Request) ([]byte, error) {
	if err := req.Write(conn); err != nil {
		return nil, fmt.Errorf("admin: ask: %w", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return nil, fmt.Errorf("admin: read the answer: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("admin: read the answer: %w", err)
	}
	return text, refusal(req, resp, text)
}

// refusal is the error of an answer that is not 200. What the node says about a refused evaluation is part of it.
func refusal(req *http.Request, resp *http.Response, text []byte) error {
	switch {
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusSwitchingProtocols:
		return nil
	case req.Method == http.MethodGet:
		return fmt.Errorf("admin: %s: %s", req.URL.Path, resp.Status)
	case resp.StatusCode == http.StatusServiceUnavailable:
		return ErrBusy
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %.200s", ErrRefused, bytes.TrimSpace(text))
	default:
		return fmt.Errorf("admin: %s: %s: %.200s", req.URL.Path, resp.Status, bytes.TrimSpace(text))
	}
}
