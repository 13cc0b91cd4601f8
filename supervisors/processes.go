package supervisors

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Process is what is known of one incarnation of a supervised actor. It is a snapshot: the process may have
// ended since.
type Process struct {
	Number  uint64     // given at its start, never used again in this System; from 1
	PID     *actor.PID // shared by the incarnations of a child
	Name    string     // names from the root, with slashes
	ID      string     // of its child specification; of a dynamic child the template's
	Parent  uint64     // number of its supervisor; 0 for the root
	Type    Type       // what it is, whatever its specification says
	Dynamic bool       // a child of a SimpleOneForOne supervisor
	Started time.Time  // to the second
	Restart int        // start attempts of this child that came before, failed ones included
	Handled uint64     // messages
	Report             // of an actor that is no Reporter only Memory is set

	guard *guard
}

// Report is what an actor says of itself.
type Report struct {
	Kind    string        // a word for the sort of actor, such as "session"
	Backlog int           // messages that wait
	Work    time.Duration // time for which functions ran on its behalf outside its turns
	Memory  int           // bytes it holds, as far as they are accounted for
}

// Reporter is an actor that says more of itself than its guard knows. Report may be called on any goroutine,
// also after the actor has ended, and must neither block nor allocate much.
type Reporter interface {
	actor.Actor
	Report() Report
}

const processShards = 64

// What a process costs beside its actor, and what a supervisor and one of its children do.
var (
	guardBytes      = int(reflect.TypeFor[guard]().Size())
	serviceBytes    = int(reflect.TypeFor[service]().Size())
	supervisorBytes = int(reflect.TypeFor[supervisor]().Size())
	childBytes      = int(reflect.TypeFor[child]().Size())
)

// processes are the guards that run, by number. Guards are linked into the table, so that a process costs it
// a pointer in the guard and half to one in a bucket.
type processes struct {
	last   atomic.Uint64 // number given out
	shards [processShards]processShard

	mu     sync.Mutex
	static map[uint64]*guard // those that are no dynamic children
}

type processShard struct {
	mu      sync.Mutex
	retired uint64   // messages that processes have handled which are not in the table any more
	buckets []*guard // chains; the length is a power of two
	size    int
}

func (t *processes) shard(number uint64) *processShard { return &t.shards[number%processShards] }

// chain is where a number belongs. Numbers come in order, so chains are short without hashing.
func (s *processShard) chain(number uint64) **guard {
	return &s.buckets[number/processShards%uint64(len(s.buckets))]
}

// add enters g, whose PID is known and does not change any more.
func (t *processes) add(g *guard) {
	t.shard(g.process).add(g)
	if !g.isDynamic() {
		t.mu.Lock()
		if t.static == nil {
			t.static = make(map[uint64]*guard)
		}
		t.static[g.process] = g
		t.mu.Unlock()
	}
	if !g.running() {
		t.remove(g) // it ended before it was in the table
	}
}

func (t *processes) remove(g *guard) {
	t.shard(g.process).remove(g)
	if !g.isDynamic() {
		t.mu.Lock()
		delete(t.static, g.process)
		t.mu.Unlock()
	}
}

func (s *processShard) add(g *guard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size >= 2*len(s.buckets) {
		s.resize(max(2*len(s.buckets), 1))
	}
	c := s.chain(g.process)
	g.next, *c = *c, g
	s.size++
}

func (s *processShard) remove(g *guard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 {
		return
	}
	for c := s.chain(g.process); *c != nil; c = &(*c).next {
		if *c == g {
			*c, g.next = g.next, nil
			s.size--
			s.retired += g.handled.Load()
			if half := len(s.buckets) / 2; half > 0 && s.size < half/2 {
				s.resize(half)
			}
			return
		}
	}
}

func (s *processShard) resize(buckets int) {
	old := s.buckets
	s.buckets = make([]*guard, buckets)
	for _, g := range old {
		for g != nil {
			next := g.next
			c := s.chain(g.process)
			g.next, *c = *c, g
			g = next
		}
	}
}

// appendTo appends the guards of the shard to list.
func (s *processShard) appendTo(list []*guard) []*guard {
	s.mu.Lock()
	defer s.mu.Unlock()
	list = slices.Grow(list, s.size)
	for _, g := range s.buckets {
		for ; g != nil; g = g.next {
			list = append(list, g)
		}
	}
	return list
}

