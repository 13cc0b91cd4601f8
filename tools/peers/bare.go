package main

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// answer finds the spans that an echo needs and answers; it parses nothing else. That is as little as a
// server can do for its money. nil means that the message needs no answer.
func answer(dst, text []byte) []byte {
	id := span(text, `"id":`, ',')
	if id == nil {
		return nil
	}
	dst = append(append(dst, `{"jsonrpc":"2.0","id":`...), id...)
	if bytes.Contains(text, []byte(`"initialize"`)) {
		return append(dst, `,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bare","version":"1"}}}`...)
	}
	message := span(text, `"message":"`, '"')
	dst = append(append(dst, `,"result":{"content":[{"type":"text","text":"`...), message...)
	return append(dst, `"}]}}`...)
}

func span(text []byte, after string, until byte) []byte {
	at := bytes.Index(text, []byte(after))
	if at < 0 {
		return nil
	}
	rest := text[at+len(after):]
	if end := bytes.IndexByte(rest, until); end >= 0 {
		return rest[:end]
	}
	return nil
}

// gorilla is an echo over gorilla/websocket with small buffers, pooled write buffers, and a goroutine of
// its own for each connection, so that net/http can let go of its buffers.
func gorilla() http.Handler {
	up := websocket.Upgrader{
		ReadBufferSize: 256, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
		Subprotocols: []string{"mcp"}, CheckOrigin: func(*http.Request) bool { return true },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go echo(conn)
	})
}

func echo(conn *websocket.Conn) {
	defer conn.Close()
	var in bytes.Buffer
	var out []byte
	for {
		_, r, err := conn.NextReader()
		if err != nil {
			return
		}
		in.Reset()
		if _, err := in.ReadFrom(r); err != nil {
			return
		}
		if out = answer(out[:0], in.Bytes()); out == nil {
			continue
		}
		if conn.WriteMessage(websocket.TextMessage, out) != nil {
			return
		}
	}
}

// nethttp is an echo with nothing but a session map.
func nethttp() http.Handler {
	var mu sync.RWMutex
	sessions := map[string]*time.Time{}
	buffers := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(in)
		in.Reset()
		if _, err := io.Copy(in, r.Body); err != nil {
			return
		}
		id := r.Header.Get("Mcp-Session-Id")
		if id == "" {
			id = rand.Text()
			now := time.Now()
			mu.Lock()
			sessions[id] = &now
			mu.Unlock()
			w.Header().Set("Mcp-Session-Id", id)
		} else {
			mu.RLock()
			known := sessions[id] != nil
			mu.RUnlock()
			if !known {
				http.Error(w, "unknown session", http.StatusNotFound)
				return
			}
		}
		out := answer(make([]byte, 0, 256), in.Bytes())
		if out == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(out)
	})
}
