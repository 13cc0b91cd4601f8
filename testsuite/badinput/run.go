package badinput

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Verdict is what a case came to.
type Verdict string

// The verdicts of a run.
const (
	Pass Verdict = "pass"
	Weak Verdict = "weak" // safe, but not what the standard asks for first
	Fail Verdict = "fail"
)

// Result is the outcome of one case on one transport.
type Result struct {
	Verdict Verdict
	Reasons []string // of a failure
	Late    bool     // the outcome came after within_ms, but within the grace
	Fits    int      // index of the outcome that fits, counted from 1; 0 if none
	Said    string   // what the server said, in one line
}

// grace is added to within_ms before a missing outcome is a failure: the machine may be busy with other
// tests. A late outcome is counted.
const grace = 5 * time.Second

// settle is how long a better outcome may still come after a weak one.
const settle = 300 * time.Millisecond

// Runner plays cases against one server and the binary it came from.
type Runner struct {
	Daemon *Daemon // nil: only cases that the shared server serves
	Shared *Server
	Ring   *Cluster // nil: no case on cluster ports
	Own    *Cluster // as Ring, with certificates of its own
}

// clusterTransport is the transport of strangers on cluster ports; the name of a port follows after a colon.
const clusterTransport = "cluster-tcp"

// play is one case on one transport, while it runs.
type play struct {
	*Runner
	c         *Case
	transport string
	srv       *Server
	cluster   *Cluster // on a cluster port
	p         peer
	vars      *vars
	own       []string // raw ids of requests sent
	files     []string // files the input names that did not exist before
	admin     bool     // a request went towards the admin surface and was answered well
	canary    *canary
	extra     []string // complaints beside the outcome
	aside     []peer   // further peers to close
}

// Run plays a case on a transport and judges it. An error is a failure of the runner, not of the server.
func (r *Runner) Run(ctx context.Context, c *Case, transport string) (Result, error) {
	pl := &play{Runner: r, c: c, transport: transport, srv: r.Shared}
	if transport == "config" || transport == "cli" {
		return pl.command(ctx)
	}
	if name, ok := strings.CutPrefix(transport, clusterTransport+":"); ok {
		return pl.strange(ctx, clusterPorts[name])
	}
	if slices.Contains(c.Needs, needsCluster) {
		if r.Ring == nil {
			return Result{}, errNoAddresses
		}
		pl.cluster, pl.srv = r.Ring, r.Ring.nodes[0]
		return pl.play()
	}
	if len(c.Limits) > 0 && r.Daemon != nil && transport != "stdio" {
		own, err := r.Daemon.Start(ctx)
		if err != nil {
			return Result{}, err
		}
		defer own.Stop()
		pl.srv = own
	}
	if transport == evalTransport && pl.srv == r.Shared && r.Ring != nil {
		pl.srv = r.Ring.nodes[0] // it knows a cookie
	}
	return pl.play()
}

// needsCluster is the need of cases whose steps name nodes.
const needsCluster = "cluster"

// strange plays a case on a cluster port. Cases that measure the node have a cluster of their own.
func (pl *play) strange(ctx context.Context, port string) (Result, error) {
	pl.cluster = pl.Ring
	certificates := slices.Contains(pl.c.Needs, "cluster-tls") || slices.Contains(pl.c.Needs, needsInsider)
	if certificates {
		pl.cluster = pl.Own
	}
	if len(pl.c.Limits) > 0 {
		own, err := pl.Daemon.StartCluster(ctx, certificates)
		if err != nil {
			return Result{}, err
		}
		defer own.Stop()
		pl.cluster = own
	}
	pl.srv = pl.cluster.target(port)
	return pl.play()
}

