package cluster

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load is what clients of the simulated nodes do, and the ledger of it.
type load struct {
	w       *world
	mu      sync.Mutex
	count   int
	ran     map[string]int // calls by argument: how often their handler ran
	working sync.WaitGroup

	sessions []string
	counter  map[string]int // of snapshots
	joined   map[string]map[string]int
	sent     []*sentBroadcast
	got      map[string]int // boot + message: deliveries
	lastGot  map[[2]string]int
	pipes    []*pipe
	grains   map[string]*simGrain
	tokens   map[string]uint64
	gone     map[bool]int // takes after healing, by whether nobody had a snapshot
}

// sentBroadcast is one broadcast and which members should have it.
type sentBroadcast struct {
	n      int
	from   *memNode
	expect map[string]Topology // boot: nothing; the view at the sending
}

// pipe is one stream and what went through it.
type pipe struct {
	s      *Stream
	from   *memNode
	to     Member
	sent   int
	mu     sync.Mutex
	got    int
	closed int
	over   bool
}

func newLoad(w *world) *load {
	return &load{
		w: w, ran: map[string]int{}, counter: map[string]int{}, joined: map[string]map[string]int{},
		grains: map[string]*simGrain{}, tokens: map[string]uint64{},
		gone: map[bool]int{}, got: map[string]int{}, lastGot: map[[2]string]int{},
	}
}

func (l *load) errorf(format string, args ...any) {
	l.w.t.Errorf("-sim.seed=%d %v: "+format, append([]any{l.w.net.seed, time.Since(l.w.begin)}, args...)...)
}

// serve registers what a node does.
func (l *load) serve(n *memNode) {
	n.ServeCalls("work", func(ctx context.Context, _ Member, r []byte) ([]byte, error) {
		l.mu.Lock()
		l.ran[string(r)]++
		l.mu.Unlock()
		if len(r)%2 == 0 {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return append([]byte("did "), r...), nil
	})
	n.Subscribe("topic", func(from Member, payload []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		number, _ := strconv.Atoi(string(payload))
		l.got[n.member.Boot+"/"+string(payload)]++
		key := [2]string{from.Boot, n.member.Boot}
		if number <= l.lastGot[key] {
			l.errorf("broadcast %d of %s after %d at %s", number, from.Name, l.lastGot[key], n.member.Name)
		}
		l.lastGot[key] = number
	})
	n.Serve("pipe", func(_ Member, header []byte, s *Stream) (Handler, error) {
		i, _ := strconv.Atoi(string(header))
		l.mu.Lock()
		defer l.mu.Unlock()
		return &pipeEnd{l, l.pipes[i]}, nil
	})
	n.grains.register("kind", l.startGrain(n))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joined[n.member.Boot] = map[string]int{}
}

// pipeEnd is the receiving end of a pipe.
type pipeEnd struct {
	l *load
	p *pipe
}

func (e *pipeEnd) Receive(b []byte) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	number, length := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if int(number) != e.p.got+1 || int(length) != len(b) {
		e.l.errorf("stream message %d of %d bytes after %d, has %d bytes", number, length, e.p.got, len(b))
	}
	e.p.got = int(number)
}

func (e *pipeEnd) Closed(uint32, string) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if e.p.closed++; e.p.closed > 1 {
		e.l.errorf("stream closed %d times", e.p.closed)
	}
}

// operate does one thing.
func (l *load) operate() {
	n := l.w.pick()
	if n == nil {
		return
	}
	members := n.Topology().Members
	to := members[l.w.rng.IntN(len(members))]
	l.mu.Lock()
	l.count++
	number := l.count
	l.mu.Unlock()
	switch l.w.rng.IntN(9) {
	case 0:
		l.newSession(n, number)
	case 1, 2:
		l.useSession(n)
	case 3:
		l.callOn(n, to, number)
	case 4:
		l.join(n)
	case 5:
		l.broadcast(n, number)
	case 6:
		l.openPipe(n, to)
	case 7:
		l.usePipe()
	case 8:
		l.askGrain(n)
	}
}

// simGrain is a grain that knows where it runs.
type simGrain struct {
	l    *load
	id   string
	node *memNode
}

func (g *simGrain) ask(context.Context, []byte) ([]byte, error) {
	return []byte(g.node.member.Boot), nil
}
func (g *simGrain) stop() { g.l.grainEnds(g) }

func (l *load) startGrain(n *memNode) startGrain {
	return func(identity string, token uint64, _ func()) (instance, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if token <= l.tokens[identity] {
			l.errorf("grain %s: token %d after %d", identity, token, l.tokens[identity])
		}
		if other := l.grains[identity]; other != nil && other.node.alive() {
			l.errorf("grain %s starts at %s and runs at %s", identity, n.member.Name, other.node.member.Name)
		}
		g := &simGrain{l, identity, n}
		l.tokens[identity], l.grains[identity] = token, g
		return g, nil
	}
}

