package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// serviceOptions are the limits of the services. The zero value of a field is its default.
type serviceOptions struct {
	Key      []byte // a secret of the cluster; the key of session ids is derived from it
	Expected int    // nodes of the whole cluster; 0: as many as were ever seen at once
	Stated   bool   // Expected is what the operator says, not a guess

	Beat           time.Duration // between beats: 500 ms
	Term           time.Duration // of a lease: 3 s
	Margin         time.Duration // added to promises: 250 ms
	CallTimeout    time.Duration // of a call without a deadline: 30 s
	CallTimeoutMax time.Duration // of a call of another node: 15 min
	TakeTimeout    time.Duration // of one round of claims: 2 s
	CallsPerPeer   int           // under way, each direction: 1,024
	StreamsPerPeer int           // 16,384
	StreamBytes    int           // on the way on one stream, each direction: 8 MiB
	MessageBytes   int           // of a call, an answer, a broadcast: 1 MiB
	ChunkBytes     int           // of a part of something larger: 256 KiB
	EntryBytes     int           // of a registry entry: 4 KiB
	FanoutBytes    int           // broadcasts that a member does not have yet: 8 MiB
	FanoutMessages int           // 8,192
	SnapshotBytes  int           // one snapshot: 512 KiB
	StoreBytes     int           // snapshots of other nodes: 256 MiB
	SnapshotTTL    time.Duration // of a snapshot whose owner is gone: 1 h

	Logger *slog.Logger
}

func defaultTo[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

func (o serviceOptions) withDefaults() serviceOptions {
	defaultTo(&o.Beat, 500*time.Millisecond)
	defaultTo(&o.Term, 3*time.Second)
	defaultTo(&o.Margin, 250*time.Millisecond)
	defaultTo(&o.CallTimeout, 30*time.Second)
	defaultTo(&o.CallTimeoutMax, 15*time.Minute)
	defaultTo(&o.TakeTimeout, 2*time.Second)
	defaultTo(&o.CallsPerPeer, 1024)
	defaultTo(&o.StreamsPerPeer, 16384)
	defaultTo(&o.StreamBytes, 8<<20)
	defaultTo(&o.MessageBytes, 1<<20)
	defaultTo(&o.ChunkBytes, 256<<10)
	defaultTo(&o.EntryBytes, 4<<10)
	defaultTo(&o.FanoutBytes, 8<<20)
	defaultTo(&o.FanoutMessages, 8192)
	defaultTo(&o.SnapshotBytes, 512<<10)
	defaultTo(&o.StoreBytes, 256<<20)
	defaultTo(&o.SnapshotTTL, time.Hour)
	defaultTo(&o.Logger, slog.New(slog.DiscardHandler))
	return o
}

// services is what a node offers above the wire: calls, streams, registry, fan-out, sessions. Node embeds
// it, so its exported methods are the node's.
type services struct {
	w        wire
	opts     serviceOptions
	self     Member
	views    views
	calls    *calls
	streams  *streams
	registry *registry
	fanout   *fanout
	owners   *owners
	grains   *grainTable

	mu sync.Mutex // one topology after the other
}

// newServices makes the services of a node. It starts nothing; run does.
func newServices(w wire, o serviceOptions) *services {
	o = o.withDefaults()
	s := &services{w: w, opts: o, self: w.Self()}
	s.views.now.Store(newView(Topology{Members: []Member{s.self}}))
	s.calls = newCalls(w, o, s.report)
	s.streams = newStreams(w, o, s.report)
	s.registry = newRegistry(w, o)
	s.fanout = newFanout(w, o, s.report)
	s.owners = newOwners(s)
	s.grains = newGrainTable(s)
	w.handle(kindBeat, s.beaten)
	w.onTopology(s.topology)
	w.onLost(s.calls.connectionLost)
	s.topology(w.Topology())
	return s
}

// report logs what user code did wrong.
func (s *services) report(what string, value any) {
	s.opts.Logger.Error(what, slog.String("node", s.self.Name), slog.String("err", fmt.Sprint(value)))
}

// topology takes a new view to all services, and the first beats to members that came.
func (s *services) topology(t Topology) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, now := s.views.load(), time.Now()
	if t.Generation < old.Generation || len(t.Members) == 0 {
		return
	}
	v := newView(t)
	s.views.now.Store(v)
	s.calls.topology(v)
	s.streams.topology(v)
	s.registry.topology(v, old)
	s.fanout.topology(v, old)
	s.owners.topology(v, old, now)
	for _, m := range v.arrived(old, s.self.Boot) {
		s.tellBeat(m, now)
	}
}

