package docker

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const script = "./docker/docker-benchmark.sh"

// short are the variables of docker-benchmark.sh for runs of seconds.
var short = []string{
	"BENCH_CONNECTIONS=500", "BENCH_SESSIONS=100", "BENCH_RATE=500", "BENCH_DURATION=2s", "BENCH_STEP=2s", "BENCH_SCALE=1", "BENCH_PROBE=500ms",
	"BENCH_REPEAT=1", "BENCH_FLAGS=--warmup=200ms",
}

// stageCase is a call of the script, and what it has to end with and say.
type stageCase struct {
	args   string
	status int
	words  string
}

// misuse are calls that need no cluster.
var misuse = []stageCase{
	{"", 2, "docker-benchmark.sh STAGE"},
	{"--help", 0, "Exit status: 0, 1"},
	{"--loads", 2, "--loads is not a stage"},
	{"--local", 2, "no stage is given"},
}

// stopped are the stages where no cluster runs.
var stopped = []stageCase{
	{"--load", 3, "stage load: the cluster does not run"},
	{"--knee", 3, "stage knee: the cluster does not run"},
	{"--sustained", 3, "stage sustained: the cluster does not run"},
	{"--metrics", 3, "stage metrics: the cluster does not run"},
	{"--stress", 3, "stage stress: the cluster does not run"},
	{"--recovery", 3, "stage recovery: the cluster does not run"},
	{"--report --load", 3, "start it with " + script + " --deploy"},
	{"--report", 1, "there are no results"},
	{"--clean", 0, "reports stay in"},
}

// inAnyOrder are the stages on a cluster that runs, the last ones first.
var inAnyOrder = []stageCase{
	{"--recovery", 0, "nodes are healthy and see each other"},
	{"--stress", 0, "phase fault"},
	{"--metrics", 0, `"health": "healthy"`},
	{"--sustained", 0, "phase sustained"},
	{"--knee", 0, "highest rate that held"},
	{"--load", 0, "phase Ramp 2"},
	{"--report --metrics", 0, "report/report.html"},
}

// stages runs cases and reads what each printed.
func (sh *shell) stages(t *testing.T, flags string, cases []stageCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.Join(strings.Fields(flags+" "+c.args), " "), func(t *testing.T) {
			o := sh.run(t, script+" "+flags+" "+c.args)
			if o.status != c.status || !strings.Contains(o.all(), c.words) {
				t.Errorf("status %d, want %d and %q\n%s", o.status, c.status, c.words, o.all())
			}
		})
	}
}

// TestBenchmarkStagesOnProcesses runs each stage of docker-benchmark.sh alone, on a stopped cluster and on one that
// runs, and leaves alone what it did not make.
func TestBenchmarkStagesOnProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: -short, and this takes two minutes")
	}
	binary := buildProgram(t)
	sh := &shell{environ: append(os.Environ(), short...)}
	sh.environ = append(sh.environ, "BENCH_LOGS="+t.TempDir(), "BENCH_BASE=127.26.16.1", "BENCH_BIN="+binary)
	sh.stages(t, "", misuse)
	sh.stages(t, "--local", stopped)
	sh.stages(t, "--local", []stageCase{{"--deploy", 0, "done: 4 nodes"}, {"--deploy", 0, "the cluster runs already"}})
	t.Cleanup(func() { sh.run(t, script+" --local --clean") })
	sh.stages(t, "--local", inAnyOrder)
	sh.stages(t, "--local", []stageCase{{"--clean", 0, "no node of this script runs"}, {"--load", 3, "no node answers at 127.26.16.1:8080"}})

	t.Run("another's cluster", func(t *testing.T) {
		other(t, binary, "127.26.17.1")
		sh := &shell{environ: append(sh.environ, "BENCH_LOGS="+t.TempDir(), "BENCH_BASE=127.26.17.1")}
		sh.stages(t, "--local", []stageCase{
			{"--deploy", 1, "a cluster that this script did not start"},
			{"--clean", 0, "no node of this script runs"},
			{"--metrics", 0, `"cluster_members": 2`},
		})
	})
}

// buildProgram builds erlmcp.
func buildProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "erlmcp")
	if out, err := exec.Command("go", "build", "-o", binary, root+"/cmd/erlmcp").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// other starts a cluster of two nodes as a person would, without the script.
func other(t *testing.T, binary, base string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "cluster", "--nodes", "2", "--base-address", base)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	log := &strings.Builder{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	sh := &shell{environ: os.Environ()}
	eventually(t, "a cluster of two", settle, func() (string, bool) {
		o := sh.run(t, binary+" bench metrics --over 1ms --expect-members 2 http://"+base+":8080")
		return o.all(), o.status == 0
	})
}

// TestBenchmarkStagesOnContainers does the same with an engine, with one node stopped, and beside a cluster that a
// person made with the guide's commands.
func TestBenchmarkStagesOnContainers(t *testing.T) {
	onlyLong(t)
	sh := newShell(t)
	claim(t, sh)
	build(t, sh)
	sh.bench(t, "")
	sh.stages(t, "", stopped)
	t.Cleanup(func() { sh.run(t, script+" --clean") })
	sh.stages(t, "", []stageCase{{"--deploy", 0, "done: 4 nodes"}, {"--deploy", 0, "4 nodes are healthy"}})
	sh.stages(t, "", inAnyOrder)
	sh.must(t, "docker stop -t 60 erlmcp-node2")
	sh.stages(t, "", []stageCase{
		{"--sustained", 3, "erlmcp-node2 is exited"},
		{"--deploy", 0, "4 nodes are healthy"},
		{"--clean", 0, "what this script made is gone"},
		{"--metrics", 3, "erlmcp-node1 is not there"},
	})
	if left := sh.must(t, `docker ps -aq --filter name=^erlmcp-; docker network ls -q --filter name=^erlmcp-cluster$`); left != "" {
		t.Errorf("left behind: %q", left)
	}

	t.Run("another's cluster", func(t *testing.T) {
		t.Cleanup(func() { sh.must(t, compose+" down -v --remove-orphans") })
		sh.must(t, compose+" up -d")
		meshed(t, sh, nodes...)
		healthy(t, sh, nodes...)
		sh.stages(t, "", []stageCase{
			{"--deploy", 1, "not made by this script"},
			{"--metrics", 0, `"cluster_members": 4`},
			{"--clean", 0, "left alone"},
			{"--metrics", 0, `"cluster_members": 4`},
		})
	})
}
