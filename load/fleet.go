//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Transport is how a fleet talks to the server.
type Transport string

// The transports.
const (
	WebSocket Transport = "ws"
	HTTP      Transport = "http"
)

// Options says what a fleet is and where it connects.
type Options struct {
	Addr      netip.AddrPort // of the server; loopback in every use of this package
	Path      string         // default /mcp
	Transport Transport      // default WebSocket
	Sessions  int            // client sessions; default 1
	// Conns is the number of keep-alive connections that HTTP sessions share; default 256. Each WebSocket
	// session has its own.
	Conns    int
	Revision string       // default 2025-11-25
	Sources  []netip.Addr // local addresses to connect from, in turn; default the system's choice
	Dialing  int          // connections that are being set up at a time; default 128
	Payload  int          // bytes of the echoed text; default 64
	Tool     string       // default echo, with the one argument message
	Bare     bool         // the server is no MCP server: skip the handshake
}

func (o Options) withDefaults() Options {
	setDefault(&o.Path, "/mcp")
	setDefault(&o.Transport, WebSocket)
	setDefault(&o.Sessions, 1)
	setDefault(&o.Conns, 256)
	setDefault(&o.Revision, "2025-11-25")
	setDefault(&o.Dialing, 128)
	setDefault(&o.Payload, 64)
	setDefault(&o.Tool, "echo")
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Fleet is a set of connected, initialized client sessions. It has one owner; its methods are not safe
// for concurrent use.
type Fleet struct {
	opts    Options
	wire    wire
	epoll   int
	clients []*client
	byFD    map[int32]*client
	buf     []byte // read buffer, shared by all
	out     []byte // write buffer, shared by all
	payload string
	waiting int // connections that are being set up
	failure error
	handle  func(*client, answer) // what to do with a message that completes
}

// client is one connection. HTTP connections carry several sessions in turn.
type client struct {
	fd       int
	stage    stage
	sessions []string // ids; one empty id on WebSocket
	want     int      // sessions to set up on this connection; 0 for a GET stream
	turn     int      // the session of the request under way
	id       uint64   // of the request under way
	sent     time.Time
	rest     []byte // of an incomplete message
}

type stage uint8

const (
	stageConnecting stage = iota
	stageGreeting
	stageInitialize
	stageInitialized
	stageReady
	stageStreamHead // a GET stream whose head has not come
	stageStream     // a GET stream; what comes on it is not read
)

// Dial connects and initializes a fleet. It fails on the first session that cannot be set up.
func Dial(ctx context.Context, opts Options) (*Fleet, error) {
	opts = opts.withDefaults()
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	f := &Fleet{opts: opts, epoll: ep, byFD: make(map[int32]*client), buf: make([]byte, 256<<10)}
	f.payload = filler(opts.Payload)
	host := opts.Addr.String()
	if opts.Transport == HTTP {
		f.wire = httpWire{host: host, path: opts.Path, revision: opts.Revision}
	} else {
		f.wire = wsWire{host: host, path: opts.Path}
	}
	f.handle = f.setUp
	if err := f.connectAll(ctx); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// connectAll sets up every connection, a limited number at a time.
func (f *Fleet) connectAll(ctx context.Context) error {
	conns := f.opts.Sessions
	if f.opts.Transport == HTTP {
		conns = min(f.opts.Conns, f.opts.Sessions)
	}
	started := 0
	for started < conns || f.waiting > 0 {
		for started < conns && f.waiting < f.opts.Dialing {
			share := f.opts.Sessions / conns
			if started < f.opts.Sessions%conns {
				share++
			}
			if err := f.connect(started, share); err != nil {
				return err
			}
			started++
		}
		if err := f.poll(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("load: session %d of %d: %w", len(f.byFD), conns, err)
		}
	}
	return nil
}

func (f *Fleet) connect(n, share int) error {
	fd, err := f.dial(n)
	if err != nil {
		return err
	}
	c := &client{fd: fd, want: share}
	f.clients = append(f.clients, c)
	f.byFD[int32(fd)] = c
	f.waiting++
	return unix.EpollCtl(f.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: int32(fd)})
}

func (f *Fleet) dial(n int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("load: socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if len(f.opts.Sources) > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		src := f.opts.Sources[n%len(f.opts.Sources)]
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: src.As4()}); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("load: bind %s: %w", src, err)
		}
	}
	to := &unix.SockaddrInet4{Port: int(f.opts.Addr.Port()), Addr: f.opts.Addr.Addr().As4()}
	if err := unix.Connect(fd, to); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return -1, fmt.Errorf("load: connect %s: %w", f.opts.Addr, err)
	}
	return fd, nil
}

