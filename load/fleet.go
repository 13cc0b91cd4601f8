//go:build linux

package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Fleet is a set of client sessions in one event loop. It has one owner; its methods are not safe for
// concurrent use.
type Fleet struct {
	opts    Options
	targets []*target
	epoll   int
	epoch   time.Time
	clock   time.Duration // since epoch, read once a round

	byFD       []*conn // index is the descriptor
	generation int32   // of the last connection; tells a descriptor from its next use
	sessions   []*session
	ready      []int32 // sessions that can be called
	turn       int     // of ready
	down       []retry // sessions that wait to be set up again, in order
	pending    int     // set-ups under way
	scan       time.Duration

	ledger    ledger
	mix       Mix
	calls     uint64 // scheduled so far
	payload   string
	buf, out  []byte // read and write buffers, shared by all
	text      []byte // of a call
	measured  bool   // past the warm-up
	reconnect bool
	looping   bool // a closed loop is under way
	ramping   bool // sessions are being set up, none is called
	load      LoadResult
	ramp      ConnectResult
	point     Point
	report    func(Point)
}

// target is a server and, for HTTP, the connections that posts share.
type target struct {
	Target
	wire  wire
	conns int // post connections, open or being opened
	idle  []*conn
	queue []post // posts that wait for a connection
	used  int    // connections made so far, for the choice of sources
}

// session is one MCP client. An idle one on WebSocket costs this, a conn, and their slots.
type session struct {
	index    int32
	at       int32 // in Fleet.ready; -1 when it is not there
	target   uint16
	state    sessionState
	again    bool // has been set up before
	inFlight int32
	due      time.Duration // intended time of the set-up
	began    time.Duration
	id       string
	conn     *conn // its WebSocket connection or event stream
}

type sessionState uint8

const (
	sessionNew sessionState = iota
	sessionSettingUp
	sessionReady
	sessionDown
)

type retry struct {
	session *session
	at      time.Duration
}

const (
	retryPause = 500 * time.Millisecond
	maxUnsent  = 1 << 20 // bytes that a connection holds for a server that does not read
)

// NewFleet returns a fleet without a session.
func NewFleet(opts Options) (*Fleet, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	f := &Fleet{
		opts: opts, epoll: ep, epoch: time.Now(), buf: make([]byte, 256<<10),
		ledger: newLedger(), payload: filler(opts.Payload), report: func(Point) {}, load: newLoadResult(),
	}
	f.ramp.Merge(ConnectResult{})
	f.point.Latency = newInterval()
	for _, t := range opts.Targets {
		g := &target{Target: t, wire: wsWire{host: t.Host, path: t.Path}}
		if opts.Transport == HTTP {
			g.wire = httpWire{host: t.Host, path: t.Path, revision: opts.Revision}
		}
		f.targets = append(f.targets, g)
	}
	return f, nil
}

// filler is n bytes of text.
func filler(n int) string {
	const words = "the quick brown fox jumps over the lazy dog "
	return strings.Repeat(words, n/len(words)+1)[:n]
}

// OnPoint makes the fleet hand each second of a run to report, which must not keep it.
func (f *Fleet) OnPoint(report func(Point)) { f.report = report }

// Sessions is the number of sessions that are set up.
func (f *Fleet) Sessions() int { return len(f.ready) }

// Close closes every connection. Sessions of HTTP are left to the server's idle timeout.
func (f *Fleet) Close() {
	for _, c := range f.byFD {
		if c != nil {
			unix.Close(int(c.fd))
		}
	}
	f.byFD = nil
	unix.Close(f.epoll)
}

// tick reads the clock and ends the second when it is over.
func (f *Fleet) tick() time.Duration {
	f.clock = time.Since(f.epoch)
	second := f.epoch.Add(f.clock).Unix()
	if f.point.Second == 0 {
		f.point.Second = second
	}
	if second != f.point.Second {
		f.endSecond(second)
	}
	return f.clock
}

func (f *Fleet) endSecond(second int64) {
	f.point.Sessions = len(f.ready)
	f.report(f.point)
	h := f.point.Latency
	h.Reset()
	f.point = Point{Second: second, Latency: h}
}

// offset is the time of the fleet's clock at a wall clock's time; 0 is the present.
func (f *Fleet) offset(start int64) time.Duration {
	if start == 0 {
		return time.Since(f.epoch)
	}
	return time.Unix(0, start).Sub(f.epoch)
}

// maintain does what time demands: set-ups that take too long fail, calls without an answer are lost, broken
// sessions are set up again.
func (f *Fleet) maintain() {
	f.ledger.expire(f.clock-f.opts.Grace, f.noAnswer)
	for len(f.down) > 0 && f.down[0].at <= f.clock && f.pending < f.opts.Dialing {
		s := f.down[0].session
		f.down = f.down[1:]
		if s.state == sessionDown {
			f.setUp(s, f.clock)
		}
	}
	if f.clock < f.scan {
		return
	}
	f.scan = f.clock + f.opts.Grace/8
	if f.pending == 0 {
		return
	}
	for _, s := range f.sessions {
		if s.state == sessionSettingUp && s.began < f.clock-f.opts.Grace {
			f.sessionBroke(s, ClassSetupTime, "after "+f.opts.Grace.String())
		}
	}
}

