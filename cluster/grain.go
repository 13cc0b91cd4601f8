package cluster

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// A grain is one instance in the whole cluster, named by a kind and an identity. It starts with the first
// request, on the member that rendezvous gives, and stays there until that node ends, leaves, or loses its
// lease; the next request starts it elsewhere. It is owned like a session, by claims and leases, so there
// are never two; what it does to third parties can be fenced with its token.

// grainPrefix begins the ids of grains among those of owners. No session id begins so.
const grainPrefix = "grain/"

// grainService is the call service that passes requests to the owner.
const grainService = "cluster/grain"

// grainHops is how often a request is passed on; more means that nodes do not agree yet.
const grainHops = 3

func grainID(kind, identity string) string { return grainPrefix + kind + "/" + identity }

func isGrain(id string) bool { return strings.HasPrefix(id, grainPrefix) }

// instance is a running grain.
type instance interface {
	// ask has a request answered. Requests are answered one at a time.
	ask(ctx context.Context, request []byte) ([]byte, error)
	// stop ends the grain and does not wait.
	stop()
}

// startGrain starts the instance of a grain. ended is to be called if it ends by itself.
type startGrain func(identity string, token uint64, ended func()) (instance, error)

// grainTable is the grains that this node runs.
type grainTable struct {
	s *services

	mu      sync.Mutex
	kinds   map[string]startGrain
	running map[string]instance // by id; owned by this node, as owners say
}

func newGrainTable(s *services) *grainTable {
	g := &grainTable{s: s, kinds: map[string]startGrain{}, running: map[string]instance{}}
	s.calls.register(grainService, g.serve)
	return g
}

func (g *grainTable) register(kind string, start startGrain) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if kind == "" || strings.Contains(kind, "/") || g.kinds[kind] != nil {
		panic("cluster: ServeGrains: kind " + kind + " is taken, empty, or has a slash")
	}
	g.kinds[kind] = start
}

// request has the grain answer, wherever it is. It waits up to ctx while ownership is not settled.
func (g *grainTable) request(ctx context.Context, kind, identity string, request []byte, hops int) ([]byte, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
		}
		body, err := g.attempt(ctx, kind, identity, request, hops)
		if !errors.Is(err, ErrUnsettled) {
			return body, err
		}
		timer.Reset(g.s.opts.Beat / 10)
	}
}

// attempt passes a request to where the grain is, or makes it be here. ErrUnsettled: it has not run.
func (g *grainTable) attempt(ctx context.Context, kind, identity string, request []byte, hops int) ([]byte, error) {
	id := grainID(kind, identity)
	at, err := g.s.owners.locate(id, "", time.Now())
	switch {
	case err != nil:
		return nil, err
	case at.Place == PlaceTake:
		if err := g.activate(ctx, kind, identity, id); err != nil {
			return nil, err
		}
	case at.Place == PlaceMember && hops >= grainHops:
		return nil, ErrUnsettled
	case at.Place == PlaceMember:
		header := append(appendText(appendText([]byte{byte(hops + 1)}, kind), identity), request...)
		return g.s.calls.call(ctx, at.Member, grainService, header)
	}
	g.mu.Lock()
	i := g.running[id]
	g.mu.Unlock()
	if i == nil {
		return nil, ErrUnsettled // it is starting, or ending
	}
	return i.ask(ctx, request)
}

// activate makes this node the owner of a grain and starts it.
func (g *grainTable) activate(ctx context.Context, kind, identity, id string) error {
	g.mu.Lock()
	start := g.kinds[kind]
	g.mu.Unlock()
	if start == nil {
		return ErrNoService
	}
	if _, err := g.s.owners.take(ctx, id, ""); err != nil {
		if moved := (*MovedError)(nil); errors.As(err, &moved) {
			return ErrUnsettled // look again where it is
		}
		return err
	}
	return g.start(start, identity, id)
}

// start starts a grain that this node has just become the owner of, unless it has lost it again.
func (g *grainTable) start(start startGrain, identity, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	token, owned := g.s.owners.token(id)
	if !owned {
		return ErrUnsettled
	}
	i, err := start(identity, token, func() { g.ended(id, token) })
	if err != nil {
		go g.s.owners.giveUp(id, token)
		return err
	}
	g.running[id] = i
	return nil
}

// ended gives up a grain that has ended by itself.
func (g *grainTable) ended(id string, token uint64) {
	if g.s.owners.giveUp(id, token) {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.running, id)
	}
}

// stop stops grains that this node does not own any more.
func (g *grainTable) stop(ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		if i := g.running[id]; i != nil {
			delete(g.running, id)
			i.stop()
		}
	}
}

// here returns the instance of a grain that runs on this node, after starting it if it is this node's turn.
func (g *grainTable) here(ctx context.Context, kind, identity string) instance {
	id := grainID(kind, identity)
	at, err := g.s.owners.locate(id, "", time.Now())
	if err == nil && at.Place == PlaceTake {
		err = g.activate(ctx, kind, identity, id)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := g.running[id]; err == nil && i != nil {
		return i
	}
	return nil
}

// close ends all grains of this node.
func (g *grainTable) close() {
	g.mu.Lock()
	ids := sortedKeys(g.running)
	g.mu.Unlock()
	g.stop(ids)
	for _, id := range ids {
		if token, ok := g.s.owners.token(id); ok {
			g.s.owners.giveUp(id, token)
		}
	}
}

// serve answers a request that another node has passed on.
func (g *grainTable) serve(ctx context.Context, _ Member, text []byte) ([]byte, error) {
	f := fields{rest: text}
	hops, kind, identity := f.uint(), f.text(), f.text()
	if f.bad {
		return nil, ErrNoService
	}
	return g.request(ctx, kind, identity, f.rest, int(min(hops, grainHops)))
}

// token returns the epoch in which this node owns id.
func (o *owners) token(id string) (uint64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.mine[id]
	if m == nil || m.suspect {
		return 0, false
	}
	return m.version.epoch(), true
}

// giveUp ends the ownership of a grain in an epoch; false if it had ended.
func (o *owners) giveUp(id string, epoch uint64) bool {
	o.mu.Lock()
	m := o.mine[id]
	if m == nil || m.version.epoch() != epoch {
		o.mu.Unlock()
		return false
	}
	delete(o.mine, id)
	o.mu.Unlock()
	o.s.registry.leave(sessionGroup(id), epochValue(epoch))
	return true
}
