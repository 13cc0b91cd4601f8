//go:build linux

package load

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// conn is one TCP connection.
type conn struct {
	fd      int32
	gen     int32
	target  uint16
	role    role
	stage   stage
	armed   bool     // EPOLLOUT is asked for
	session *session // duplex and stream: the owner
	job     post     // roleHTTP: under way
	rest    []byte   // of an incomplete message
	out     []byte   // not taken by the kernel so far
}

type role uint8

const (
	roleDuplex role = iota // WebSocket
	roleHTTP               // posts of any session
	roleStream             // a GET event stream
)

type stage uint8

const (
	stageConnecting stage = iota
	stageGreeting         // the upgrade or the head of a stream is awaited
	stageInitialize       // WebSocket: the answer to initialize is awaited
	stageReady
	stageClosed
)

// dial starts a connection to a target.
func (f *Fleet) dial(target uint16, r role) (*conn, error) {
	t := f.targets[target]
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if n := len(f.opts.Sources); n > 0 {
		// The port is chosen at connect, so that one source has all ports for each target.
		_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		src := f.opts.Sources[t.used%n]
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: src.As4()}); err != nil {
			unix.Close(fd)
			return nil, fmt.Errorf("bind %s: %w", src, err)
		}
	}
	t.used++
	to := &unix.SockaddrInet4{Port: int(t.Addr.Port()), Addr: t.Addr.Addr().As4()}
	if err := unix.Connect(fd, to); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return nil, fmt.Errorf("connect %s: %w", t.Addr, err)
	}
	f.generation++
	c := &conn{fd: int32(fd), gen: f.generation, target: target, role: r, armed: true}
	if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_ADD, fd, c.event()); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for len(f.byFD) <= fd {
		f.byFD = append(f.byFD, nil)
	}
	f.byFD[fd] = c
	return c, nil
}

func (c *conn) event() *unix.EpollEvent {
	e := &unix.EpollEvent{Events: unix.EPOLLIN, Fd: c.fd, Pad: c.gen}
	if c.armed {
		e.Events |= unix.EPOLLOUT
	}
	return e
}

func (f *Fleet) arm(c *conn, writable bool) {
	if c.armed != writable {
		c.armed = writable
		_ = unix.EpollCtl(f.epoll, unix.EPOLL_CTL_MOD, int(c.fd), c.event())
	}
}

// poll handles one round of events.
func (f *Fleet) poll(wait time.Duration) error {
	var events [512]unix.EpollEvent
	n, err := epollWait(f.epoll, events[:], wait)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("load: epoll: %w", err)
	}
	if n > 0 {
		f.tick()
	}
	for _, e := range events[:max(n, 0)] {
		c := f.byFD[e.Fd]
		if c == nil || c.gen != e.Pad {
			continue
		}
		switch {
		case c.stage == stageConnecting:
			f.connected(c)
			continue
		case e.Events&unix.EPOLLOUT != 0:
			f.flush(c)
		}
		if c.stage != stageClosed && e.Events&^unix.EPOLLOUT != 0 {
			f.read(c)
		}
	}
	return nil
}

// epollWait waits with the resolution of ppoll; that of epoll_wait is a millisecond.
func epollWait(fd int, events []unix.EpollEvent, wait time.Duration) (int, error) {
	if n, err := unix.EpollWait(fd, events, 0); n != 0 || err != nil || wait == 0 {
		return n, err
	}
	ts := unix.NsecToTimespec(int64(wait))
	if n, err := unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, &ts, nil); n <= 0 || err != nil {
		return 0, err
	}
	return unix.EpollWait(fd, events, 0)
}

func (f *Fleet) connected(c *conn) {
	if code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		f.broke(c, ClassConnect, unix.Errno(code).Error())
		return
	}
	f.arm(c, false)
	switch c.role {
	case roleDuplex:
		c.stage = stageGreeting
		f.send(c, f.targets[c.target].wire.greeting())
	case roleStream:
		c.stage = stageGreeting
		f.send(c, f.streamRequest(c))
	default:
		c.stage = stageReady
		f.nextPost(c)
	}
}

// read takes what is there and hands on each complete message.
func (f *Fleet) read(c *conn) {
	n, err := unix.Read(int(c.fd), f.buf)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return
	case err != nil:
		f.broke(c, ClassReset, "read: "+err.Error())
		return
	case n == 0:
		f.broke(c, ClassClosed, "by the server, without a word")
		return
	}
	if c.role == roleStream && c.stage == stageReady {
		return // what comes on an event stream is not looked at
	}
	in := f.buf[:n]
	if len(c.rest) > 0 {
		in = append(c.rest, in...)
	}
	for len(in) > 0 && c.stage != stageClosed {
		used := f.take(c, in)
		if used == 0 {
			break
		}
		in = in[used:]
	}
	c.rest = nil
	if len(in) > 0 && c.stage != stageClosed {
		c.rest = append([]byte(nil), in...)
	}
}

// take handles the message at the front of in and returns its length; 0 while it is incomplete.
func (f *Fleet) take(c *conn, in []byte) int {
	if c.role == roleStream {
		return f.streamHead(c, in)
	}
	var a answer
	var used int
	var err error
	if c.stage == stageGreeting || c.role == roleHTTP {
		a, used, err = decodeResponse(in)
	} else {
		a, used, err = f.targets[c.target].wire.decode(in)
	}
	switch {
	case errors.Is(err, errClosedByServer):
		f.broke(c, ClassClosed, "by the server: "+closeText(a.text))
		return len(in)
	case err != nil:
		f.broke(c, ClassMalformed, err.Error())
		return len(in)
	case used == 0:
		return 0
	}
	if c.role == roleHTTP {
		f.posted(c, a)
	} else {
		f.arrived(c, a)
	}
	return used
}

// send writes b, or keeps what the kernel does not take.
func (f *Fleet) send(c *conn, b []byte) {
	if len(c.out) > 0 {
		f.keep(c, b)
		return
	}
	for len(b) > 0 {
		n, err := unix.Write(int(c.fd), b)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			f.keep(c, b)
			f.arm(c, true)
			return
		case err != nil:
			f.broke(c, ClassReset, "write: "+err.Error())
			return
		}
		b = b[n:]
	}
}

func (f *Fleet) keep(c *conn, b []byte) {
	c.out = append(c.out, b...)
	if len(c.out) > maxUnsent {
		f.broke(c, ClassStalled, fmt.Sprintf("%d bytes are not taken", len(c.out)))
	}
}

func (f *Fleet) flush(c *conn) {
	b := c.out
	c.out = nil
	f.send(c, b)
	if c.stage != stageClosed && len(c.out) == 0 {
		f.arm(c, false)
	}
}

// broke handles the end of a connection that did not end by our will.
func (f *Fleet) broke(c *conn, class Class, text string) {
	if c.stage == stageClosed {
		return
	}
	f.shut(c)
	if c.role == roleHTTP {
		f.postBroke(c, class, text)
		return
	}
	s := c.session
	if s == nil || s.conn != c {
		return
	}
	if c.role == roleStream {
		text = "event stream: " + text
		class = ClassStream
	}
	f.sessionBroke(s, class, text)
}