// run is the service's loop; it returns when ctx ends, after everything that is open has been closed.
func (s *services) run(ctx context.Context) error {
	s.calls.reopen()
	s.streams.reopen()
	ticker := time.NewTicker(s.opts.Beat)
	defer ticker.Stop()
	lease := time.NewTimer(s.opts.Term)
	defer lease.Stop()
	defer s.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.owners.poke:
			s.owners.tick(time.Now())
		case <-lease.C:
			s.look(time.Now())
		case now := <-ticker.C:
			s.tick(now)
		}
		lease.Reset(s.owners.leaseEnd(time.Now()))
	}
}

func (s *services) close() {
	s.streams.close()
	s.calls.close()
	s.owners.working.Wait()
}

// Call asks a service of a member, served there with ServeCalls, and waits for its answer. Requests and
// answers have at most 1 MiB; larger things go over a stream. Without a deadline in ctx it is 30 s; the
// deadline travels. to may be the node itself. Every call has one outcome: the answer, a *RemoteError, or
//
//	ErrNodeDown          to is not in the view, or left it during the call: the request may have run
//	ErrBusy              too many calls to that member are under way, or it has too many: it has not run
//	ErrNoService         nothing is served there under this name
//	ErrTooLarge          the request was not sent, or the answer could not be
//	ErrClosed            one of the two nodes is stopping
//	context errors       the deadline, or ctx was cancelled: the request may have run
func (s *services) Call(ctx context.Context, to Member, service string, request []byte) ([]byte, error) {
	return s.calls.call(ctx, to, service, request)
}

// ServeCalls registers the handler of a service. It panics if there is one.
func (s *services) ServeCalls(service string, f CallHandler) { s.calls.register(service, f) }

// Open opens a stream to a service of a member, served there with Serve. header, at most 256 KiB, is for
// its accept function. Open does not wait: a refusal is told to h. A stream ends with CodeNodeDown when the
// member leaves the view, and when nothing was heard of it for 3 s although others reach it. Errors:
// ErrNodeDown for such members, ErrBusy,
// ErrTooLarge, ErrClosed, ErrSelf.
func (s *services) Open(to Member, service string, header []byte, h Handler) (*Stream, error) {
	return s.streams.dial(to, service, header, h)
}

// Serve registers the accept function of a service. It panics if there is one.
func (s *services) Serve(service string, accept AcceptFunc) { s.streams.register(service, accept) }

// Join adds value to a group, as Erlang's pg:join does. All members see it until Leave, or until this node
// leaves their view. Joining twice needs leaving twice. ErrTooLarge: group and value have over 4 KiB.
func (s *services) Join(group string, value []byte) error { return s.registry.join(group, value) }

// LeaveGroup takes a value of this node out of a group; false if it is not in it.
func (s *services) LeaveGroup(group string, value []byte) bool { return s.registry.leave(group, value) }

// Lookup returns the entries of a group as this node knows them, sorted by name of the member and value.
func (s *services) Lookup(group string) []Entry { return s.registry.lookup(group) }

// Groups returns the names of all groups with an entry, sorted.
func (s *services) Groups() []string { return s.registry.groups() }

// Broadcast delivers a message to the subscribers of a topic on all members, here before it returns. Each
// member gets it at most once, in the order of this node's broadcasts, and gets it for certain if it stays
// in the view of this node. Errors: ErrTooLarge over 1 MiB; ErrBusy if a member does not take them up as
// fast as they come: nobody has got it.
func (s *services) Broadcast(topic string, payload []byte) error {
	return s.fanout.broadcast(topic, payload)
}

// Subscribe gives what is broadcast on a topic to f, which must not block, until stop is called; f may
// still run once while stop returns.
func (s *services) Subscribe(topic string, f func(from Member, payload []byte)) (stop func()) {
	return s.fanout.subscribe(topic, f)
}

// ServiceStats counts since the start; those that end in Open and UnderWay are as of now.
type ServiceStats struct {
	CallsSent, CallsUnanswered, CallsServed int64 // to others; of those, without an answer; of others
	CallsUnderWay                           int   // to others
	StreamsOpened                           int64 // by either side
	StreamsOpen                             int
	Broadcasts                              uint64 // of this node, with another member in view
}

// ServiceStats returns the counters of calls, streams and broadcasts between nodes.
func (s *services) ServiceStats() ServiceStats {
	st := ServiceStats{CallsSent: s.calls.sent.Load(), CallsUnanswered: s.calls.failed.Load(), CallsServed: s.calls.served.Load()}
	s.calls.mu.Lock()
	st.CallsUnderWay = len(s.calls.waiting)
	s.calls.mu.Unlock()
	s.streams.mu.Lock()
	st.StreamsOpened, st.StreamsOpen = s.streams.opens, len(s.streams.open)
	s.streams.mu.Unlock()
	s.fanout.mu.Lock()
	st.Broadcasts = s.fanout.sequence
	s.fanout.mu.Unlock()
	return st
}

// Owner returns the member on which key is placed in the current view.
func (s *services) Owner(key string) Member {
	m, _ := s.views.load().owner(key, func(Member) bool { return false })
	return m
}
