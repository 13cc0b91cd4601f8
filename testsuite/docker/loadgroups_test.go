package docker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/load/crew"
	"github.com/erlmcp/erlmcp/load/report"
)

// bench sets up the stages of docker-benchmark.sh for this shell: short, or with the guide's sizes.
func (sh *shell) bench(t *testing.T, flags string) {
	t.Helper()
	sh.flags, sh.logs = flags, t.TempDir()
	sh.environ = append(sh.environ, "BENCH_LOGS="+sh.logs)
	if !long() {
		sh.environ = append(sh.environ, short...)
	}
}

func long() bool { return os.Getenv("ERLMCP_DOCKER") == "long" }

// onlyLong leaves a test that takes many minutes to the long form.
func onlyLong(t *testing.T) {
	t.Helper()
	if !long() {
		t.Skip("SKIP: it takes many minutes; ERLMCP_DOCKER=long runs it")
	}
}

// stage runs a stage that has to succeed and reads the results of a run of it.
func (sh *shell) stage(t *testing.T, stage, run string) *crew.Results {
	t.Helper()
	o := sh.run(t, script+" "+sh.flags+" --"+stage)
	if o.status != 0 {
		t.Fatalf("--%s: status %d\n%s", stage, o.status, o.all())
	}
	r, err := report.Read(filepath.Join(sh.logs, run))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// nothingWrong wants every call of a phase to have ended in exactly one way, and no answer to be wrong.
func nothingWrong(t *testing.T, p *crew.PhaseResult) {
	t.Helper()
	c := p.Load.Counts
	if !c.Balanced() || c.Right == 0 || c.Wrong+c.Doubled+c.Stray > 0 || p.Load.Ready != p.Phase.Sessions {
		t.Errorf("%s: %+v, %d of %d sessions", p.Phase.Name, c, p.Load.Ready, p.Phase.Sessions)
	}
	if !p.Phase.Strained && (c.Bad() > 0 || p.Connect.Failed > 0) {
		t.Errorf("%s: %d calls without a right answer, %d set-ups failed", p.Phase.Name, c.Bad(), p.Connect.Failed)
	}
}

// loadTesting is the guide's ramp.
func loadTesting(t *testing.T, sh *shell) {
	r := sh.stage(t, "load", "load")
	want := []string{"Ramp 1", "Ramp 2"}
	if long() {
		want = []string{"Ramp 1", "Ramp 2", "Ramp 3", "Ramp 4", "Ramp 5", "Ramp 6", "Full"}
	}
	if len(r.Phases) != len(want) {
		t.Fatalf("got %d phases, want %q", len(r.Phases), want)
	}
	for i := range r.Phases {
		p := &r.Phases[i]
		if p.Phase.Name != want[i] || !p.Ran() {
			// A host that allows fewer connections says so; the phase is not made smaller.
			t.Logf("SKIP: phase %s was not run: %s", p.Phase.Name, p.NotRun)
			continue
		}
		nothingWrong(t, p)
		t.Logf("%s: %d sessions in %v, %.0f calls/s", p.Phase.Name, p.Connect.Ready, p.Connect.Elapsed, p.Load.Rate())
	}
}

// performance is what the guide measures: latency, throughput, resources, and where the limit is.
func performance(t *testing.T, sh *shell) {
	r := sh.stage(t, "sustained", "sustained")
	p := &r.Phases[0]
	nothingWrong(t, p)
	l := p.Load.Latency
	if p50, p99 := l.Quantile(50), l.Quantile(99); p50 <= 0 || p99 < p50 || l.Max() < p99 || l.Count() != int64(p.Load.Counts.Right) {
		t.Errorf("latency: p50 %v, p99 %v, max %v of %d answers", p50, p99, l.Max(), l.Count())
	}
	for _, n := range p.Nodes {
		if !n.Told || n.Memory == 0 {
			t.Errorf("node %s: %+v", n.Name, n)
		}
	}
	if knee := sh.stage(t, "knee", map[bool]string{false: "knee-100", true: "knee-10000"}[long()]); knee.KneeRate <= 0 {
		t.Errorf("no rate held: %v", knee.Knees)
	}
	sh.wants(t, script+" "+sh.flags+" --metrics", `"cluster_nodes"`)
	var m report.Metrics
	text, err := os.ReadFile(filepath.Join(sh.logs, "metrics.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || len(m.ClusterNodes) < len(nodes) {
		t.Fatalf("metrics.json: %v, %d nodes", err, len(m.ClusterNodes))
	}
	for _, n := range m.ClusterNodes {
		if n.Name == "" || !strings.HasSuffix(n.CPUPercent, "%") || n.MemoryUsage == "" || n.MemoryLimit == "" || n.Uptime == "" || n.Health != "healthy" {
			t.Errorf("metrics.json: %+v", n)
		}
	}
}

// stressTesting is churn, overload and a node that stalls.
func stressTesting(t *testing.T, sh *shell) {
	r := sh.stage(t, "stress", "stress")
	strained := 0
	for i := range r.Phases {
		p := &r.Phases[i]
		if !p.Ran() {
			t.Errorf("%s was not run: %s", p.Phase.Name, p.NotRun)
			continue
		}
		if p.Phase.Strained {
			strained++
		}
		if p.Phase.Churn > 0 && p.Load.Reconnected == 0 {
			t.Errorf("%s: no session was set up again", p.Phase.Name)
		}
		nothingWrong(t, p)
	}
	if len(r.Phases) != 5 || strained != 2 || r.Phases[3].FaultText == "" {
		t.Errorf("got %d phases, %d of them strained, fault %q", len(r.Phases), strained, r.Phases[3].FaultText)
	}
}
