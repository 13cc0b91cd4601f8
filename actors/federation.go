package actors

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

const (
	// serviceName is the stream service through which a connection reaches its session on another node.
	serviceName = "mcp"
	// endService is the call service that ends a session on its owner.
	endService = "mcp.end"
	// changeTopic tells all nodes of changed lists and resources.
	changeTopic = "mcp.changed"
	// settleTime is how long a request waits for the owner of its session to be settled.
	settleTime = 5 * time.Second
	// settlePause is the time between two looks at who owns a session.
	settlePause = 50 * time.Millisecond
)

// Federation is the gateway of a node in a cluster: a transport.Acceptor through which every session is
// served, whichever node has it. What is for a session of this node goes to the Gateway; a connection for
// a session of another node is carried there over the cluster; a session whose node is gone is taken over
// from its snapshot, by the one node whose turn it is.
//
// Sessions over HTTP and those of duplex connections whose clients may come back have snapshots; those of other
// duplex connections end with their connection.
type Federation struct {
	*Gateway
	cluster *cluster.Node
	acted   atomic.Bool // there were enough members in reach once
	rests   atomic.Bool // there were, and are not: others may have taken our sessions over
	carried carried

	mu       sync.Mutex
	activate map[string]*activation // sessions that are being taken over
}

// activation is one attempt to take a session over, shared by all who wait for it.
type activation struct {
	done chan struct{}
	err  error
}

var _ transport.Acceptor = (*Federation)(nil)

// Federate puts the sessions of g into a cluster. It is called before either runs.
func Federate(g *Gateway, c *cluster.Node) *Federation {
	f := &Federation{Gateway: g, cluster: c, activate: make(map[string]*activation)}
	g.home = f
	c.Serve(serviceName, f.guest)
	c.ServeCalls(endService, f.endHere)
	c.ServeCalls(kickService, f.kickHere)
	c.Subscribe(changeTopic, f.changedElsewhere)
	c.OnLost(f.lost)
	c.OnSuspended(f.suspend)
	return f
}

