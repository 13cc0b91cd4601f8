package interop

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// socketTransport connects the SDK's client over WebSocket, one JSON-RPC message in a text message.
type socketTransport struct {
	url  string
	wire *wire
}

// Connect implements sdk.Transport.
func (t *socketTransport) Connect(ctx context.Context) (sdk.Connection, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"mcp"}, HandshakeTimeout: patience}
	conn, response, err := dialer.DialContext(ctx, t.url, nil)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close() // empty after an upgrade
	if got := conn.Subprotocol(); got != "mcp" {
		_ = conn.Close()
		return nil, fmt.Errorf("subprotocol %q, want mcp", got)
	}
	t.wire.cut = func() { _ = conn.NetConn().Close() }
	return &socketConn{conn: conn, wire: t.wire}, nil
}

// socketConn is one WebSocket as the SDK sees it.
type socketConn struct {
	conn *websocket.Conn
	wire *wire

	mu     sync.Mutex // for writes
	closed sync.Once
}

// Read implements sdk.Connection.
func (c *socketConn) Read(context.Context) (jsonrpc.Message, error) {
	_, text, err := c.conn.ReadMessage()
	if err != nil {
		if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseServiceRestart) {
			return nil, io.EOF
		}
		return nil, err
	}
	c.wire.note(text)
	return jsonrpc.DecodeMessage(text)
}

// Write implements sdk.Connection.
func (c *socketConn) Write(_ context.Context, m jsonrpc.Message) error {
	text, err := jsonrpc.EncodeMessage(m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteMessage(websocket.TextMessage, text)
}

// Close implements sdk.Connection.
func (c *socketConn) Close() error {
	var err error
	c.closed.Do(func() {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = c.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(patience)) // it may be closed already
		err = c.conn.Close()
	})
	return err
}

// SessionID implements sdk.Connection.
func (c *socketConn) SessionID() string { return "" }
