package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load/crew"
)

// notRun is the verdict of a criterion that nothing was measured for.
const notRun = "not run"

func verdictOf(met bool) string {
	if met {
		return crew.Met
	}
	return crew.Missed
}

// acceptance are the deployment guide's criteria, with what the runs measured.
func (s *Summary) acceptance() []crew.Check {
	out := []crew.Check{s.concurrent()}
	if largest := s.largest(); largest != nil {
		r := &crew.Results{Phases: []crew.PhaseResult{*largest}}
		for _, c := range targetChecks(r, false) {
			if c.Name != "guide: Throughput" {
				c.Name = strings.TrimPrefix(c.Name, "guide: ")
				out = append(out, c)
			}
		}
	} else {
		for _, g := range guideTargets {
			out = append(out, crew.Check{Name: g.name, Want: g.threshold, Verdict: notRun})
		}
	}
	return append(out, s.throughput(), s.overhead(), s.topology(), s.health(), s.recovery(), s.degradation())
}

// run is a stage's results, nil if it was not run.
func (s *Summary) run(name string) *crew.Results {
	for _, n := range s.Runs {
		if n.Name == name {
			return n.Results
		}
	}
	return nil
}

func (s *Summary) phase(run, name string) *crew.PhaseResult {
	if r := s.run(run); r != nil {
		for i := range r.Phases {
			if r.Phases[i].Phase.Name == name {
				return &r.Phases[i]
			}
		}
	}
	return nil
}

// largest is the phase of most sessions of all runs that do not hurt.
func (s *Summary) largest() *crew.PhaseResult {
	var out *crew.PhaseResult
	for _, n := range s.Runs {
		for i := range n.Results.Phases {
			if p := &n.Results.Phases[i]; p.Ran() && !p.Phase.Strained && (out == nil || p.Connect.Ready > out.Connect.Ready) {
				out = p
			}
		}
	}
	return out
}

func (s *Summary) concurrent() crew.Check {
	c := crew.Check{Name: "100K concurrent connections", Want: "100000 sessions, 0 failed, 0 lost, 0 wrong", Verdict: notRun}
	p := s.largest()
	if p == nil {
		return c
	}
	n := p.Load.Counts
	c.Got = fmt.Sprintf("%d sessions, %d failed, %d lost, %d wrong", p.Connect.Ready, p.Connect.Failed, n.Lost+n.Unsent, n.Wrong+n.Doubled+n.Stray)
	if s.Facts != nil {
		c.Got += fmt.Sprintf(", in %d %s", s.Facts.Nodes, place(s.Facts.Where))
	}
	if p.Phase.Sessions >= 100_000 {
		c.Verdict = verdictOf(p.Connect.Ready >= 100_000 && p.Connect.Failed == 0 && n.Bad() == 0)
	}
	return c
}

// throughput is the highest rate that kept its latency, with the most sessions that were tried.
func (s *Summary) throughput() crew.Check {
	c := crew.Check{Name: "Throughput with p99 < 100 ms", Want: "> 10000/s (the guide says 50000/s)", Verdict: notRun}
	most := 0
	for _, n := range s.Runs {
		r := n.Results
		if len(r.Knees) == 0 || r.Ask.Sessions < most {
			continue
		}
		most = r.Ask.Sessions
		c.Got = fmt.Sprintf("%.0f/s at %d sessions, median of %d", r.KneeRate, most, len(r.Knees))
		c.Verdict = verdictOf(r.KneeRate > 10_000)
	}
	return c
}

func (s *Summary) overhead() crew.Check {
	c := crew.Check{Name: "Performance within 5 % of native", Want: "< 5 %", Verdict: notRun}
	if o := s.Overhead; o != nil {
		c.Got = fmt.Sprintf("p50 %+.1f %%, p99 %+.1f %%, throughput %+.1f %%, CPU %+.1f %%, memory %+.1f %%", o.P50, o.P99, -o.Throughput, o.CPU, o.Memory)
		c.Verdict = verdictOf(max(o.P50, o.P99, o.Throughput, o.CPU, o.Memory) < 5)
	}
	return c
}

func (s *Summary) topology() crew.Check {
	c := crew.Check{Name: "Cluster topology verified (full mesh)", Want: "each node sees all", Verdict: notRun}
	if s.Metrics == nil || len(s.Metrics.ClusterNodes) == 0 {
		return c
	}
	all := len(s.Metrics.ClusterNodes)
	seeing := 0
	for _, n := range s.Metrics.ClusterNodes {
		if n.Members == all {
			seeing++
		}
	}
	c.Got, c.Verdict = fmt.Sprintf("%d of %d nodes see %d", seeing, all, all), verdictOf(seeing == all)
	return c
}

func (s *Summary) health() crew.Check {
	c := crew.Check{Name: "Health checks passing", Want: "each node healthy", Verdict: notRun}
	if s.Metrics == nil || len(s.Metrics.ClusterNodes) == 0 {
		return c
	}
	healthy := 0
	for _, n := range s.Metrics.ClusterNodes {
		if n.Health == "healthy" {
			healthy++
		}
	}
	all := len(s.Metrics.ClusterNodes)
	c.Got, c.Verdict = fmt.Sprintf("%d of %d", healthy, all), verdictOf(healthy == all)
	return c
}

func (s *Summary) recovery() crew.Check {
	c := crew.Check{Name: "Failure recovery confirmed", Want: "all sessions back, nothing wrong", Verdict: notRun}
	var got []string
	met := true
	for _, n := range s.Runs {
		name, ok := strings.CutPrefix(n.Name, "recovery-")
		if !ok {
			continue
		}
		text := name + " failed"
		if !n.Results.Failed() {
			text = name + " passed"
		}
		for _, p := range n.Results.Phases {
			if p.Recovered > 0 {
				text += ", whole after " + p.Recovered.Round(time.Second).String()
			}
		}
		met = met && !n.Results.Failed()
		got = append(got, text)
	}
	if len(got) > 0 {
		c.Got, c.Verdict = strings.Join(got, "; "), verdictOf(met)
	}
	return c
}

func (s *Summary) degradation() crew.Check {
	c := crew.Check{Name: "Graceful degradation verified", Want: "overload and a stalled node: nothing wrong, whole afterwards", Verdict: notRun}
	r := s.run("stress")
	if r == nil {
		return c
	}
	var got []string
	for _, p := range r.Phases {
		n := p.Load.Counts
		if p.Ran() && p.Phase.Strained {
			got = append(got, fmt.Sprintf("%s: %d of %d right, %d refused, %d lost, %d wrong", p.Phase.Name, n.Right, n.Scheduled, n.Failed, n.Lost+n.Unsent, n.Wrong+n.Doubled+n.Stray))
		}
	}
	c.Got, c.Verdict = strings.Join(got, "; "), verdictOf(!r.Failed())
	return c
}