// Accept implements transport.Acceptor.
func (f *Federation) Accept(conn transport.Conn) (transport.Receiver, error) {
	if f.cluster.Paused() {
		return nil, f.refused(settleRefusal(cluster.ErrNoQuorum))
	}
	info := conn.Info()
	if info.Session == "" {
		return f.Gateway.Accept(conn)
	}
	if r := f.admission(info); r != nil {
		return nil, f.refused(r)
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	for attempt := 0; ; attempt++ {
		owner, err := f.owner(ctx, info.Session)
		if err != nil {
			return nil, f.refused(settleRefusal(err))
		}
		if owner.IsZero() {
			return f.Gateway.Accept(conn)
		}
		if f.rests.Load() { // it is not in reach, or must not act, too; waiting would not help the client
			return nil, f.refused(settleRefusal(cluster.ErrNoQuorum))
		}
		r, err := f.relay(ctx, conn, info, f.way(owner, attempt))
		if !errors.Is(err, cluster.ErrNodeDown) && !errors.Is(err, errMoved) {
			return r, err
		}
		if f.cluster.Isolated() { // the owner is out of reach, and so is whoever could take its sessions over
			return nil, f.refused(settleRefusal(cluster.ErrNoQuorum))
		}
		if !pause(ctx) {
			return nil, f.refused(settleRefusal(cluster.ErrUnsettled))
		}
	}
}

// owner returns the member that serves a session; none for this node, which is also the answer for a
// session that nobody has. It takes the session over if that is this node's turn. That a session runs here
// is not enough to serve it: after a pause of the process others may have it, and nobody has told yet.
func (f *Federation) owner(ctx context.Context, id string) (cluster.Member, error) {
	for {
		at, err := f.cluster.Locate(id)
		switch {
		case errors.Is(err, cluster.ErrBadID):
			return cluster.Member{}, nil
		case err != nil:
			return cluster.Member{}, err
		}
		switch at.Place {
		case cluster.PlaceMember:
			return at.Member, nil
		case cluster.PlaceTake:
			err = f.take(ctx, id)
		default:
			return cluster.Member{}, nil
		}
		var moved *cluster.MovedError
		switch {
		case err == nil || errors.Is(err, cluster.ErrGone):
			return cluster.Member{}, nil
		case errors.As(err, &moved) && moved.Owner.Boot != f.cluster.Self().Boot:
			return moved.Owner, nil
		case errors.As(err, &moved):
		default:
			return cluster.Member{}, err
		}
		if !pause(ctx) {
			return cluster.Member{}, cluster.ErrUnsettled
		}
	}
}

// pause waits a moment and reports whether ctx allows another attempt.
func pause(ctx context.Context) bool {
	t := time.NewTimer(settlePause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// take starts a session here from its last snapshot. Whoever comes meanwhile waits for the same attempt.
func (f *Federation) take(ctx context.Context, id string) error {
	f.mu.Lock()
	a, running := f.activate[id]
	if !running {
		a = &activation{done: make(chan struct{})}
		f.activate[id] = a
	}
	f.mu.Unlock()
	if running {
		select {
		case <-a.done:
			return a.err
		case <-ctx.Done():
			return cluster.ErrUnsettled
		}
	}
	a.err = f.takeOver(ctx, id)
	f.mu.Lock()
	delete(f.activate, id)
	f.mu.Unlock()
	close(a.done)
	return a.err
}

func (f *Federation) takeOver(ctx context.Context, id string) error {
	text, err := f.cluster.Take(ctx, id)
	if err != nil {
		return err
	}
	if err := f.revive(id, text); err != nil {
		f.log.LogAttrs(ctx, slog.LevelError, "session not taken over", slog.String("session", id), slog.Any("err", err))
		f.cluster.Forget(id)
		return cluster.ErrGone
	}
	f.log.LogAttrs(ctx, slog.LevelInfo, "session recovered from its snapshot", slog.String("session", id))
	return nil
}

// settleRefusal is what a client is told while its session cannot be served.
func settleRefusal(err error) *transport.Refusal {
	code, text := mcp.CodeNodeLost, "the session's node was lost, retry"
	if errors.Is(err, cluster.ErrNoQuorum) {
		code, text = mcp.CodeUnavailable, "this part of the cluster is too small to serve the session, retry"
	}
	return refusal(transport.ReasonUnavailable, mcp.RetryLater(code, text, transport.RetryAfter).Wire())
}

// End implements transport.Acceptor.
func (f *Federation) End(info transport.Info) error {
	if info.Session == "" {
		return f.Gateway.End(info)
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	owner, err := f.owner(ctx, info.Session)
	if err != nil {
		return settleRefusal(err)
	}
	if owner.IsZero() {
		return f.Gateway.End(info)
	}
	next := f.way(owner, 0)
	if next.to.IsZero() {
		return settleRefusal(cluster.ErrNoQuorum)
	}
	_, err = f.cluster.Call(ctx, next.to, endService, encodeInfo(info, next.through))
	var failed *cluster.RemoteError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed) && failed.Code >= cluster.CodeUser:
		return &transport.Refusal{Reason: transport.Reason(failed.Code - cluster.CodeUser)}
	default:
		return settleRefusal(err)
	}
}

// endHere ends a session of this node, or of one that it reaches, for a client of another.
func (f *Federation) endHere(ctx context.Context, _ cluster.Member, request []byte) ([]byte, error) {
	info, through, err := decodeInfo(request)
	if err != nil {
		return nil, err
	}
	if through {
		owner, err := f.owner(ctx, info.Session)
		if err != nil {
			return nil, err
		}
		if !owner.IsZero() {
			return f.cluster.Call(ctx, owner, endService, encodeInfo(info, false))
		}
	}
	err = f.Gateway.End(info)
	if r, ok := errors.AsType[*transport.Refusal](err); ok {
		return nil, &cluster.RemoteError{Code: cluster.CodeUser + uint32(r.Reason), Text: r.Reason.String()}
	}
	return nil, err
}

// The methods below are what the gateway tells its home, see type home.

func (f *Federation) newID() string { return f.cluster.NewSessionID() }

func (f *Federation) keep(a *anchor) {
	text := a.snapshot()
	if text == nil || a.endReason() == transport.ReasonMoved {
		return
	}
	if err := f.cluster.Keep(a.id, text); err != nil && !errors.Is(err, cluster.ErrGone) && !errors.Is(err, cluster.ErrClosed) {
		f.log.LogAttrs(context.Background(), slog.LevelWarn, "snapshot not kept", slog.String("session", a.id), slog.Any("err", err))
	}
}

// forget is told that a session has ended for reason. One that ends with its node is handed over.
func (f *Federation) forget(a *anchor, reason transport.Reason) {
	if reason != transport.ReasonShutdown && reason != transport.ReasonMoved {
		f.cluster.Forget(a.id)
	}
}

// elsewhere says that a session that does not run here is served by another node, or may be soon.
func (f *Federation) elsewhere(id string) bool {
	at, err := f.cluster.Locate(id)
	return errors.Is(err, cluster.ErrNoQuorum) || err == nil && (at.Place == cluster.PlaceMember || at.Place == cluster.PlaceHere)
}

// here says that this node may act for a session of its own.
func (f *Federation) here(id string) bool {
	at, err := f.cluster.Locate(id)
	return err == nil && at.Place != cluster.PlaceMember && at.Place != cluster.PlaceTake
}

// suspend is told whether too few members are in reach, which they also are at the start.
func (f *Federation) suspend(suspended bool) {
	f.rests.Store(suspended && f.acted.Load())
	if !suspended {
		f.acted.Store(true)
	}
}

// lost is told that another node has taken over a session of this one.
func (f *Federation) lost(id string) {
	if a := f.table.get(id); a != nil {
		f.endSession(a, transport.ReasonMoved)
	}
}

// changed tells the other nodes what changed on this one.
func (f *Federation) changed(in mcp.Input) {
	text := encodeChange(in)
	if text == nil {
		return
	}
	if err := f.cluster.Broadcast(changeTopic, text); err != nil {
		f.log.LogAttrs(context.Background(), slog.LevelWarn, "change not told to all nodes", slog.Any("err", err))
	}
}

func (f *Federation) changedElsewhere(from cluster.Member, text []byte) {
	if from.Boot == f.cluster.Self().Boot {
		return
	}
	if in := decodeChange(text); in != nil {
		f.remember(in)
	}
}

// HandOver gives the sessions that ended with this node to their keepers. It is called when all have ended.
func (f *Federation) HandOver(ctx context.Context) (int, error) { return f.cluster.HandOver(ctx) }

// logMark begins a log message between nodes; no change of lists is this byte.
const logMark = 0xff

// encodeChange writes a change of lists as one byte, of a resource as its URI behind a zero, and a log
// message as logMark, its level, a zero and its text.
func encodeChange(in mcp.Input) []byte {
	switch in := in.(type) {
	case mcp.FeaturesChanged:
		return []byte{byte(in.Change)}
	case mcp.ResourceUpdated:
		return append([]byte{0}, in.URI...)
	case mcp.LogMessage:
		return append(append([]byte{logMark}, in.Level...), append([]byte{0}, in.Text...)...)
	default:
		return nil
	}
}

func decodeChange(b []byte) mcp.Input {
	switch {
	case len(b) == 1 && b[0] != 0:
		return mcp.FeaturesChanged{Change: mcp.Change(b[0])}
	case len(b) > 1 && b[0] == 0:
		return mcp.ResourceUpdated{URI: string(b[1:])}
	case len(b) > 1 && b[0] == logMark:
		level, text, _ := bytes.Cut(b[1:], []byte{0})
		if len(text) > 0 {
			return mcp.LogMessage{Level: mcp.LoggingLevel(level), Text: text}
		}
		return nil
	default:
		return nil
	}
}

// requestIDs are the ids that a text of the client has to be answered for.
func requestIDs(text []byte, o Options) []jsonrpc.ID {
	if !jsonrpc.IsBatch(text) {
		if m, err := jsonrpc.Scan(text, o.Limits.JSON); err == nil && m.Kind == jsonrpc.Request {
			return []jsonrpc.ID{m.ID}
		}
		return nil
	}
	entries, _ := jsonrpc.ScanBatch(text, o.Limits.JSON, o.Limits.Batch)
	var ids []jsonrpc.ID
	for _, e := range entries {
		if e.Err == nil && e.Message.Kind == jsonrpc.Request {
			ids = append(ids, e.Message.ID)
		}
	}
	return ids
}
