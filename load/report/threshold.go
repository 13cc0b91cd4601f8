package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load/crew"
)

// Threshold is a bound on a measure, such as p99<100ms.
type Threshold struct {
	text    string
	measure string
	op      string
	value   float64
	percent bool // of the scheduled calls
}

// measures are what a threshold may name. Durations are in milliseconds, memory in bytes.
var measures = []string{"p50", "p90", "p95", "p99", "p99.9", "mean", "max", "service_p99", "connect_p99", "rate", "errors", "lost", "wrong",
	"doubled", "sessions", "memory", "cpu"}

// ParseThreshold reads MEASURE OP VALUE: OP is one of < <= > >= =, VALUE a number with an optional unit (us, ms,
// s; k; KiB, MiB, GiB; %).
func ParseThreshold(text string) (Threshold, error) {
	at := strings.IndexAny(text, "<>=")
	if at < 0 {
		return Threshold{}, fmt.Errorf("report: threshold %q: want something like p99<100ms", text)
	}
	t := Threshold{text: strings.ReplaceAll(text, " ", ""), measure: strings.TrimSpace(text[:at])}
	rest := text[at:]
	t.op = rest[:1]
	if len(rest) > 1 && rest[1] == '=' && rest[0] != '=' {
		t.op = rest[:2]
	}
	if !slices.Contains(measures, t.measure) {
		return Threshold{}, fmt.Errorf("report: threshold %q: %q is none of %s", text, t.measure, strings.Join(measures, ", "))
	}
	var err error
	if t.value, t.percent, err = parseValue(strings.TrimSpace(rest[len(t.op):])); err != nil {
		return Threshold{}, fmt.Errorf("report: threshold %q: %v", text, err)
	}
	if t.percent && !slices.Contains([]string{"errors", "lost", "wrong", "doubled", "cpu"}, t.measure) {
		return Threshold{}, fmt.Errorf("report: threshold %q: %s is no share", text, t.measure)
	}
	return t, nil
}

// units in the order in which they are tried: the longer first.
var units = []struct {
	name   string
	factor float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"us", 0.001}, {"µs", 0.001}, {"ms", 1}, {"s", 1000}, {"k", 1000}, {"K", 1000}, {"%", 1},
}

func parseValue(text string) (value float64, percent bool, err error) {
	factor := 1.0
	for _, u := range units {
		if number, ok := strings.CutSuffix(text, u.name); ok {
			text, factor, percent = strings.TrimSpace(number), u.factor, u.name == "%"
			break
		}
	}
	value, err = strconv.ParseFloat(text, 64)
	if err != nil || value < 0 {
		return 0, false, fmt.Errorf("%q is not a number with a unit", text)
	}
	return value * factor, percent, nil
}

func (t Threshold) holds(v float64) bool {
	switch t.op {
	case "<":
		return v < t.value
	case "<=":
		return v <= t.value
	case ">":
		return v > t.value
	case ">=":
		return v >= t.value
	}
	return v == t.value
}

// worse reports whether a is further from the threshold's good side than b.
func (t Threshold) worse(a, b float64) bool {
	if t.op[0] == '>' {
		return a < b
	}
	return a > b
}

// of is the measure in a phase; ok is false where it was not measured.
func (t Threshold) of(p *crew.PhaseResult) (v float64, ok bool) {
	l := &p.Load
	ms := func(d time.Duration) (float64, bool) { return toMS(d), l.Counts.Right > 0 }
	count := func(n int) (float64, bool) {
		if t.percent && l.Counts.Scheduled > 0 {
			return 100 * float64(n) / float64(l.Counts.Scheduled), true
		}
		return float64(n), l.Counts.Scheduled > 0
	}
	switch t.measure {
	case "mean":
		return ms(l.Latency.Mean())
	case "max":
		return ms(l.Latency.Max())
	case "service_p99":
		return ms(l.Service.Quantile(99))
	case "connect_p99":
		return toMS(p.Connect.Latency.Quantile(99)), p.Connect.Latency.Count() > 0
	case "rate":
		return l.Rate(), l.Counts.Scheduled > 0
	case "errors":
		return count(l.Counts.Bad())
	case "lost":
		return count(l.Counts.Lost + l.Counts.Unsent)
	case "wrong":
		return count(l.Counts.Wrong + l.Counts.Stray)
	case "doubled":
		return count(l.Counts.Doubled)
	case "sessions":
		return float64(p.Connect.Ready), true
	case "memory", "cpu":
		return ofNodes(p.Nodes, t.measure)
	}
	q, _ := strconv.ParseFloat(t.measure[1:], 64)
	return ms(l.Latency.Quantile(q))
}

// ofNodes is the most of all nodes.
func ofNodes(nodes []crew.NodeUse, measure string) (v float64, ok bool) {
	for _, n := range nodes {
		if !n.Told {
			continue
		}
		ok = true
		if measure == "cpu" {
			v = max(v, n.CPU)
		} else {
			v = max(v, float64(n.Memory))
		}
	}
	return v, ok
}

// format writes a value of the measure for people.
func (t Threshold) format(v float64) string {
	switch {
	case t.percent && t.measure != "cpu":
		return fmt.Sprintf("%.3g %%", v)
	case t.measure == "cpu":
		return fmt.Sprintf("%.0f %%", v)
	case t.measure == "memory":
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	case t.measure == "rate":
		return fmt.Sprintf("%.0f/s", v)
	case slices.Contains([]string{"errors", "lost", "wrong", "doubled", "sessions"}, t.measure):
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g ms", v)
}

func toMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
