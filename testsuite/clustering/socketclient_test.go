package clustering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socketClient is a session over WebSocket after the other, each on the next node.
type socketClient struct {
	*load
	rng *rand.Rand
}

// socketSession is one connection of it.
type socketSession struct {
	*socketClient
	conn *websocket.Conn
	via  int

	mu     sync.Mutex
	open   map[int64]*entry
	done   map[int64]*entry
	ended  bool
	id     int64
	reader chan struct{} // closed when nothing more is read
}

// work starts a session, makes requests until its connection ends, and starts the next.
func (c *socketClient) work() {
	begun := sync.OnceFunc(c.begun.Done)
	defer begun()
	for c.ctx.Err() == nil {
		s, err := c.connect()
		if err != nil {
			wait(200 * time.Millisecond)
			continue
		}
		begun()
		s.work()
	}
}

func (c *socketClient) connect() (*socketSession, error) {
	ctx, cancel := context.WithTimeout(context.Background(), outcomeTime)
	defer cancel()
	via := c.host()
	d := websocket.Dialer{NetDialContext: c.dialer.DialContext, Subprotocols: []string{"mcp"}}
	conn, _, err := d.DialContext(ctx, "ws://"+c.nodes.nodes[via].addr+"/mcp/ws", nil) //nolint:bodyclose // the dialer closes it
	if err != nil {
		return nil, err
	}
	s := &socketSession{socketClient: c, conn: conn, via: via, open: map[int64]*entry{}, done: map[int64]*entry{}, reader: make(chan struct{})}
	_ = conn.SetReadDeadline(time.Now().Add(outcomeTime)) // a socket takes deadlines
	if err := conn.WriteMessage(websocket.TextMessage, initialize(0)); err == nil {
		_, _, err = conn.ReadMessage()
		if err == nil {
			err = conn.WriteMessage(websocket.TextMessage, []byte(initialized))
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Time{}) // a socket takes deadlines
	return s, nil
}

func (s *socketSession) work() {
	go s.read()
	tick := time.NewTicker(socketPause)
	defer tick.Stop()
	for s.ctx.Err() == nil {
		select {
		case <-tick.C:
			s.request()
		case <-s.reader:
			return
		case <-s.ctx.Done():
		}
	}
	s.drain()
	_ = s.conn.Close() // the reader ends
	<-s.reader
}

// drain waits for the outcomes of open requests.
func (s *socketSession) drain() {
	for {
		s.mu.Lock()
		n := len(s.open)
		s.expireLocked()
		s.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-s.reader:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *socketSession) request() {
	tool, arg, params := s.pick(s.rng)
	s.mu.Lock()
	s.expireLocked()
	if len(s.open) >= maxInFlight || s.ended {
		s.mu.Unlock()
		return
	}
	s.id++
	id := s.id
	e := &entry{client: "websocket", owner: s.nodes.nodes[s.via].name, via: s.via, tool: tool, arg: arg, begun: time.Now()}
	s.open[id] = e
	s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(outcomeTime))               // a socket takes deadlines
	_ = s.conn.WriteMessage(websocket.TextMessage, call(id, tool, params)) // the reader sees what is wrong
}

// expireLocked notes requests that have had their time as lost.
func (s *socketSession) expireLocked() {
	for id, e := range s.open {
		if time.Since(e.begun) > outcomeTime {
			s.finishLocked(id, e, lost)
		}
	}
}

func (s *socketSession) finishLocked(id int64, e *entry, o outcome) {
	e.outcome, e.took = o, time.Since(e.begun)
	delete(s.open, id)
	s.done[id] = e
	s.add(e)
}

// read books what comes in until the connection ends; what is open then was closed.
func (s *socketSession) read() {
	defer close(s.reader)
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			s.broken(err)
			return
		}
		s.received(text)
	}
}

func (s *socketSession) broken(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for id, e := range s.open {
		e.detail = err.Error()
		s.finishLocked(id, e, closed)
	}
	_ = s.conn.Close() // it has ended
	var c *websocket.CloseError
	switch {
	case s.ctx.Err() != nil:
		s.closedWith("by the test")
	case errors.As(err, &c):
		s.closedWith(fmt.Sprint("code ", c.Code))
	default:
		s.closedWith("without a code")
	}
}

func (s *socketSession) received(text []byte) {
	var a answer
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal(text, &a); err != nil || a.ID == nil {
		return // a notification
	}
	if e := s.done[*a.ID]; e != nil {
		e.doubled = e.outcome != lost
		return
	}
	e := s.open[*a.ID]
	if e == nil {
		s.add(&entry{client: "websocket", via: s.via, outcome: result, swapped: true, begun: time.Now(), detail: fmt.Sprintf("%.200q", text)})
		return
	}
	s.judge(e, &a)
	s.finishLocked(*a.ID, e, e.outcome)
}
