package crew

import (
	"fmt"
	"net/netip"

	"github.com/erlmcp/erlmcp/load"
)

// Limits is what this machine and this process allow.
type Limits struct {
	OpenFiles int    `json:"open_files"` // a process, RLIMIT_NOFILE
	PortLow   int    `json:"port_low"`   // ports that the kernel gives to outgoing connections
	PortHigh  int    `json:"port_high"`
	FileMax   uint64 `json:"file_max"` // open files of the machine
}

// Reserves: descriptors that a worker keeps for itself, and the share of ports that the kernel finds in
// reasonable time.
const (
	reservedFiles = 64
	usableShare   = 90 // per cent
)

// maxWorkers bounds the worker processes of a run.
const maxWorkers = 64

func (l Limits) connsPerWorker() int { return max(l.OpenFiles-reservedFiles, 1) }
func (l Limits) portsPerSource() int { return max((l.PortHigh-l.PortLow+1)*usableShare/100, 1) }
func (l Limits) String() string {
	return fmt.Sprintf("%d open files a process, ports %d to %d, %d open files in all", l.OpenFiles, l.PortLow, l.PortHigh, l.FileMax)
}

// Ask is what a plan is made for.
type Ask struct {
	Sessions int          `json:"sessions"` // the most of all phases
	Options  load.Options `json:"options"`
	Workers  int          `json:"workers"` // at least; 0 leaves it to the plan
	Bind     []netip.Addr `json:"bind"`    // source addresses; empty leaves it to the plan
}

// Plan is how an Ask is done.
type Plan struct {
	Sources [][]netip.Addr `json:"sources"` // of each worker; an empty list is the system's choice
	Most    int            `json:"most"`    // sessions that the generator can hold
	Notes   []string       `json:"notes"`   // for people: what the limits allow and what follows
}

// Workers is the number of worker processes.
func (p Plan) Workers() int { return len(p.Sources) }

// NewPlan decides on workers and source addresses.
func NewPlan(a Ask, l Limits) Plan {
	conns := a.Sessions
	pool := 0 // post connections of all workers
	if a.Options.Transport == load.HTTP {
		pool = max(a.Options.Conns, 1) * len(a.Options.Targets)
		conns = pool
		if a.Options.Streams {
			conns += a.Sessions
		}
	}
	p := Plan{Most: a.Sessions}
	p.note("asked: %d sessions over %d target(s), %d connections of this generator", a.Sessions, len(a.Options.Targets), conns)
	p.note("limits: %s", l)
	if most := maxWorkers * l.connsPerWorker(); conns > most {
		p.Most = max(most-pool, 0)
		p.note("warning: %d connections need more than %d processes, which hold %d", conns, maxWorkers, most)
		conns = most
	}
	workers := min(max(divideUp(conns, l.connsPerWorker()), a.Workers, 1), maxWorkers)
	p.Sources = make([][]netip.Addr, workers)
	p.note("workers: %d process(es), at most %d connections each", workers, divideUp(conns, workers))
	perTarget := divideUp(conns, max(len(a.Options.Targets), 1))
	p.addresses(a, l, perTarget)
	if both := 2 * uint64(conns); l.FileMax > 0 && both > l.FileMax {
		p.note("warning: both ends on this machine need %d open files, fs.file-max is %d", both, l.FileMax)
	}
	return p
}

// addresses spreads connections over source addresses where one has not enough ports for a target.
func (p *Plan) addresses(a Ask, l Limits, perTarget int) {
	need := divideUp(perTarget, l.portsPerSource())
	have := a.Bind
	switch {
	case len(have) > 0:
	case need <= 1:
		p.note("sources: the system's choice; %d connections a target fit into the %d usable ports of one address", perTarget, l.portsPerSource())
		return
	case allLoopback(a.Options.Targets):
		have = loopbackSources(max(need, len(p.Sources)))
	default:
		p.Most = l.portsPerSource() * len(a.Options.Targets)
		p.note("warning: %d connections a target need %d source addresses; one is used, which gives %d sessions (--bind ADDRESS,... gives more)", perTarget, need, p.Most)
		return
	}
	for i, addr := range have {
		w := i % len(p.Sources)
		p.Sources[w] = append(p.Sources[w], addr)
	}
	for w := range p.Sources {
		if len(p.Sources[w]) == 0 {
			p.Sources[w] = have
		}
	}
	p.note("sources: %d address(es), %s to %s, %d usable ports each for a target", len(have), have[0], have[len(have)-1], l.portsPerSource())
	if len(have) < need {
		p.Most = min(p.Most, len(have)*l.portsPerSource()*len(a.Options.Targets))
		p.note("warning: %d source addresses are needed; those given allow %d sessions", need, p.Most)
	}
}

func (p *Plan) note(layout string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(layout, args...))
}

func allLoopback(targets []load.Target) bool {
	for _, t := range targets {
		if !t.Addr.Addr().IsLoopback() {
			return false
		}
	}
	return true
}

// loopbackSources are addresses of 127.1.0.0/16, which the system routes without set-up.
func loopbackSources(n int) []netip.Addr {
	out := make([]netip.Addr, n)
	for i := range out {
		out[i] = netip.AddrFrom4([4]byte{127, 1, byte(i / 250), byte(i%250 + 1)})
	}
	return out
}

func divideUp(a, b int) int { return (a + b - 1) / b }

// share is part i of n split over parts, the first ones one greater.
func share(n, i, parts int) int {
	s := n / parts
	if i < n%parts {
		s++
	}
	return s
}