func (l *load) grainEnds(g *simGrain) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grains[g.id] == g {
		delete(l.grains, g.id)
	}
}

func (l *load) askGrain(n *memNode) {
	identity := fmt.Sprintf("i%d", l.w.rng.IntN(2))
	l.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		boot, err := n.grains.request(ctx, "kind", identity, nil, 0)
		if err != nil && !errors.Is(err, ErrNoQuorum) && !errors.Is(err, ErrNodeDown) &&
			!errors.Is(err, ErrClosed) && !errors.Is(err, ErrBusy) && !errors.Is(err, context.DeadlineExceeded) {
			l.errorf("grain %s: %q, %v", identity, boot, err)
		}
	})
}

func (l *load) callOn(n *memNode, to Member, number int) {
	arg := fmt.Sprintf("%s-%d", n.member.Boot, number)
	l.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		got, err := n.Call(ctx, to, "work", []byte(arg))
		l.mu.Lock()
		defer l.mu.Unlock()
		if ran := l.ran[arg]; ran > 1 || err == nil && (ran != 1 || string(got) != "did "+arg) {
			l.errorf("call %s: ran %d times, got %q, %v", arg, ran, got, err)
		}
	})
}

func (l *load) join(n *memNode) {
	group := fmt.Sprintf("g%d", l.w.rng.IntN(3))
	value := fmt.Sprintf("v%d", l.w.rng.IntN(3))
	key := group + "/" + value
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.joined[n.member.Boot]
	if own[key] > 0 && l.w.rng.IntN(2) == 0 {
		own[key]--
		n.LeaveGroup(group, []byte(value))
		return
	}
	own[key]++
	n.Join(group, []byte(value))
}

func (l *load) broadcast(n *memNode, number int) {
	b := &sentBroadcast{n: number, from: n, expect: map[string]Topology{}}
	for _, m := range n.Topology().Members {
		b.expect[m.Boot] = Topology{}
	}
	if err := n.Broadcast("topic", []byte(strconv.Itoa(number))); err != nil {
		if !errors.Is(err, ErrBusy) {
			l.errorf("broadcast: %v", err)
		}
		return
	}
	l.sent = append(l.sent, b)
}

// forgetExpected drops those from expectations that are not in the sender's view, or the sender not in
// theirs.
func (l *load) forgetExpected() {
	for _, b := range l.sent {
		for boot := range b.expect {
			view, to := b.from.Topology(), l.w.net.find(boot)
			theirs := to.Topology()
			_, ours := view.Member(boot)
			_, back := theirs.Member(b.from.member.Boot)
			if !ours || !back || !to.alive() || !b.from.alive() {
				delete(b.expect, boot)
			}
		}
	}
}

func (l *load) openPipe(n *memNode, to Member) {
	l.mu.Lock()
	p := &pipe{from: n, to: to}
	l.pipes = append(l.pipes, p)
	header := strconv.Itoa(len(l.pipes) - 1)
	l.mu.Unlock()
	s, err := n.Open(to, "pipe", []byte(header), &openEnd{p})
	if err != nil {
		if to.Boot != n.member.Boot && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrNodeDown) {
			l.errorf("open: %v", err)
		}
		p.over = true
		return
	}
	p.s = s
}

// openEnd is the sending end of a pipe.
type openEnd struct{ p *pipe }

func (e *openEnd) Receive([]byte) {}
func (e *openEnd) Closed(uint32, string) {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	e.p.over = true
}

func (l *load) usePipe() {
	if len(l.pipes) == 0 {
		return
	}
	p := l.pipes[l.w.rng.IntN(len(l.pipes))]
	if p.s == nil || !p.from.alive() {
		return
	}
	for range 3 {
		b := make([]byte, 8+l.w.rng.IntN(1500))
		binary.BigEndian.PutUint32(b, uint32(p.sent+1))
		binary.BigEndian.PutUint32(b[4:], uint32(len(b)))
		if p.s.Send(b) == nil {
			p.sent++
		}
	}
	if l.w.rng.IntN(4) == 0 {
		p.s.Close(CodeOK, "")
		p.mu.Lock()
		p.over = true
		p.mu.Unlock()
	}
}

// newSession makes a session with an id that depends on the seed alone.
func (l *load) newSession(n *memNode, number int) {
	random := base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 8), uint64(number)))
	body := n.member.Boot + "." + random
	id := body + "." + n.owners.ids.mac(body)
	l.sessions = append(l.sessions, id)
	l.keep(n, id)
}

func (l *load) keep(n *memNode, id string) {
	l.counter[id]++
	if err := n.Keep(id, []byte(strconv.Itoa(l.counter[id]))); err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrClosed) {
		l.errorf("keep: %v", err)
	}
}

