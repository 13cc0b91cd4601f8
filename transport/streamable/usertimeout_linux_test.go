package streamable

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/erlmcp/erlmcp/transport"
)

// TestSocketOptions looks at an accepted socket: no keep-alive probes, and an end for unacknowledged data.
func TestSocketOptions(t *testing.T) {
	conns := make(chan syscall.RawConn, 1)
	o := &owner{accept: func(c transport.Conn) error {
		conns <- socketOf(c.(*exchange).ctx).raw
		return nil
	}}
	addr := listen(t, o, Options{Limits: transport.Limits{PingInterval: 2 * time.Second, PongTimeout: time.Second}})
	c := dial(t, addr)
	c.send(request(addr, ping))
	raw := await(t, conns, "Accept")
	var alive, timeout int
	var err1, err2 error
	if err := raw.Control(func(fd uintptr) {
		alive, err1 = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		timeout, err2 = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	}); err != nil {
		t.Fatal(err)
	}
	if alive != 0 || timeout != 3000 || err1 != nil || err2 != nil {
		t.Errorf("got keep-alive %d, user time-out %d ms, %v, %v, want 0 and 3000", alive, timeout, err1, err2)
	}
}
