package actors

import (
	"context"
	"crypto/rand"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

// Gateway admits connections and starts, finds and ends sessions. It implements transport.Acceptor for
// every medium of a node. Methods are safe for concurrent use.
type Gateway struct {
	server   *mcp.Server
	root     *actor.RootContext
	sessions *supervisors.Dynamic
	table    *table
	opts     Options
	log      *slog.Logger
	obs      Observer

	epoch       time.Time     // of the clock
	clock       atomic.Uint32 // seconds since epoch, moved by Serve
	connections atomic.Int64
	numbers     atomic.Uint32 // last one given to a connection
	worked      atomic.Int64  // run time of the handlers of sessions that have ended, in nanoseconds
	population  population
	draining    atomic.Bool

	unwatch func()
	home    home // nil: sessions are known to this node only

	mu      sync.Mutex
	pending mcp.Change          // changes that wait to be told
	updated map[string]struct{} // URIs that wait to be told
	logs    logQueue            // log messages that wait to be told
	wake    chan struct{}
}

var _ transport.Acceptor = (*Gateway)(nil)

// home is where the sessions of a gateway are known beyond its node.
type home interface {
	// newID makes the id of a session of this node.
	newID() string
	// keep stores the session's snapshot. It is called in the session's turns.
	keep(a *anchor)
	// forget says that the session has ended for reason.
	forget(a *anchor, reason transport.Reason)
	// elsewhere says that a session that is not on this node is on another, or is about to be.
	elsewhere(id string) bool
	// here says that this node may act for the session, which runs on it.
	here(id string) bool
	// changed says that the features of this node's server have changed, or that it logs.
	changed(in mcp.Input)
	// connections are those of this node whose sessions are elsewhere.
	connections(traffic bool) []ConnectionInfo
	// kick is Gateway.Kick for a session that is not on this node.
	kick(ctx context.Context, id string, reason transport.Reason) error
}

// NewGateway makes a gateway for the features of server. Its sessions run under Sessions, which belongs
// into the supervision tree, and need Serve to run beside them.
func NewGateway(server *mcp.Server, system *supervisors.System, o Options) *Gateway {
	o = o.withDefaults()
	g := &Gateway{
		server: server, root: system.ActorSystem().Root, table: newTable(), opts: o,
		log: o.Logger, obs: o.Observer, epoch: time.Now(), wake: make(chan struct{}, 1),
	}
	g.sessions = supervisors.NewDynamic(supervisors.DynamicSpec{
		Name:       "sessions",
		Intensity:  o.Intensity,
		Period:     o.Period,
		Partitions: o.Partitions,
		Template: supervisors.ChildSpec{
			ID:       "session",
			Restart:  supervisors.Transient,
			Shutdown: supervisors.ShutdownAfter(5 * time.Second),
			Start:    g.sessionStart(),
		},
		Ended: func(_ string, arg any, reason supervisors.ExitReason) { g.ended(arg.(*anchor), reason) },
	})
	g.unwatch = server.Watch(g.note) // before any session, so that none misses a change
	return g
}

// Close takes the gateway off the server that it was made for. It is called when nothing runs any more.
func (g *Gateway) Close() { g.unwatch() }

// Sessions is the child spec of the session supervisor.
func (g *Gateway) Sessions() supervisors.ChildSpec { return g.sessions.ChildSpec() }

// Count is the number of sessions.
func (g *Gateway) Count() int { return g.table.len() }

// Connections is the number of open duplex connections and event streams.
func (g *Gateway) Connections() int { return int(g.connections.Load()) }

// Admit implements transport.Acceptor.
func (g *Gateway) Admit(info transport.Info) error {
	if r := g.admission(info); r != nil {
		g.obs.Rejected(r.Reason)
		return r
	}
	return nil
}

func (g *Gateway) admission(info transport.Info) *transport.Refusal {
	switch {
	case g.draining.Load():
		return &transport.Refusal{Reason: transport.ReasonShutdown}
	case info.Mode != transport.Exchange && g.connections.Load() >= int64(g.opts.Limits.Connections):
		g.obs.LimitHit(LimitConnections)
		return &transport.Refusal{Reason: transport.ReasonOverloaded}
	case info.Mode == transport.Duplex && info.Session == "" && g.table.len() >= g.opts.Limits.Sessions:
		g.obs.LimitHit(LimitSessions)
		return &transport.Refusal{Reason: transport.ReasonOverloaded}
	}
	return nil
}

// Accept implements transport.Acceptor. A duplex connection starts its session at once or names the one that it
// goes on with, an exchange finds or starts it when its message is read, an event stream has to name it.
func (g *Gateway) Accept(conn transport.Conn) (transport.Receiver, error) {
	info := conn.Info()
	if r := g.admission(info); r != nil {
		return nil, g.refused(r)
	}
	l := &link{gw: g, conn: conn, mode: info.Mode}
	var refusal *transport.Refusal
	switch info.Mode {
	case transport.Exchange:
		return l, nil
	case transport.Stream:
		refusal = g.openStream(l, info)
	default:
		refusal = g.openDuplex(l, info)
	}
	if refusal != nil {
		return nil, g.refused(refusal)
	}
	return l, nil
}

func (g *Gateway) openDuplex(l *link, info transport.Info) *transport.Refusal {
	if info.Session != "" {
		return g.resume(l, info)
	}
	if received, ok := returns(info); info.LastEventID != "" && (!ok || received != 0) {
		return refusal(transport.ReasonBadRequest, sessionError("", "Last-Event-ID of a new session is 0"))
	}
	if r := g.reserve(l, info); r != nil {
		return r
	}
	a, r := g.start(l, info)
	if r != nil {
		g.release(l, r.Reason)
		return r
	}
	l.anchor = a
	return nil
}

func (g *Gateway) openStream(l *link, info transport.Info) *transport.Refusal {
	if info.Session == "" {
		return refusal(transport.ReasonBadRequest, sessionError("", "Mcp-Session-Id header is required"))
	}
	if err := unspoken("", info); err != nil {
		return refusal(transport.ReasonBadRequest, err)
	}
	l.anchor = g.lookup(info)
	if l.anchor == nil || l.anchor.state.Load() == nil {
		return g.missing(info.Session)
	}
	if l.anchor.duplex {
		return refusal(transport.ReasonBadRequest, otherMedium(""))
	}
	if r := g.reserve(l, info); r != nil {
		return r
	}
	o := opening{link: l}
	o.route, o.seq, o.resume = parseEventID(info.LastEventID)
	l.anchor.lastUse.Store(g.clock.Load())
	l.anchor.used.Store(true)
	if !l.anchor.enter(o) {
		g.release(l, transport.ReasonNoSession)
		return refusal(transport.ReasonNoSession, sessionError("", "unknown session"))
	}
	l.anchor.post(&streamOpened{})
	return nil
}

// reserve counts a connection in, unless the node is full.
func (g *Gateway) reserve(l *link, info transport.Info) *transport.Refusal {
	if g.connections.Add(1) > int64(g.opts.Limits.Connections) {
		g.connections.Add(-1)
		g.obs.LimitHit(LimitConnections)
		return &transport.Refusal{Reason: transport.ReasonOverloaded}
	}
	l.number = g.numbers.Add(1)
	g.population.add(info.Transport, 1)
	g.obs.ConnectionOpened(info.Transport)
	return nil
}

// release counts a connection out.
func (g *Gateway) release(l *link, reason transport.Reason) {
	medium := l.conn.Info().Transport
	g.connections.Add(-1)
	g.population.add(medium, -1)
	g.obs.ConnectionClosed(medium, reason)
}

// End implements transport.Acceptor: the client ends its session.
func (g *Gateway) End(info transport.Info) error {
	if info.Session == "" {
		return refusal(transport.ReasonBadRequest, sessionError("", "Mcp-Session-Id header is required"))
	}
	if err := unspoken("", info); err != nil {
		return refusal(transport.ReasonBadRequest, err)
	}
	a := g.lookup(info)
	if a == nil {
		return g.missing(info.Session)
	}
	g.endSession(a, transport.ReasonSessionEnded)
	return nil
}

// endSession makes the session unknown at once and lets its actor end.
func (g *Gateway) endSession(a *anchor, reason transport.Reason) {
	g.table.remove(a.id)
	a.end(reason)
	a.post(&endSession{reason: reason})
}

// lookup finds the session a client names.
func (g *Gateway) lookup(info transport.Info) *anchor {
	return g.table.get(info.Session)
}

// missing is the answer for a session that lookup does not find: it is not known, or it has just moved.
func (g *Gateway) missing(id string) *transport.Refusal {
	if g.home != nil && g.home.elsewhere(id) {
		return refusal(transport.ReasonMoved, refusalError("", transport.ReasonMoved))
	}
	// Without the id of the request: to some clients a full answer means that the session lives.
	return refusal(transport.ReasonNoSession, sessionError("", "unknown session"))
}

// start starts a session: its actor under the session supervisor, its anchor in the table.
func (g *Gateway) start(l *link, info transport.Info) (*anchor, *transport.Refusal) {
	if g.draining.Load() {
		return nil, &transport.Refusal{Reason: transport.ReasonShutdown}
	}
	if !g.table.reserve(g.opts.Limits.Sessions) {
		g.obs.LimitHit(LimitSessions)
		return nil, &transport.Refusal{Reason: transport.ReasonOverloaded}
	}
	a := &anchor{gw: g, start: time.Now(), duplex: info.Mode == transport.Duplex}
	if a.duplex {
		a.own = l
	}
	conn, able := l.conn.(transport.Resumable)
	if able && a.duplex && info.LastEventID != "" {
		a.journal = &journal{}
	}
	if g.home != nil {
		a.id = g.home.newID()
	} else {
		a.id = rand.Text()
	}
	if err := g.run(a); err != nil {
		g.log.LogAttrs(context.Background(), slog.LevelError, "session not started", slog.Any("err", err))
		return nil, &transport.Refusal{Reason: transport.ReasonInternal}
	}
	if g.draining.Load() { // since it was asked above: nobody else dismisses this session
		g.endSession(a, transport.ReasonShutdown)
		return nil, &transport.Refusal{Reason: transport.ReasonShutdown}
	}
	if a.journal != nil {
		conn.Resume(a.id, 0)
	}
	return a, nil
}

// revive starts a session from a snapshot that another node has made.
func (g *Gateway) revive(id string, text []byte) error {
	a := &anchor{id: id, gw: g, start: time.Now()}
	if err := a.restore(text); err != nil {
		return err
	}
	g.table.reserve(math.MaxInt) // it counts, but was admitted elsewhere
	return g.run(a)
}

// run starts the actor of a session, for which the table has room reserved, and makes it known.
func (g *Gateway) run(a *anchor) error {
	a.lastUse.Store(g.clock.Load())
	a.first = a.incarnation.Load() + 1
	child, err := g.sessions.StartChild(a.id, a)
	if err != nil {
		g.table.cancel()
		return err
	}
	a.pid = child.PID
	g.table.put(a)
	if a.ended.Load() {
		g.table.remove(a.id) // it ended before it was in the table
	}
	g.obs.SessionStarted()
	return nil
}

// sessionStart makes session actors whose turns run on the delivering goroutine (docs/adr/0002).
func (g *Gateway) sessionStart() supervisors.Start {
	return supervisors.ActorWith(
		func(arg any) actor.Actor { return &session{a: arg.(*anchor)} },
		actor.WithMailbox(newMailbox),
	)
}

// ended clears up after a session whose actor has ended for good.
func (g *Gateway) ended(a *anchor, exit supervisors.ExitReason) {
	if a.ended.Swap(true) {
		return
	}
	g.table.remove(a.id)
	// The first reason counts. Without one a crash was the end, or its supervisor's, which is no better to
	// the client unless the node goes away.
	if exit.IsNormal() && g.draining.Load() {
		a.end(transport.ReasonShutdown)
	}
	a.end(transport.ReasonInternal)
	reason := a.endReason()
	for _, d := range a.ledger.takeAll(true) {
		d.link.settled(d, errorText(refusalError(d.id, reason)), true, reason.HTTPStatus())
	}
	for _, o := range a.takeOpening(true) {
		o.link.conn.Close(reason)
	}
	if g.home != nil && a.kept() {
		if a.journal != nil && reason == transport.ReasonShutdown {
			a.endTurn() // keeps what was just answered
		}
		g.home.forget(a, reason)
	}
	if own := a.attach(nil); own != nil {
		own.conn.Close(reason)
	}
	g.worked.Add(a.work.Load())
	g.obs.SessionEnded(reason, time.Since(a.start))
}