func (pl *play) play() (Result, error) {
	can, err := listenCanary()
	if err != nil {
		return Result{}, err
	}
	defer can.close()
	pl.canary = can
	if err := pl.setUp(); err != nil {
		return Result{}, err
	}
	defer pl.closePeers()

	pid, log := pl.process()
	mark := 0
	if log != nil {
		mark = log.size()
	}
	var m *meter
	if len(pl.c.Limits) > 0 && pid != 0 {
		m = startMeter(pid, log)
	}
	began := time.Now()
	for i := range pl.c.steps {
		if err := pl.perform(&pl.c.steps[i]); err != nil {
			return Result{}, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	res := pl.judge(began)
	pl.admin = pl.admin && pl.p.seen().answeredWell() // before pings are answered
	pl.extra = append(pl.extra, pl.liveness()...)
	if m != nil {
		pl.extra = append(pl.extra, m.finish(pl.c.Limits)...)
	}
	pl.checkNever(log, mark)
	return pl.close(res), nil
}

// close turns complaints into a failure.
func (pl *play) close(res Result) Result {
	if len(pl.extra) > 0 {
		res.Verdict = Fail
		res.Reasons = append(res.Reasons, pl.extra...)
	}
	return res
}

// process is the process that the case is about, and its log.
func (pl *play) process() (int, *logFile) {
	if s, ok := pl.p.(*stdioPeer); ok {
		return s.cmd.Process.Pid, s.log
	}
	return pl.srv.pid, pl.srv.log
}

// judge waits for one of the outcomes.
func (pl *play) judge(began time.Time) Result {
	o := pl.p.seen()
	within := time.Duration(pl.c.Expect.WithinMS) * time.Millisecond
	silent := slices.ContainsFunc(pl.c.outcomes, outcome.needsQuiet)
	deadline := began.Add(within)
	if !silent {
		deadline = deadline.Add(grace)
	}
	best := -1
	look := func(quiet bool) bool {
		best = pl.best(o, quiet || o.final())
		return best >= 0
	}
	o.wait(deadline, func() bool { return look(false) || o.final() })
	if best >= 0 && pl.c.outcomes[best].Grade == "weak" {
		o.wait(time.Now().Add(settle), func() bool {
			return look(false) && pl.c.outcomes[best].Grade != "weak"
		})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	said := describe(o)
	if !look(true) {
		return Result{Verdict: Fail, Reasons: []string{"no outcome fits: " + said}, Said: said}
	}
	res := Result{Verdict: Pass, Late: !silent && time.Since(began) > within, Fits: best + 1, Said: said}
	if pl.c.outcomes[best].Grade == "weak" {
		res.Verdict = Weak
	}
	return res
}

// best is the index of a fitting outcome, one that is not weak first; -1 if none fits.
func (pl *play) best(o *observation, quiet bool) int {
	s := scene{transport: pl.transport, own: pl.own, vars: pl.vars, quiet: quiet}
	weak := -1
	for i := range pl.c.outcomes {
		if !pl.c.outcomes[i].fits(o, s) {
			continue
		}
		if pl.c.outcomes[i].Grade != "weak" {
			return i
		}
		weak = i
	}
	return weak
}

// describe says in one line what the server said.
func describe(o *observation) string {
	var parts []string
	for _, a := range o.answers {
		parts = append(parts, "HTTP "+strconv.Itoa(a.status))
	}
	if o.closeCode != 0 {
		parts = append(parts, "close code "+strconv.Itoa(o.closeCode))
	}
	if o.exited {
		parts = append(parts, "exit "+strconv.Itoa(o.exit))
	}
	if o.closed {
		parts = append(parts, "closed")
	}
	for _, out := range []struct {
		name string
		text []byte
	}{{"text", o.text.Bytes()}, {"stderr", o.stderr.Bytes()}, {"stdout", o.stdout.Bytes()}} {
		if len(out.text) > 0 {
			parts = append(parts, fmt.Sprintf("%s %.400q", out.name, out.text))
		}
	}
	if len(parts) == 0 {
		return "the server said nothing"
	}
	return strings.Join(parts, ", ")
}

// checkNever applies the rules of expect.never.
func (pl *play) checkNever(log *logFile, mark int) {
	e := &evidence{
		seen: pl.p.seen(), canary: pl.canary.called.Load(), newFile: firstExisting(pl.files), admin: pl.admin,
	}
	if pl.srv != nil {
		e.metrics = pl.srv.Metrics
	}
	if log != nil {
		e.log = log.from(mark)
	}
	for _, rule := range pl.c.Expect.Never {
		if broken := forbidden(pl.vars.expand(rule), e); broken != "" {
			pl.extra = append(pl.extra, broken)
		}
	}
}

func (pl *play) closePeers() {
	for _, p := range append(pl.aside, pl.p) {
		if p != nil {
			p.close()
		}
	}
}

// canary is a loopback listener that nobody should call.
type canary struct {
	l      net.Listener
	called atomic.Bool
	done   chan struct{}
}

func listenCanary() (*canary, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("badinput: canary: %v", err)
	}
	c := &canary{l: l, done: make(chan struct{})}
	go c.serve()
	return c, nil
}

func (c *canary) serve() {
	defer close(c.done)
	for {
		conn, err := c.l.Accept()
		if err != nil {
			return
		}
		c.called.Store(true)
		conn.Close()
	}
}

func (c *canary) port() int { return c.l.Addr().(*net.TCPAddr).Port }

func (c *canary) close() {
	c.l.Close()
	<-c.done
}
