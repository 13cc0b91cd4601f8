package crew

import (
	"fmt"
	"time"
)

// Knee searches the highest rate of calls at which a server keeps its latency: it doubles the rate until a
// probe fails, then halves the gap.
type Knee struct {
	Base      Phase         // sessions, warm-up and duration of a probe; Rate is that of the first
	P99       time.Duration // a probe holds while p99 stays under it and each call is answered rightly
	Precision float64       // the search ends when the gap is this share of the rate; default 0.05
	MaxProbes int           // default 20
}

// Next is the probe after those done; ok is false when the search has ended.
func (k Knee) Next(done []PhaseResult) (Phase, bool) {
	if k.MaxProbes == 0 {
		k.MaxProbes = 20
	}
	if k.Precision == 0 {
		k.Precision = 0.05
	}
	p := k.Base
	p.Strained = true // a probe may fail
	good, bad := k.bounds(done)
	switch {
	case len(done) >= k.MaxProbes || len(done) > 0 && !done[len(done)-1].Ran():
		return p, false
	case len(done) == 0:
	case bad == 0:
		p.Rate = good * 2
	case good == 0:
		p.Rate = bad / 2
		if p.Rate < 1 {
			return p, false
		}
	case bad-good <= k.Precision*good:
		return p, false
	default:
		p.Rate = (good + bad) / 2
	}
	p.Name = fmt.Sprintf("%.0f/s", p.Rate)
	return p, true
}

// Found is the highest rate that held; 0 if none did.
func (k Knee) Found(done []PhaseResult) float64 {
	good, _ := k.bounds(done)
	return good
}

// bounds are the highest rate that held below the lowest one that did not, and that one; 0 is unknown.
func (k Knee) bounds(done []PhaseResult) (good, bad float64) {
	for i := range done {
		if p := &done[i]; p.Ran() && !k.holds(p) && (bad == 0 || p.Phase.Rate < bad) {
			bad = p.Phase.Rate
		}
	}
	for i := range done {
		if p := &done[i]; p.Ran() && k.holds(p) && p.Phase.Rate > good && (bad == 0 || p.Phase.Rate < bad) {
			good = p.Phase.Rate
		}
	}
	return good, bad
}

func (k Knee) holds(p *PhaseResult) bool {
	return p.Load.Latency.Count() > 0 && p.Load.Counts.Bad() == 0 && p.Load.Latency.Quantile(99) < k.P99
}