// wait polls until a time, or until something comes.
func (f *Fleet) wait(ctx context.Context, until time.Duration) error {
	if len(f.down) > 0 {
		until = min(until, f.down[0].at)
	}
	pause := min(max(until-time.Since(f.epoch), 0), 50*time.Millisecond)
	if pause > 0 && pause < shortestPause {
		pause = shortestPause
	}
	if err := f.poll(pause); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// shortestPause keeps the loop from a system call for each call of a high rate.
const shortestPause = 100 * time.Microsecond

// makeReady puts a session among those that are called.
func (f *Fleet) makeReady(s *session) {
	f.pending--
	s.state = sessionReady
	s.at = int32(len(f.ready))
	f.ready = append(f.ready, s.index)
	f.ramp.Latency.Record(f.clock - s.due)
	if s.again {
		f.load.Reconnected++
	}
	s.again = true
	f.loopNext(s)
}

// notReady takes a session from those that are called.
func (f *Fleet) notReady(s *session) {
	last := len(f.ready) - 1
	f.ready[s.at] = f.ready[last]
	f.sessions[f.ready[s.at]].at = s.at
	f.ready = f.ready[:last]
	s.at = -1
}

// sessionBroke ends a session that did not end by our will.
func (f *Fleet) sessionBroke(s *session, class Class, text string) {
	switch s.state {
	case sessionReady:
		f.notReady(s)
		f.point.Broken++
		if f.ramping {
			f.ramp.Lost++
			f.ramp.Failures.Count(class, f.targets[s.target].Name+": "+text)
		} else {
			f.load.SessionsLost++
			f.load.Failures.Count(class, f.targets[s.target].Name+": "+text)
		}
	case sessionSettingUp:
		f.pending--
		if !s.again {
			f.ramp.Failed++
		}
		f.ramp.Failures.Count(class, f.targets[s.target].Name+": "+text)
		f.load.Failures.Count(class, f.targets[s.target].Name+": "+text)
	default:
		return
	}
	f.release(s)
	if f.reconnect {
		s.target = uint16((int(s.target) + 1) % len(f.targets))
		f.retryLater(s)
	}
}

func (f *Fleet) retryLater(s *session) {
	f.down = append(f.down, retry{s, f.clock + retryPause})
}

// release closes what a session holds; its calls are lost.
func (f *Fleet) release(s *session) {
	s.state = sessionDown
	if s.inFlight > 0 {
		f.ledger.abandon(s.index, func(_ uint64, c call) { f.lost(c) })
		s.inFlight = 0
	}
	if c := s.conn; c != nil {
		s.conn = nil
		c.session = nil
		f.shut(c)
	}
}

// shut closes a connection.
func (f *Fleet) shut(c *conn) {
	if f.byFD[c.fd] == c {
		f.byFD[c.fd] = nil
		unix.Close(int(c.fd))
	}
	c.stage = stageClosed
}

// Connect sets up or closes sessions until there are as many as asked for, each at its intended time.
func (f *Fleet) Connect(ctx context.Context, o Connect) (ConnectResult, error) {
	f.ramp = ConnectResult{}
	f.ramp.Merge(ConnectResult{})
	f.ramp.Asked = o.Sessions
	f.ramping = true
	defer func() { f.ramping = false }()
	begun := f.offset(o.Start)
	p := pace{start: begun, rate: o.Rate, part: o.Part, parts: o.Parts}
	f.trim(o.Sessions)
	missing := f.broken()
	for {
		now := f.tick()
		for f.pending < f.opts.Dialing && len(missing)+max(o.Sessions-len(f.sessions), 0) > 0 {
			due, ok := p.take(now)
			if !ok {
				break
			}
			var s *session
			if len(missing) > 0 {
				s, missing = missing[0], missing[1:]
			} else {
				s = f.newSession()
			}
			f.setUp(s, due)
		}
		f.maintain()
		all := len(missing) == 0 && len(f.sessions) >= o.Sessions
		if all && f.pending == 0 || o.Limit > 0 && now > begun+o.Limit {
			break
		}
		until := now + 20*time.Millisecond
		if !all && f.pending < f.opts.Dialing {
			until = min(until, p.due())
		}
		if err := f.wait(ctx, until); err != nil {
			return f.ramp, err
		}
	}
	f.ramp.Elapsed = f.clock - begun
	f.ramp.Ready = len(f.ready)
	return f.ramp, nil
}

// broken are the sessions that are neither there nor being set up.
func (f *Fleet) broken() []*session {
	f.down = nil
	return slices.DeleteFunc(slices.Clone(f.sessions), func(s *session) bool { return s.state != sessionDown })
}

func (f *Fleet) newSession() *session {
	n := len(f.sessions)
	s := &session{index: int32(n), at: -1, target: uint16(n % len(f.targets))}
	f.sessions = append(f.sessions, s)
	return s
}

// trim closes the sessions beyond a number.
func (f *Fleet) trim(n int) {
	for _, s := range f.sessions[min(n, len(f.sessions)):] {
		f.closeSession(s)
	}
	f.sessions = f.sessions[:min(n, len(f.sessions))]
}

// closeSession ends a session by our will.
func (f *Fleet) closeSession(s *session) {
	switch s.state {
	case sessionReady:
		f.notReady(s)
		f.goodbye(s)
	case sessionSettingUp:
		f.pending--
	}
	f.release(s)
}
