package operator

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/load"
)

// TestExpressionsOfTheGuide evaluates the six expressions of the deployment guide on a node with 1,000 sessions.
func TestExpressionsOfTheGuide(t *testing.T) {
	n := start(t)
	empty := n.measure()
	n.clients(1000)

	if got := n.eval("nodes()."); got != "[]" {
		t.Errorf("a node alone sees %s", got)
	}
	if got := n.eval("erlang:system_info(garbage_collection)."); !regexp.MustCompile(`^\[\{max_heap_size,\d+\},\{min_bin_vheap_size,\d+\},\{min_heap_size,\d+\},\{fullsweep_after,0\}\]$`).MatchString(got) {
		t.Errorf("garbage_collection is %s", got)
	}
	if got, err := strconv.Atoi(n.eval("erlang:statistics(run_queue).")); err != nil || got < 0 {
		t.Errorf("run_queue is %d, %v", got, err)
	}
	t.Run("memory", func(t *testing.T) { memoryFollows(t, n, empty) })
	t.Run("proc_count", func(t *testing.T) { busiestAreNamed(t, n, 1000) })
}

// TestNodesOfACluster sees another node where there is one.
func TestNodesOfACluster(t *testing.T) {
	n := startPair(t)
	if got := n.eval("nodes()."); !regexp.MustCompile(`^\['node2@[0-9.]+'\]$`).MatchString(got) {
		t.Errorf("got %s", got)
	}
}

// memoryFollows compares erlang:memory() with what the kernel says of the process: without sessions, with 1,000,
// and after a collection. All that the runtime has is anonymous memory; the rest of what is resident is the
// program's file.
func memoryFollows(t *testing.T, n *node, empty measure) {
	full := n.measure()
	freed, err := strconv.Atoi(n.eval("erlang:garbage_collect_all()."))
	if err != nil || freed < 0 {
		t.Errorf("garbage_collect_all: got %d, %v", freed, err)
	}
	swept := n.measure()
	t.Logf("empty %+v, full %+v, freed %d, swept %+v", empty, full, freed, swept)

	const slack = 8 << 20 // allocated or given back between the two questions, or mapped and not yet touched
	for name, m := range map[string]measure{"empty": empty, "full": full, "swept": swept} {
		if m.total > m.resident {
			t.Errorf("%s: memory says %d, the process has only %d", name, m.total, m.resident)
		}
		if d := m.total - m.anonymous; d < -slack || d > slack {
			t.Errorf("%s: memory says %d, the kernel %d", name, m.total, m.anonymous)
		}
	}
	if full.total <= empty.total || full.resident <= empty.resident {
		t.Errorf("1,000 sessions take no memory: %+v, %+v", empty, full)
	}
	if swept.resident > full.resident+slack/4 {
		t.Errorf("after a collection the process has %d, before %d", swept.resident, full.resident)
	}
}

// busiestAreNamed lets ten new sessions work: each has more calls than the idle ones have messages.
func busiestAreNamed(t *testing.T, n *node, idle int) {
	busy := n.clients(10)
	if r, err := busy.Load(context.Background(), load.Load{Rate: 2000, Duration: time.Second}); err != nil || r.Counts.Right != r.Counts.Scheduled {
		t.Fatalf("calls: %+v, %v", r.Counts, err)
	}
	named := strings.Split(strings.Trim(n.eval(fmt.Sprintf("[maps:get(pid, S) || S <- lists:nthtail(%d, erlmcp:sessions())].", idle)), "[]"), ",")
	top := n.eval("recon:proc_count(reductions, 10).")
	if len(named) != 10 {
		t.Fatalf("got %d sessions beside the idle ones, want 10", len(named))
	}
	for _, pid := range named {
		m := regexp.MustCompile(regexp.QuoteMeta("{"+pid+",") + `(\d+),\[`).FindStringSubmatch(top)
		if m == nil {
			t.Errorf("the busy session %s is not among the first ten: %s", pid, top)
		} else if reductions, _ := strconv.Atoi(m[1]); reductions < 100 {
			t.Errorf("%s has %d reductions after some 200 calls", pid, reductions)
		}
	}
	if rows := strings.Count(top, "{current_function,"); rows != 10 {
		t.Errorf("got %d rows, want 10", rows)
	}
}

// measure is the memory of a node, in bytes, as erlang:memory() and the kernel tell it.
type measure struct{ total, resident, anonymous int }

// measure evaluates erlang:memory() and checks that its parts add up.
func (n *node) measure() measure {
	n.tb.Helper()
	parts := map[string]int{}
	for _, m := range regexp.MustCompile(`\{(\w+),(\d+)\}`).FindAllStringSubmatch(n.eval("erlang:memory()."), -1) {
		parts[m[1]], _ = strconv.Atoi(m[2])
	}
	if len(parts) != 9 || parts["total"] != parts["processes"]+parts["system"] || parts["processes_used"] > parts["processes"] || parts["processes_used"] == 0 {
		n.tb.Errorf("memory does not add up: %v", parts)
	}
	return measure{total: parts["total"], resident: n.status("VmRSS"), anonymous: n.status("RssAnon")}
}

// status is a figure of the process as the kernel tells it, in bytes.
func (n *node) status(key string) int {
	n.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.process.Pid))
	if err != nil {
		n.tb.Skipf("SKIP: no /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+key+":")
	line, _, _ := strings.Cut(rest, " kB\n")
	kilobytes, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		n.tb.Skipf("SKIP: the kernel does not tell %s: %v", key, err)
	}
	return kilobytes << 10
}
