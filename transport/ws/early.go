package ws

import (
	"net"
	"net/http"
	"strconv"

	"github.com/erlmcp/erlmcp/transport"
)

// A connection whose client may come back is accepted before its handshake is answered: the answer tells the
// client of its session, or why it is refused. Until there is a socket for it, what is written waits in a port.

// mayReturn reports whether the client has asked for a session that outlives its connection, or for one that
// it has had. It prepares c for being accepted early.
func (c *conn) mayReturn() bool {
	if c.meta == nil || c.meta.session == "" && c.meta.lastEvent == "" {
		return false
	}
	c.port = newPort(c, nil, c.run.limits)
	return true
}

// answer is what the answer to the handshake says beside what every one does.
func (c *conn) answer() http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meta == nil || !c.meta.resumable {
		return nil
	}
	return http.Header{
		sessionName:   {c.meta.session},
		lastEventName: {strconv.FormatUint(c.meta.received, 10)},
	}
}

// adopt gives c, which has been accepted, its socket, and sends what was written.
func (c *conn) adopt(socket net.Conn, parked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.port
	p.mu.Lock()
	queue, ending, err := p.queue, p.ending, p.err
	if parked {
		c.port = nil
	} else {
		p.net = socket
		if len(queue) > 0 {
			p.startLocked()
		}
	}
	p.mu.Unlock()
	if parked {
		for _, frame := range queue {
			_ = c.desc.WriteUrgent(frame) // it was within the limits; a lost socket is reported to Closed
		}
	}
	if c.state == open {
		c.medium().SetTimer(c.run.limits.PingInterval)
	} else {
		c.medium().SetTimer(c.run.closeWait)
	}
	if ending {
		c.medium().Close(err)
	}
}

// lose ends c, which has been accepted, when its handshake fails.
func (c *conn) lose() {
	c.mu.Lock()
	if c.state == open {
		c.reason = transport.ReasonClientClosed
	}
	c.state = lingering
	reason := c.reason
	c.mu.Unlock()
	defer c.run.guard("receiver")
	c.recv.Closed(reason)
}
