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
	n.clients(1000)

	if got := n.eval("nodes()."); got != "[]" {
		t.Errorf("a node alone sees %s", got)
	}
	if got := n.eval("erlang:system_info(garbage_collection)."); !regexp.MustCompile(`^\[\{max_heap_size,\d+\},\{min_bin_vheap_size,\d+\},\{min_heap_size,\d+\},\{fullsweep_after,0\}\]$`).MatchString(got) {
		t.Errorf("garbage_collection is %s", got)
	}
	if _, err := strconv.Atoi(n.eval("erlang:garbage_collect_all().")); err != nil {
		t.Errorf("garbage_collect_all: %v", err)
	}
	memory := n.memory()
	if memory["total"] != memory["processes"]+memory["system"] {
		t.Errorf("memory does not add up: %v", memory)
	}
	if resident := n.resident(); memory["total"] > resident*2 || memory["total"] < resident/8 {
		t.Errorf("memory says %d, the process has %d resident", memory["total"], resident)
	}
	if got, err := strconv.Atoi(n.eval("erlang:statistics(run_queue).")); err != nil || got < 0 {
		t.Errorf("run_queue is %d, %v", got, err)
	}

	// The sessions of a second fleet are the busiest: each has more calls than the idle ones have messages.
	before := n.eval("length(erlmcp:sessions()).")
	busy := n.clients(10)
	if r, err := busy.Load(context.Background(), load.Load{Rate: 2000, Duration: time.Second}); err != nil || r.Counts.Right != r.Counts.Scheduled {
		t.Fatalf("calls: %+v, %v", r.Counts, err)
	}
	named := n.eval("[maps:get(pid, S) || S <- lists:nthtail(" + before + ", erlmcp:sessions())].")
	top := n.eval("recon:proc_count(reductions, 10).")
	for _, pid := range strings.Split(strings.Trim(named, "[]"), ",") {
		if !strings.Contains(top, "{"+pid+",") {
			t.Errorf("the busy session %s is not among the first ten: %s", pid, top)
		}
	}
	if got := n.eval("length(erlmcp:sessions())."); got != "1010" {
		t.Errorf("%s sessions, want 1010", got)
	}
}

// memory is erlang:memory().
func (n *node) memory() map[string]int {
	n.tb.Helper()
	parts := map[string]int{}
	for _, m := range regexp.MustCompile(`\{(\w+),(\d+)\}`).FindAllStringSubmatch(n.eval("erlang:memory()."), -1) {
		parts[m[1]], _ = strconv.Atoi(m[2])
	}
	if len(parts) != 9 {
		n.tb.Fatalf("memory has %d parts: %v", len(parts), parts)
	}
	return parts
}

// resident is the resident memory of the process, in bytes.
func (n *node) resident() int {
	n.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", n.process.Pid))
	if err != nil {
		n.tb.Skipf("SKIP: no /proc: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		n.tb.Fatal(err)
	}
	return pages * os.Getpagesize()
}