// useSession is a request for a session at some node, which goes where Locate says.
func (l *load) useSession(n *memNode) {
	if len(l.sessions) == 0 {
		return
	}
	id := l.sessions[l.w.rng.IntN(len(l.sessions))]
	for range 3 {
		at, err := n.Locate(id)
		if err != nil {
			return
		}
		switch at.Place {
		case PlaceHere:
			if l.keep(n, id); l.w.rng.IntN(20) == 0 {
				n.Forget(id)
			}
			return
		case PlaceTake:
			l.take(n, id)
			return
		case PlaceMember:
			if n = l.w.net.find(at.Member.Boot); !n.alive() {
				return
			}
		default:
			return
		}
	}
}

func (l *load) take(n *memNode, id string) {
	l.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		snapshot, err := n.Take(ctx, id)
		l.w.logf("%s takes %s: %q %v", n.member.Name, id, snapshot, err)
	})
}

// check verifies what holds at every moment: no session has two owners.
func (l *load) check() {
	l.forgetExpected()
	for _, id := range l.sessions {
		var owners []string
		for _, n := range l.w.living() {
			creator, _, _ := strings.Cut(id, ".") // without the MAC, which takes most of the time
			if at, err := n.owners.locate(id, creator, time.Now()); err == nil && at.Place == PlaceHere {
				owners = append(owners, n.member.Name)
			}
		}
		if len(owners) > 1 {
			l.errorf("session %s has owners %v", id, owners)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, times := range l.got {
		if times > 1 {
			l.errorf("broadcast %s delivered %d times", key, times)
		}
	}
}

func (l *load) died(n *memNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.joined, n.member.Boot)
}

func (l *load) stopSessions(*memNode) {}

func (l *load) handOver(n *memNode) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	count, err := n.HandOver(ctx)
	l.w.logf("%s hands over %d: %v", n.member.Name, count, err)
}

// checkHealed verifies what holds once all nodes have seen each other for a while.
func (l *load) checkHealed() {
	l.forgetExpected()
	l.checkRegistries()
	l.checkBroadcasts()
	l.checkPipes()
	l.checkSessions()
}

func (l *load) checkRegistries() {
	for g := range 3 {
		group := fmt.Sprintf("g%d", g)
		want := 0
		for _, n := range l.w.living() {
			for v := range 3 {
				want += l.joined[n.member.Boot][fmt.Sprintf("%s/v%d", group, v)]
			}
		}
		first := fmt.Sprint(l.w.living()[0].Lookup(group))
		for _, n := range l.w.living() {
			if got := n.Lookup(group); fmt.Sprint(got) != first || len(got) != want {
				l.errorf("group %s at %s: got %v, want %d as %s", group, n.member.Name, got, want, first)
			}
		}
	}
}

func (l *load) checkBroadcasts() {
	for _, b := range l.sent {
		for boot := range b.expect {
			if got := l.got[boot+"/"+strconv.Itoa(b.n)]; got != 1 {
				l.errorf("broadcast %d of %s: %d deliveries at %s, want 1", b.n, b.from.member.Name, got, boot)
			}
		}
	}
}

func (l *load) checkPipes() {
	for i, p := range l.pipes {
		p.mu.Lock()
		if to := l.w.net.find(p.to.Boot); p.s != nil && !p.over && p.from.alive() && to.alive() && (p.got != p.sent || p.closed > 0) {
			l.errorf("stream %d: got %d of %d messages, closed %d times", i, p.got, p.sent, p.closed)
		}
		p.mu.Unlock()
	}
}

// checkSessions: requests for a session end at the same node from everywhere.
func (l *load) checkSessions() {
	for _, id := range l.sessions {
		l.takeHealed(id)
	}
	time.Sleep(2 * time.Second) //lint:sleep virtual time
	for _, id := range l.sessions {
		ends := map[string]bool{}
		for _, n := range l.w.living() {
			ends[l.resolve(n, id)] = true
		}
		if len(ends) != 1 {
			l.errorf("session %s: nodes disagree: %v", id, ends)
		}
	}
}

// takeHealed takes a session over if its owner is gone: that must not wait any more.
func (l *load) takeHealed(id string) {
	for _, n := range l.w.living() {
		if at, err := n.Locate(id); err != nil || at.Place != PlaceTake {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := n.Take(ctx, id)
		cancel()
		if moved := (*MovedError)(nil); err != nil && !errors.Is(err, ErrGone) && !errors.As(err, &moved) {
			l.errorf("take %s at %s after healing: %v", id, n.member.Name, err)
		}
		l.gone[errors.Is(err, ErrGone)]++
		return
	}
}

func (l *load) resolve(n *memNode, id string) string {
	for range 4 {
		at, err := n.Locate(id)
		if err != nil {
			return err.Error()
		}
		if at.Place != PlaceMember {
			return fmt.Sprintf("place %d at %s", at.Place, n.member.Name)
		}
		n = l.w.net.find(at.Member.Boot)
	}
	return "a circle"
}

func (l *load) end() { l.working.Wait() }
