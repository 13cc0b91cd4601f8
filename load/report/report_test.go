package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
)

// phase makes a phase whose calls take 1 ms each step, up to n.
func phase(name string, sessions, n int) crew.PhaseResult {
	p := crew.PhaseResult{
		Phase:   crew.Phase{Name: name, Sessions: sessions, Rate: float64(n), Duration: time.Second},
		Connect: load.ConnectResult{Asked: sessions, Ready: sessions, Elapsed: time.Second},
		Load:    load.LoadResult{Elapsed: time.Second, Ready: sessions, Counts: load.Counts{Scheduled: n, Sent: n, Right: n}, Failures: load.Failures{}},
		Nodes:   []crew.NodeUse{{Name: "n1", CPU: 42, Memory: 100 << 20, Told: true}, {Name: "n2"}},
	}
	p.Connect.Latency, p.Load.Latency, p.Load.Service, p.Load.Delay = load.NewHistogram(), load.NewHistogram(), load.NewHistogram(), load.NewHistogram()
	for i := range n {
		p.Load.Latency.Record(time.Duration(i+1) * time.Millisecond)
		p.Load.Service.Record(time.Millisecond)
		p.Load.Delay.Record(time.Microsecond)
	}
	p.Connect.Latency.Record(3 * time.Millisecond)
	return p
}

func results() *crew.Results {
	started := time.Unix(1_800_000_000, 0).UTC()
	r := &crew.Results{
		Format: crew.Format, Tool: "test", Commit: "abc", Command: []string{"erlmcp", "bench", "<&>"}, Started: started, Ended: started.Add(time.Minute),
		Machine: crew.Machine{CPU: "a processor", Cores: 2, MemoryMiB: 1000, Kernel: "6.1", Go: "go1.26", OS: "linux/amd64"},
		Ask: crew.Ask{Sessions: 20, Options: load.Options{
			Targets: []load.Target{{Name: "n1", Addr: netip.MustParseAddrPort("127.0.0.1:1")}}, Transport: load.WebSocket, Payload: 64,
		}},
		Plan: crew.Plan{Notes: []string{"asked: 20 sessions"}}, Profile: crew.Profile{Name: "test", Phases: make([]crew.Phase, 3)}, Mix: "echo",
		NotRun: []string{"phase huge: too many"},
		Nodes: []crew.Sample{{Node: "n1", CPU: time.Second, Uptime: 10 * time.Second, Memory: 100 << 20, MemoryLimit: 1 << 30, Connections: 20,
			Messages: 500, Health: "healthy"}, {Node: "n2", Health: "unreachable", Err: "refused"}},
	}
	bad := phase("hurt|1", 10, 30)
	bad.Phase.Strained, bad.Phase.Fault = true, true
	bad.Load.Counts = load.Counts{Scheduled: 33, Sent: 33, Right: 30, Lost: 2, Failed: 1, Doubled: 1}
	bad.Load.Failures.Count(load.ClassTimeout, "within 10s")
	bad.Load.Failures.Count(load.ClassTimeout, "again")
	bad.Recovered = 3 * time.Second
	r.Phases = []crew.PhaseResult{phase("small", 20, 40), bad, {Phase: crew.Phase{Name: "huge", Sessions: 1000}, NotRun: "too many"}}
	for i := range 12 {
		r.Series = append(r.Series, crew.Second{Second: started.Unix() + int64(i), Sessions: 20, Scheduled: 40, Right: 40, P50: 1, P99: float64(10 + i%3), Max: 40})
	}
	r.Marks = []crew.Mark{{Second: started.Unix(), Text: "small: calls"}}
	return r
}

func TestMarkdown(t *testing.T) {
	r := results()
	Judge(r, Rules{})
	testutil.Golden(t, "report.md", Markdown(r))
}

// TestHTMLStandsAlone: nothing is loaded, what users said is escaped, and the pictures are inside.
func TestHTMLStandsAlone(t *testing.T) {
	r := results()
	Judge(r, Rules{})
	text, err := HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	svg := regexp.MustCompile(`(?s)<svg.*?</svg>`)
	if n := len(svg.FindAll(text, -1)); n != 3 {
		t.Errorf("got %d pictures, want 3", n)
	}
	for _, loads := range []string{"<script", "<link", "src=", "href=\"http", "url(", "@import"} {
		if bytes.Contains(text, []byte(loads)) {
			t.Errorf("the page has %q", loads)
		}
	}
	testutil.Golden(t, "report.html", svg.ReplaceAll(text, []byte("<svg/>")))
}

func TestWriteAndReadBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	r := results()
	Judge(r, Rules{})
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.md", "report.html", "latency.png", "percentiles.png", "throughput.png", "results.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	metrics, err := os.ReadFile(filepath.Join(dir, "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "metrics.json", metrics)
	back, err := Read(dir)
	if err != nil || !bytes.Equal(Markdown(back), Markdown(r)) || !back.Phases[0].Load.Latency.Equal(r.Phases[0].Load.Latency) {
		t.Errorf("read back: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), []byte(`{"format":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil {
		t.Error("format 99: got no error")
	}
}

// TestSummary: several runs, the guide's criteria beside what was measured, and what was not run said so.
func TestSummary(t *testing.T) {
	r := results()
	Judge(r, Rules{})
	knee := results()
	knee.Profile = crew.Profile{Name: "find-knee", Phases: []crew.Phase{{Duration: time.Second}}}
	knee.Ask.Sessions, knee.Knees, knee.KneeRate = 20, []float64{9000, 12000, 11000}, 11000
	m := metricsOf(r)
	m.ClusterNodes[0].Members, m.ClusterNodes[1].Members = 2, 1
	s := &Summary{
		Facts:   &Facts{Where: "containers", Nodes: 6, Size: "asked: 100000 connections; done: 6 nodes", FormedS: 7, Image: "erlmcp:test", ImageBytes: 38_200_000},
		Metrics: &m, Runs: []NamedRun{{"load", r}, {"knee-20", knee}, {"stress", r}, {"recovery-restart", r}},
	}
	testutil.Golden(t, "summary.md", s.markdown())
	s.Overhead = &Overhead{P50: 1, P99: 2, Throughput: 3, CPU: 4, Memory: 4.5}
	if got := s.overhead(); got.Verdict != crew.Met {
		t.Errorf("got %+v, want met", got)
	}
	dir := t.TempDir()
	if err := WriteSummary(dir, s); err != nil {
		t.Fatal(err)
	}
	back := &Summary{}
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err == nil {
		err = json.Unmarshal(text, back)
	}
	if err != nil || !bytes.Equal(back.markdown(), s.markdown()) {
		t.Errorf("read back: %v", err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || bytes.Count(page, []byte("<h1>")) != 5 || bytes.Contains(page, []byte("<script")) {
		t.Errorf("report.html: %v, %d titles, want 5", err, bytes.Count(page, []byte("<h1>")))
	}
	for _, c := range (&Summary{}).acceptance() {
		if c.Verdict != notRun {
			t.Errorf("nothing was run: got %+v", c)
		}
	}
}

func TestEmptyResultsCanBeWritten(t *testing.T) {
	r := &crew.Results{Profile: crew.Profile{Phases: make([]crew.Phase, 1)}}
	Judge(r, Rules{})
	if err := Write(t.TempDir(), r); err != nil || !r.Failed() {
		t.Errorf("got failed %v, %v", r.Failed(), err)
	}
}

func TestThresholds(t *testing.T) {
	for _, c := range []struct{ text, verdict, got string }{
		{"p50<50ms", crew.Met, "20 ms (small)"},
		{"p99 < 10ms", crew.Missed, "40 ms (small)"},
		{"p99<=0.041s", crew.Met, ""},
		{"p99.9>39999us", crew.Met, ""},
		{"errors<0.1%", crew.Met, "0 % (small)"},
		{"lost=0", crew.Met, ""},
		{"rate>10k", crew.Missed, "40/s (small)"},
		{"rate>=40", crew.Met, ""},
		{"sessions>=20", crew.Met, ""},
		{"memory<2GiB", crew.Met, "100 MiB (small)"},
		{"memory<50MiB", crew.Missed, ""},
		{"cpu<80%", crew.Met, "42 % (small)"},
		{"connect_p99<1ms", crew.Missed, ""},
		{"service_p99<2ms", crew.Met, ""},
	} {
		th, err := ParseThreshold(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := worst(results(), th)
		if got.Verdict != c.verdict || c.got != "" && got.Got != c.got {
			t.Errorf("%s: got %+v, want %s %s", c.text, got, c.verdict, c.got)
		}
	}
	for _, text := range []string{"", "p99", "p99<", "p98<1ms", "p99<x", "p99<-1ms", "rate<5%", "<5"} {
		if _, err := ParseThreshold(text); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
	for _, g := range guideTargets {
		if _, err := ParseThreshold(g.threshold); err != nil {
			t.Errorf("target %s: %v", g.name, err)
		}
	}
}

func TestJudge(t *testing.T) {
	failed := func(change func(*crew.Results), rules Rules) string {
		r := results()
		r.Phases = r.Phases[:1]
		change(r)
		Judge(r, rules)
		var names []string
		for _, c := range r.Checks {
			if c.Required && c.Verdict != crew.Met {
				names = append(names, c.Name)
			}
		}
		return strings.Join(names, "; ")
	}
	threshold := func(text string) Rules {
		th, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		return Rules{Thresholds: []Threshold{th}}
	}
	counts := func(r *crew.Results) *load.Counts { return &r.Phases[0].Load.Counts }
	for _, c := range []struct {
		name   string
		change func(*crew.Results)
		rules  Rules
		want   string
	}{
		{"good", func(*crew.Results) {}, Rules{}, ""},
		{"lost", func(r *crew.Results) { counts(r).Right--; counts(r).Lost++ }, Rules{}, "phase small: calls without a right answer"},
		{"lost, allowed", func(r *crew.Results) { counts(r).Right--; counts(r).Lost++ }, threshold("errors<5%"), ""},
		{"lost, strained", func(r *crew.Results) { counts(r).Right--; counts(r).Lost++; r.Phases[0].Phase.Strained = true }, Rules{}, ""},
		{"doubled", func(r *crew.Results) { counts(r).Doubled++; r.Phases[0].Phase.Strained = true }, Rules{}, "phase small: wrong, doubled or stray answers"},
		{"wrong in the warm-up", func(r *crew.Results) { r.Phases[0].Load.Warmup.Wrong++ }, Rules{}, "phase small: wrong, doubled or stray answers"},
		{"sessions", func(r *crew.Results) { r.Phases[0].Connect.Ready-- }, Rules{}, "phase small: sessions"},
		{"not run", func(r *crew.Results) { r.Phases[0].NotRun = "x" }, Rules{}, "phase small"},
		{"not run, skipped", func(r *crew.Results) { r.Phases[0].NotRun = "x" }, Rules{OverLimit: crew.OverSkip}, ""},
		{"threshold not measured", func(r *crew.Results) { r.Phases[0].NotRun = "x" }, Rules{OverLimit: crew.OverSkip, Thresholds: threshold("p99<1s").Thresholds}, "threshold"},
		{"target", func(r *crew.Results) { r.Phases[0].Nodes[0].CPU = 99 }, Rules{Targets: true}, "guide: CPU a node"},
		{"target, told only", func(r *crew.Results) { r.Phases[0].Nodes[0].CPU = 99 }, Rules{}, ""},
	} {
		if got := failed(c.change, c.rules); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	a, b := results(), results()
	var out bytes.Buffer
	if worse, err := Compare(&out, a, b); err != nil || worse != 0 {
		t.Errorf("with itself: got %d worse, %v\n%s", worse, err, out.String())
	}
	b.Phases[0] = phase("small", 20, 80)
	for i := range b.Series {
		b.Series[i].P99 *= 2
	}
	out.Reset()
	worse, err := Compare(&out, a, b)
	if err != nil || worse == 0 || !strings.Contains(out.String(), "| small | p99 | 40 ms | 79 ms | 1.97 | worse |") {
		t.Errorf("twice as slow: got %d worse, %v\n%s", worse, err, out.String())
	}
}

func TestApartTellsNoiseFromChange(t *testing.T) {
	var a, same, other []float64
	for i := range 20 {
		a = append(a, float64(i%5))
		same = append(same, float64((i+2)%5))
		other = append(other, float64(i%5)+4)
	}
	for _, c := range []struct {
		b    []float64
		want bool
	}{{same, false}, {other, true}, {other[:3], true}} {
		if got := apart(a, c.b); got != c.want {
			t.Errorf("%s: got %v, want %v", fmt.Sprint(c.b), got, c.want)
		}
	}
}
