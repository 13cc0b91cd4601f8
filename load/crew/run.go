package crew

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// OverLimit says what happens to a phase that limits do not allow.
type OverLimit string

// What happens to a phase that limits do not allow: it is told and left out in each case.
const (
	OverFail OverLimit = "fail" // the run goes on and fails at its end
	OverSkip OverLimit = "skip" // the run goes on
	OverStop OverLimit = "stop" // the run ends there and fails
)

// Faults is the caller's way to hurt a server and to help it up again.
type Faults interface {
	Inject(ctx context.Context) (what string, err error)
	Heal(ctx context.Context) (what string, err error)
}

// Progress is where a run stands, told each second.
type Progress struct {
	Phase      Phase
	Index, Of  int
	Stage      string // connect, calls
	Elapsed    time.Duration
	Now        Second
	Wrong      int
	Note       string // instead of all others: a line for people
	PhaseEnded *PhaseResult
}

// Run does the phases of a profile.
type Run struct {
	Ask       Ask
	Plan      Plan
	Limits    Limits
	Profile   Profile
	Mix       string // default echo
	Launch    Launcher
	Nodes     []Node // to sample; may be empty
	Faults    Faults // nil: phases with a fault are not run
	OverLimit OverLimit
	Tell      func(Progress) // on the goroutine of Do; may be nil
	// Next gives the phase after those done instead of the profile's list; nil takes the list.
	Next func(done []PhaseResult) (Phase, bool)

	results *Results
	crew    *crew
	sampler *Sampler
	now     Progress
	begun   time.Time
	allowed int // sessions that generator and nodes allow
	why     string
}

// errStop ends a run at a phase that limits do not allow.
var errStop = errors.New("crew: stopped at a limit")

// Do runs all phases. The results are valid, as far as they go, with an error as well.
func (r *Run) Do(ctx context.Context) (*Results, error) {
	r.results = &Results{
		Format: Format, Started: time.Now().UTC(), Machine: ReadMachine(), Limits: r.Limits, Ask: r.Ask, Plan: r.Plan, Profile: r.Profile, Mix: r.Mix,
	}
	defer func() { r.results.Ended = time.Now().UTC() }()
	if r.Tell == nil {
		r.Tell = func(Progress) {}
	}
	for _, note := range r.Plan.Notes {
		r.Tell(Progress{Note: note})
	}
	r.sampler = NewSampler(r.Nodes)
	r.allow(r.sampler.Ask(ctx))
	sampling, stop := context.WithCancel(ctx)
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		r.sampler.Serve(sampling)
	}()
	defer func() {
		stop()
		<-sampled
	}()
	err := r.phases(ctx)
	if errors.Is(err, errStop) {
		err = nil
	}
	r.results.Nodes = r.sampler.Ask(ctx)
	return r.results, err
}

// allow finds how many sessions generator and nodes allow together.
func (r *Run) allow(samples []Sample) {
	r.allowed, r.why = r.Plan.Most, "the processes and source addresses of the generator"
	sum, known := 0, len(samples) > 0
	for _, s := range samples {
		limit := s.MaxSessions
		if r.Ask.Options.Transport != "http" || r.Ask.Options.Streams {
			limit = s.MaxConns
		}
		known = known && limit > 0
		if limit > 0 {
			r.Tell(Progress{Note: fmt.Sprintf("node %s: at most %d connections and %d sessions", s.Node, s.MaxConns, s.MaxSessions)})
		} else {
			r.Tell(Progress{Note: fmt.Sprintf("node %s: its limits are not known (%s)", s.Node, s.Err)})
		}
		sum += limit
	}
	if known && sum < r.allowed {
		r.allowed, r.why = sum, "the limits of the nodes"
	}
}

