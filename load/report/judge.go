package report

import (
	"fmt"
	"slices"

	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
)

// guideTargets are those of the deployment guide, with 100,000 connections in mind.
var guideTargets = []struct{ name, threshold string }{
	{"P50 latency", "p50<50ms"}, {"P99 latency", "p99<100ms"}, {"Max latency", "max<200ms"}, {"Throughput", "rate>10k"},
	{"Memory a node", "memory<2GiB"}, {"CPU a node", "cpu<80%"},
}

// Rules say what fails a run.
type Rules struct {
	Thresholds []Threshold
	Targets    bool           // a missed target of the guide fails the run as well
	OverLimit  crew.OverLimit // OverSkip: phases that limits do not allow do not fail it
}

// Judge fills in the checks of results: the calls' correctness, the rules, the guide's targets.
func Judge(r *crew.Results, rules Rules) {
	r.Checks = nil
	for i := range r.Phases {
		r.Checks = append(r.Checks, phaseChecks(&r.Phases[i], rules)...)
	}
	if len(r.Phases) == 0 && len(r.Profile.Phases) > 0 {
		r.Checks = append(r.Checks, crew.Check{Name: "the profile", Want: "runs", Got: "no phase ended", Verdict: crew.Missed, Required: true})
	}
	for _, t := range rules.Thresholds {
		c := worst(r, t)
		c.Name, c.Want, c.Required = "threshold", t.text, true
		r.Checks = append(r.Checks, c)
	}
	r.Checks = append(r.Checks, targetChecks(r, rules.Targets)...)
}

func phaseChecks(p *crew.PhaseResult, rules Rules) []crew.Check {
	name := "phase " + p.Phase.Name
	if !p.Ran() {
		verdict := crew.Missed
		if rules.OverLimit == crew.OverSkip {
			verdict = crew.NotMeasured
		}
		return []crew.Check{{Name: name, Want: "runs", Got: p.NotRun, Verdict: verdict, Required: verdict == crew.Missed}}
	}
	c := &p.Load.Counts
	w := &p.Load.Warmup
	untrue := c.Wrong + c.Doubled + c.Stray + w.Wrong
	checks := []crew.Check{
		bound(name+": sessions", fmt.Sprint(p.Phase.Sessions), setUps(p.Connect), p.Connect.Ready == p.Phase.Sessions),
		bound(name+": wrong, doubled or stray answers", "0", fmt.Sprint(untrue), untrue == 0),
	}
	switch {
	case p.Phase.Fault:
		got := fmt.Sprintf("%d at the end", p.Load.Ready)
		if p.Recovered > 0 {
			got += fmt.Sprintf(", whole again after %v", p.Recovered)
		}
		checks = append(checks, bound(name+": sessions after the fault", fmt.Sprint(p.Phase.Sessions), got, p.Load.Ready == p.Phase.Sessions))
	case p.Phase.Strained:
	case !slices.ContainsFunc(rules.Thresholds, func(t Threshold) bool { return t.measure == "errors" || t.measure == "lost" }):
		checks = append(checks, bound(name+": calls without a right answer", "0",
			fmt.Sprintf("%d of %d", c.Bad(), c.Scheduled), c.Bad() == 0))
	}
	return checks
}

// setUps says in a line how a ramp went.
func setUps(r load.ConnectResult) string {
	text := fmt.Sprintf("%d, %d set-ups failed", r.Ready, r.Failed)
	if r.Lost > 0 {
		text += fmt.Sprintf(", %d sessions broke meanwhile", r.Lost)
	}
	return text
}

func bound(name, want, got string, met bool) crew.Check {
	c := crew.Check{Name: name, Want: want, Got: got, Verdict: crew.Missed, Required: true}
	if met {
		c.Verdict = crew.Met
	}
	return c
}

// worst checks a threshold in every phase that was not meant to hurt.
func worst(r *crew.Results, t Threshold) crew.Check {
	c := crew.Check{Got: "-", Verdict: crew.NotMeasured}
	far, phase := 0.0, ""
	for i := range r.Phases {
		p := &r.Phases[i]
		if !p.Ran() || p.Phase.Strained {
			continue
		}
		if v, ok := t.of(p); ok && (phase == "" || t.worse(v, far)) {
			far, phase = v, p.Phase.Name
		}
	}
	if phase == "" {
		return c
	}
	c.Got = t.format(far) + " (" + phase + ")"
	c.Verdict = crew.Missed
	if t.holds(far) {
		c.Verdict = crew.Met
	}
	return c
}

// targetChecks compares the guide's targets with the phase of the most sessions.
func targetChecks(r *crew.Results, required bool) []crew.Check {
	var largest *crew.PhaseResult
	for i := range r.Phases {
		p := &r.Phases[i]
		if p.Ran() && !p.Phase.Strained && (largest == nil || p.Phase.Sessions >= largest.Phase.Sessions) {
			largest = p
		}
	}
	var out []crew.Check
	for _, g := range guideTargets {
		t, err := ParseThreshold(g.threshold)
		if err != nil {
			continue // the table is checked by a test
		}
		c := crew.Check{Name: "guide: " + g.name, Want: t.op + " " + t.format(t.value), Got: "-", Verdict: crew.NotMeasured}
		if largest == nil {
			out = append(out, c)
			continue
		}
		v, ok := t.of(largest)
		switch {
		case !ok:
		case t.measure == "rate" && !t.holds(largest.Phase.Rate):
			c.Got = fmt.Sprintf("%s, asked for %.0f/s only", t.format(v), largest.Phase.Rate)
		default:
			c.Got = fmt.Sprintf("%s at %d sessions", t.format(v), largest.Connect.Ready)
			c.Verdict, c.Required = crew.Missed, required
			if t.holds(v) {
				c.Verdict = crew.Met
			}
		}
		out = append(out, c)
	}
	return out
}
