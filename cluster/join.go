package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Times between attempts to join what is missing.
const (
	joinFirst   = 100 * time.Millisecond
	joinMost    = 2 * time.Second
	joinGrowth  = 1.5
	firstJoinIn = time.Second // how long the start may wait for seeds
	joinIn      = 3 * time.Second
	hailIn      = time.Second
)

// joins are the attempts to join, one at a time, for ever.
type joins struct {
	leaving atomic.Bool

	mu     sync.Mutex
	timer  *time.Timer
	delay  time.Duration
	all    bool // the next attempt goes to all known addresses
	cancel context.CancelFunc
	busy   sync.WaitGroup
	warned map[string][]string // errors by seed since it was joined, so that each is logged once
}

// due returns the channel that says when the next attempt is to start.
func (j *joins) due() <-chan time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.timer == nil {
		j.delay = joinFirst
		j.timer = time.NewTimer(j.delay)
	}
	return j.timer.C
}

// hurry makes the next attempt soon; all: to all known addresses, since the others may have given this
// node up.
func (j *joins) hurry(all bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = j.all || all
	j.delay = joinFirst
	if j.timer != nil && j.cancel == nil {
		j.timer.Reset(j.delay)
	}
}

// start runs one attempt on a goroutine of its own, since names and connections take time.
func (j *joins) start(ctx context.Context, m *membership) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.cancel != nil || j.leaving.Load() {
		return
	}
	ctx, j.cancel = context.WithTimeout(ctx, joinIn)
	all := j.all
	j.all = false
	j.busy.Go(func() {
		m.joinMissing(ctx, all)
		j.mu.Lock()
		defer j.mu.Unlock()
		j.cancel()
		j.cancel = nil
		j.timer.Reset(j.delay)
		j.delay = min(time.Duration(float64(j.delay)*joinGrowth), joinMost)
	})
}

func (j *joins) stop() {
	j.mu.Lock()
	if j.cancel != nil {
		j.cancel()
	}
	j.mu.Unlock()
	j.busy.Wait()
}

// maxWarned bounds the errors that are remembered for a seed.
const maxWarned = 8

// fails reports whether this seed did not fail with this error since it was joined. A seed may fail in two ways
// in turn: its name is unknown, and nobody answers where it was.
func (j *joins) fails(seed string, err error) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		delete(j.warned, seed)
		return false
	}
	if j.warned == nil {
		j.warned = make(map[string][]string)
	}
	said := j.warned[seed]
	if slices.Contains(said, err.Error()) {
		return false
	}
	if len(said) == maxWarned {
		said = nil
	}
	j.warned[seed] = append(said, err.Error())
	return true
}

// firstJoin tries all seeds once, so that a name that is taken fails the start.
func (m *membership) firstJoin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, firstJoinIn)
	defer cancel()
	m.joinMissing(ctx, false)
	select {
	case err := <-m.crashed:
		return err
	default:
		return nil
	}
}

// joinMissing tries each seed that is missing, and failed members where they were.
func (m *membership) joinMissing(ctx context.Context, all bool) {
	present, names := m.present()
	if len(names) < m.node.expected() || m.node.addressGone() {
		m.node.checkAddress(ctx)
	}
	tried := make(map[string]bool)
	var running sync.WaitGroup
	try := func(label, addr string) {
		if addr == m.own || tried[addr] || present[addr] && !all {
			return
		}
		tried[addr] = true
		running.Go(func() { m.try(ctx, label, addr) })
	}
	for _, s := range m.seeds {
		if s.name != "" && (s.name == m.node.opt.Name || names[s.name] && !all) {
			continue
		}
		addrs, err := s.resolve(ctx)
		if err != nil {
			m.seedFailed(ctx, s.text, err)
		}
		for _, addr := range addrs {
			try(s.text, addr)
		}
	}
	for name, addrs := range m.missing(names, all) {
		for _, addr := range addrs {
			try(name, addr)
		}
	}
	running.Wait()
}

// present returns addresses and names of the members.
func (m *membership) present() (addrs, names map[string]bool) {
	addrs, names = make(map[string]bool), make(map[string]bool)
	for _, l := range m.list.Members() {
		addrs[l.Address()], names[l.Name] = true, true
	}
	return addrs, names
}

// missing returns where failed members were; all: where members are, too.
func (m *membership) missing(names map[string]bool, all bool) map[string][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[string][]string)
	for name, l := range m.lost {
		if !all && names[name] {
			continue
		}
		out[name] = []string{l.addr}
		if l.moved != "" {
			out[name] = append(out[name], l.moved)
		}
	}
	return out
}

// try asks the node at addr who it is, and joins it.
func (m *membership) try(ctx context.Context, label, addr string) {
	err := m.join(ctx, addr)
	if errors.Is(err, ErrNameTaken) {
		m.crash(err)
		return
	}
	m.seedFailed(ctx, label, err)
}

func (m *membership) seedFailed(ctx context.Context, label string, err error) {
	if m.joins.fails(label, err) && ctx.Err() == nil {
		m.log.Info("cluster seed not joined, trying again", "seed", label, "err", err)
	}
}

// join joins the node at addr. ErrNameTaken: a live node there has this node's name, and this node has
// to yield.
func (m *membership) join(ctx context.Context, addr string) error {
	short, cancel := context.WithTimeout(ctx, hailIn)
	defer cancel()
	name, meta, err := m.transport.hail(short, addr)
	if err != nil {
		return err
	}
	switch {
	case meta.Boot == m.node.boot:
		return nil
	case name == m.node.opt.Name:
		return m.contest(addr, meta)
	}
	if m.joins.leaving.Load() {
		return ErrNotRunning
	}
	_, err = m.list.Join([]string{addr})
	if taken := m.takeCrash(); taken != nil {
		return taken
	}
	if err != nil {
		return fmt.Errorf("cluster: join %s: %w", addr, err)
	}
	return nil
}

// takeCrash returns ErrNameTaken if that was found out meanwhile.
func (m *membership) takeCrash() error {
	select {
	case err := <-m.crashed:
		return err
	default:
		return nil
	}
}

// joinNamed joins the node with this name, at its host and the port of this node's membership.
func (m *membership) joinNamed(ctx context.Context, name string) error {
	_, port := splitPort(m.node.opt.Gossip)
	s, err := parseSeed(name, port)
	if err != nil {
		return err
	}
	for _, known := range m.seeds {
		if known.name == name {
			s = known
		}
	}
	addrs, err := s.resolve(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, addr := range addrs {
		err := m.join(ctx, addr)
		if err == nil {
			m.publish()
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// splitPort splits an address that has been checked.
func splitPort(addr string) (host string, port int) {
	host, text, _ := net.SplitHostPort(addr)
	port, _ = strconv.Atoi(text)
	return host, port
}