func (r *Run) phases(ctx context.Context) error {
	defer func() {
		if r.crew != nil {
			r.crew.close()
		}
	}()
	next := r.Next
	if next == nil {
		next = r.Profile.next
	}
	for {
		p, more := next(r.results.Phases)
		if !more {
			return nil
		}
		r.now = Progress{Phase: p, Index: len(r.results.Phases), Of: len(r.Profile.Phases)}
		result := PhaseResult{Phase: p}
		if result.NotRun = r.refuse(p); result.NotRun == "" {
			var err error
			if result, err = r.phase(ctx, p); err != nil {
				r.results.NotRun = append(r.results.NotRun, fmt.Sprintf("phase %s was broken off: %v", p.Name, err))
				return err
			}
		} else {
			r.results.NotRun = append(r.results.NotRun, fmt.Sprintf("phase %s: %s", p.Name, result.NotRun))
		}
		r.results.Phases = append(r.results.Phases, result)
		r.now.PhaseEnded = &result
		r.Tell(r.now)
		if !result.Ran() && r.OverLimit == OverStop {
			return errStop
		}
	}
}

// refuse says why a phase can't be run; empty if it can.
func (r *Run) refuse(p Phase) string {
	switch {
	case p.Sessions > r.allowed:
		return fmt.Sprintf("%d sessions are more than the %d that %s allow", p.Sessions, r.allowed, r.why)
	case p.Fault && r.Faults == nil:
		return "no fault is given to inject (--fault-command or --fault-pid)"
	}
	return ""
}

// start starts the workers, unless they run: a run that limits do not allow needs none.
func (r *Run) start(ctx context.Context) error {
	if r.crew != nil {
		return nil
	}
	c, err := launch(ctx, r.Launch, r.Ask.Options, r.Plan, r.second)
	if err != nil {
		return err
	}
	r.crew = c
	return nil
}

func (r *Run) phase(ctx context.Context, p Phase) (PhaseResult, error) {
	out := PhaseResult{Phase: p}
	r.stage("connect")
	err := r.start(ctx)
	if err != nil {
		return out, err
	}
	if out.Connect, err = r.crew.connect(ctx, p); err != nil {
		return out, err
	}
	r.sampler.Begin(ctx)
	cpu, from := r.crew.cpu(), time.Now()
	r.stage("calls")
	begin := from.Add(startSoon)
	var hurt func() (int64, string)
	if p.Fault {
		hurt = r.inject(ctx, begin.Add(p.Warmup), p.Duration)
	}
	out.Load, err = r.crew.load(ctx, p, r.Mix, begin)
	out.Nodes = r.sampler.Use(ctx)
	if took := time.Since(from); took > 0 {
		out.Generator = 100 * float64(r.crew.cpu()-cpu) / float64(took)
	}
	if hurt != nil {
		var at int64
		at, out.FaultText = hurt()
		if at > 0 {
			out.Recovered = recovered(r.results.Series, at, p.Sessions)
			r.results.Marks = append(r.results.Marks, Mark{at, out.FaultText})
		}
	}
	return out, err
}

func (r *Run) stage(name string) {
	r.now.Stage = name
	r.begun = time.Now()
	r.results.Marks = append(r.results.Marks, Mark{r.begun.Unix(), r.now.Phase.Name + ": " + name})
}

// second takes a second of the run.
func (r *Run) second(s Second) {
	r.results.Series = append(r.results.Series, s)
	r.now.Now, r.now.Elapsed = s, time.Since(r.begun)
	r.Tell(r.now)
}

// inject hurts the server after a quarter of a phase and helps it up after a half. The result waits for both
// and tells when and what.
func (r *Run) inject(ctx context.Context, begin time.Time, length time.Duration) func() (int64, string) {
	var at int64
	var text string
	done := make(chan struct{})
	go func() {
		defer close(done)
		if !sleepUntil(ctx, begin.Add(length/4)) {
			return
		}
		at = time.Now().Unix()
		what, err := r.Faults.Inject(ctx)
		text = what
		if err != nil {
			text += fmt.Sprintf(" (failed: %v)", err)
		}
		if !sleepUntil(ctx, begin.Add(length/2)) {
			ctx = context.WithoutCancel(ctx) // a server that was hurt is helped up in any case
		}
		what, err = r.Faults.Heal(ctx)
		if what != "" {
			text += "; " + what
		}
		if err != nil {
			text += fmt.Sprintf(" (failed: %v)", err)
		}
	}()
	return func() (int64, string) {
		<-done
		return at, text
	}
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