// poll handles one round of events.
func (f *Fleet) poll(ctx context.Context, wait time.Duration) error {
	var events [512]unix.EpollEvent
	n, err := unix.EpollWait(f.epoll, events[:], int(wait/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("load: epoll: %w", err)
	}
	for _, e := range events[:max(n, 0)] {
		c := f.byFD[e.Fd]
		if c == nil {
			continue
		}
		if c.stage == stageConnecting {
			f.connected(c)
		} else {
			f.read(c)
		}
		if f.failure != nil {
			return f.failure
		}
	}
	return context.Cause(ctx)
}

func (f *Fleet) connected(c *client) {
	if code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		f.fail(fmt.Errorf("connect: %w", unix.Errno(code)))
		return
	}
	if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)}); err != nil {
		f.fail(err)
		return
	}
	if c.want == 0 {
		f.openStream(c)
		return
	}
	if hello := f.wire.greeting(); hello != nil {
		c.stage = stageGreeting
		f.send(c, hello)
		return
	}
	f.initialize(c)
}

// read takes what is there and hands on each complete message.
func (f *Fleet) read(c *client) {
	n, err := unix.Read(c.fd, f.buf)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return
	case err != nil:
		f.fail(fmt.Errorf("read: %w", err))
		return
	case n == 0:
		f.fail(errors.New("connection closed by the server"))
		return
	}
	if c.stage == stageStream {
		return
	}
	in := f.buf[:n]
	if len(c.rest) > 0 {
		in = append(c.rest, in...)
	}
	if c.stage == stageStreamHead {
		c.rest = append([]byte(nil), in...)
		f.streamHead(c)
		return
	}
	for len(in) > 0 && f.failure == nil {
		a, used, err := f.decode(c, in)
		if err != nil {
			f.fail(err)
			return
		}
		if used == 0 {
			break
		}
		in = in[used:]
		f.handle(c, a)
	}
	if len(in) == 0 {
		c.rest = nil
		return
	}
	c.rest = append([]byte(nil), in...)
}

func (f *Fleet) decode(c *client, in []byte) (answer, int, error) {
	if c.stage == stageGreeting {
		return decodeResponse(in)
	}
	return f.wire.decode(in)
}

// send writes b whole. Requests are small, so a full socket buffer is a failure of the set-up.
func (f *Fleet) send(c *client, b []byte) {
	for len(b) > 0 {
		n, err := unix.Write(c.fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			f.fail(fmt.Errorf("write: %w", err))
			return
		}
		b = b[n:]
	}
}

// request sends a text for the session whose turn it is.
func (f *Fleet) request(c *client, text []byte) {
	session := ""
	if c.turn < len(c.sessions) {
		session = c.sessions[c.turn]
	}
	f.out = f.wire.encode(f.out[:0], text, session)
	f.send(c, f.out)
}

func (f *Fleet) fail(err error) {
	if f.failure == nil {
		f.failure = err
	}
}

// Sessions is the number of sessions that are set up.
func (f *Fleet) Sessions() int {
	n := 0
	for _, c := range f.clients {
		if c.stage == stageReady {
			n += len(c.sessions)
		}
	}
	return n
}

// Close closes every connection.
func (f *Fleet) Close() {
	for _, c := range f.clients {
		unix.Close(c.fd)
	}
	f.clients = nil
	unix.Close(f.epoll)
}

// Idle keeps the fleet for d, answering heartbeats. It fails if a connection is lost.
func (f *Fleet) Idle(ctx context.Context, d time.Duration) error {
	f.handle = f.heartbeat
	end := time.Now().Add(d)
	for {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if err := f.poll(ctx, min(left, 100*time.Millisecond)); err != nil {
			return err
		}
	}
}

func (f *Fleet) heartbeat(c *client, a answer) {
	if f.opts.Transport == WebSocket && a.status == opPing {
		f.send(c, appendFrame(nil, opPong, a.text))
	}
}
