package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/erlmcp/erlmcp/load/crew"
)

// tolerance is how far two runs of one thing may lie apart on a shared machine.
const tolerance = 0.15

// Compare writes what two runs have in common, phase by phase: both values, their ratio, and whether b is
// better or worse than a beyond what chance and a machine's noise explain. It returns how many measures are
// worse.
func Compare(w io.Writer, a, b *crew.Results) (worse int, err error) {
	t := table{Title: "A against B", Head: []string{"phase", "measure", "A", "B", "B/A", ""},
		Note: fmt.Sprintf("Same means within %.0f %%, or not told apart by the seconds of the runs (Mann-Whitney, p >= 0.05).", tolerance*100)}
	for i := range a.Phases {
		pa := &a.Phases[i]
		at := slices.IndexFunc(b.Phases, func(p crew.PhaseResult) bool { return p.Phase.Name == pa.Phase.Name })
		if at < 0 || !pa.Ran() || !b.Phases[at].Ran() {
			t.row(pa.Phase.Name, "-", "", "", "", "not run in both")
			continue
		}
		worse += comparePhase(&t, pa, &b.Phases[at], a, b)
	}
	_, err = w.Write(tableText(t))
	return worse, err
}

func comparePhase(t *table, pa, pb *crew.PhaseResult, a, b *crew.Results) (worse int) {
	for _, m := range []struct {
		threshold string
		of        func(crew.Second) float64 // nil: there is no series of it
	}{
		{"p50<0", func(s crew.Second) float64 { return s.P50 }}, {"p99<0", func(s crew.Second) float64 { return s.P99 }},
		{"max<0", func(s crew.Second) float64 { return s.Max }}, {"rate>0", func(s crew.Second) float64 { return float64(s.Right) }},
		{"connect_p99<0", nil}, {"errors<0", nil}, {"memory<0", nil}, {"cpu<0", nil},
	} {
		th, err := ParseThreshold(m.threshold)
		if err != nil {
			continue
		}
		va, oka := th.of(pa)
		vb, okb := th.of(pb)
		if !oka || !okb {
			continue
		}
		verdict := "same"
		switch far := math.Abs(vb-va) > tolerance*va; {
		case !far:
		case m.of != nil && !apart(secondsOf(a, pa.Phase.Name, m.of), secondsOf(b, pb.Phase.Name, m.of)):
		case th.worse(vb, va):
			verdict = "worse"
			worse++
		default:
			verdict = "better"
		}
		ratio := "-"
		if va > 0 {
			ratio = fmt.Sprintf("%.2f", finite(vb/va))
		}
		t.row(pa.Phase.Name, th.measure, th.format(va), th.format(vb), ratio, verdict)
	}
	return worse
}

// secondsOf are the seconds in which a phase called, by the marks of its beginning and its end.
func secondsOf(r *crew.Results, phase string, of func(crew.Second) float64) []float64 {
	from, to := int64(math.MaxInt64), int64(math.MaxInt64)
	for i, m := range r.Marks {
		if m.Text == phase+": calls" {
			from = m.Second
			for _, next := range r.Marks[i+1:] {
				if next.Second > from && to == math.MaxInt64 {
					to = next.Second
				}
			}
		}
	}
	var out []float64
	for _, s := range r.Series {
		if s.Second >= from && s.Second < to && s.Right > 0 {
			out = append(out, of(s))
		}
	}
	return out
}

// apart is the test of Mann and Whitney in its normal approximation, both sides, at 5 %. Too few values are
// never told apart by it and count as apart, since the tolerance has spoken.
func apart(a, b []float64) bool {
	const few = 5
	if len(a) < few || len(b) < few {
		return true
	}
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				u++
			case x == y:
				u += 0.5
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Abs(z) >= 1.96
}
