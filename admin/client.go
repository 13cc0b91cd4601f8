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
	"os"
	"syscall"
)

// ErrNotRunning means that no node answers on the control socket.
var ErrNotRunning = errors.New("admin: node is not running")

// maxReply is the most that a client reads.
const maxReply = 16 << 20

// Client asks the node behind a control socket. It keeps no connection.
type Client struct{ Socket string }

// Ping asks whether the node runs. Errors: ErrNotRunning, or how it answered instead.
func (c Client) Ping(ctx context.Context) error {
	text, err := c.Get(ctx, "/ping")
	if err != nil {
		return err
	}
	if string(text) != "pong\n" {
		return fmt.Errorf("admin: %s answers %.40q", c.Socket, text)
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
	req, err := http.NewRequestWithContext(ctx, method, "http://erlmcp"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	req.Close = true
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", c.Socket)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("%w (no answer on %s)", ErrNotRunning, c.Socket)
		}
		return nil, fmt.Errorf("admin: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, fmt.Errorf("admin: %w", err)
		}
	}
	return exchange(conn, req)
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
	if resp.StatusCode != http.StatusOK {
		return text, fmt.Errorf("admin: %s: %s", req.URL.Path, resp.Status)
	}
	return text, nil
}