func (t *processes) get(number uint64) *guard {
	s := t.shard(number)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 {
		return nil
	}
	for g := *s.chain(number); g != nil; g = g.next {
		if g.process == number {
			return g
		}
	}
	return nil
}

// Processes lists the supervised actors that run, the oldest first. It interrupts nobody: each of its locks
// is held for a small part of the table.
func (s *System) Processes() []Process {
	var guards []*guard
	for i := range s.processes.shards {
		guards = s.processes.shards[i].appendTo(guards)
	}
	return s.describe(guards)
}

// Static lists the processes that are no dynamic children, the oldest first.
func (s *System) Static() []Process {
	t := &s.processes
	t.mu.Lock()
	guards := make([]*guard, 0, len(t.static))
	for _, g := range t.static {
		guards = append(guards, g)
	}
	t.mu.Unlock()
	return s.describe(guards)
}

// Numbers lists the numbers of the supervised actors that run, the oldest first.
func (s *System) Numbers() []uint64 {
	var guards []*guard
	for i := range s.processes.shards {
		guards = s.processes.shards[i].appendTo(guards)
	}
	list := make([]uint64, len(guards))
	for i, g := range guards {
		list[i] = g.process
	}
	slices.Sort(list)
	return list
}

// Handled is the number of messages that supervised actors have handled since the System was made.
func (s *System) Handled() uint64 {
	sum := uint64(0)
	for i := range s.processes.shards {
		sum += s.processes.shards[i].handled()
	}
	return sum
}

func (s *processShard) handled() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.retired
	for _, g := range s.buckets {
		for ; g != nil; g = g.next {
			sum += g.handled.Load()
		}
	}
	return sum
}

// Process finds a process by its number; false if it does not run any more.
func (s *System) Process(number uint64) (Process, bool) {
	g := s.processes.get(number)
	if g == nil {
		return Process{}, false
	}
	return s.process(g), true
}

// NewNumber gives out the number of a process that is not supervised, so that it differs from those of all
// that are.
func (s *System) NewNumber() uint64 { return s.processes.last.Add(1) }

// Number returns the number of the supervised actor whose turn ctx is. It panics if ctx is not the context
// of a supervised actor.
func Number(ctx actor.Context) uint64 { return guardOf(ctx).process }

func (s *System) describe(guards []*guard) []Process {
	list := make([]Process, len(guards))
	for i, g := range guards {
		list[i] = s.process(g)
	}
	slices.SortFunc(list, func(a, b Process) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

func (s *System) process(g *guard) Process {
	p := Process{
		Number: g.process, PID: g.pid, Name: g.pid.Id[len(s.boot)+1:], Type: Worker, Dynamic: g.isDynamic(),
		Started: s.epoch.Add(time.Duration(g.born) * time.Second), Restart: int(g.number) - 1,
		Handled: g.handled.Load(), guard: g,
	}
	if g.child != nil {
		p.ID = g.child.spec.ID
	}
	if above, ok := g.keeper.(*supervisor); ok {
		p.Parent = above.g.process
	}
	if r, ok := g.inner.(Reporter); ok {
		p.Report = r.Report()
	}
	p.Memory += guardBytes
	if sup, ok := g.inner.(*supervisor); ok {
		p.Type = SupervisorType
		if p.ID == "" {
			p.ID = sup.path
		}
	}
	return p
}

// Running reports whether the process still runs.
func (p Process) Running() bool { return p.guard != nil && p.guard.running() }

// Supervisor returns a handle of the process if it is a supervisor that runs.
func (p Process) Supervisor() (*Supervisor, bool) {
	sup, ok := p.guard.inner.(*supervisor)
	if !ok || !p.Running() {
		return nil, false
	}
	return &Supervisor{sys: sup.sys, pid: p.PID, sup: sup, ended: sup.done}, true
}

// ExitProcess is Exit for one incarnation: it does not touch one that comes after p.
func (s *System) ExitProcess(p Process, reason ExitReason) {
	if !p.Running() {
		return
	}
	if sup, ok := p.guard.inner.(*supervisor); ok {
		if reason.kind == exitKilled {
			sup.post(&ordered{toDie, reason})
		}
		return
	}
	s.as.Root.Send(p.PID, &exitSignal{reason, p.Number})
}
