package crew

import (
	"fmt"
	"slices"
	"time"
)

// Knee searches the highest rate of calls at which a server keeps its latency: it doubles the rate until a
// probe fails, then halves the gap. Repeat makes more searches, each from the rate that the one before found.
type Knee struct {
	Base      Phase         // sessions, warm-up and duration of a probe; Rate is that of the first
	P99       time.Duration // a probe holds while p99 stays under it, no session is missing and each call is answered rightly
	Precision float64       // a search ends when the gap is this share of the rate; default 0.05
	MaxProbes int           // of a search; default 20
	Repeat    int           // searches; default 1
}

// Next is the probe after those done; ok is false when the last search has ended.
func (k Knee) Next(done []PhaseResult) (Phase, bool) {
	if len(done) == 0 {
		return k.probe(k.Base.Rate, 1), true
	}
	last := &done[len(done)-1]
	if !last.Ran() {
		return Phase{}, false
	}
	search := last.Phase.Search
	of := searched(done, search)
	if rate, more := k.rate(of); more {
		return k.probe(rate, search), true
	}
	if found, _ := k.bounds(of); search < k.Repeat && found > 0 {
		return k.probe(found, search+1), true
	}
	return Phase{}, false
}

func (k Knee) probe(rate float64, search int) Phase {
	p := k.Base
	p.Strained = true // a probe may fail
	p.Search, p.Rate = search, rate
	p.Name = fmt.Sprintf("%d: %.0f/s", search, rate)
	return p
}

// rate is what a search tries next; more is false when it has ended.
func (k Knee) rate(done []PhaseResult) (rate float64, more bool) {
	most, precision := either(k.MaxProbes, 20), either(k.Precision, 0.05)
	good, bad := k.bounds(done)
	switch {
	case len(done) >= most:
		return 0, false
	case bad == 0:
		return good * 2, true
	case good == 0:
		return bad / 2, bad/2 >= 1
	}
	return (good + bad) / 2, bad-good > precision*good
}

// searched are the probes of one search.
func searched(done []PhaseResult, search int) []PhaseResult {
	return slices.DeleteFunc(slices.Clone(done), func(p PhaseResult) bool { return p.Phase.Search != search })
}

// Found is the highest rate that held in each search; 0 where none did.
func (k Knee) Found(done []PhaseResult) []float64 {
	var out []float64
	for search := 1; ; search++ {
		of := searched(done, search)
		if len(of) == 0 {
			return out
		}
		good, _ := k.bounds(of)
		out = append(out, good)
	}
}

// Median is the middle of some values, the lower one of two; 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
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
	return p.Connect.Ready >= p.Phase.Sessions && p.Load.Latency.Count() > 0 && p.Load.Counts.Bad() == 0 && p.Load.Latency.Quantile(99) < k.P99
}
