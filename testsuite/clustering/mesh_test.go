package clustering

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Nodes find each other and show it: four, eight and sixteen. What an idle node costs is measured.
func TestMesh(t *testing.T) {
	needs(t, brief)
	sizes := []int{4}
	if theForm() > brief {
		sizes = append(sizes, 8, 16)
	}
	for _, n := range sizes {
		t.Run(fmt.Sprint(n, " nodes"), func(t *testing.T) {
			c := newNodes(t, n)
			begun := time.Now()
			for _, i := range c.all() {
				c.start(i)
			}
			eventually(t, "complete", func() bool {
				return len(c.logged("cluster complete, all members are connected", begun)) == n
			})
			var r report
			last := begun
			for _, rec := range c.logged("cluster complete, all members are connected", begun) {
				if rec.Time.After(last) {
					last = rec.Time
				}
			}
			r.took("until every node has logged that the mesh is full, from the first start", last.Sub(begun))
			c.meshed(c.all()...)
			if theForm() > brief {
				c.idleCost(t, &r)
			}
			r.print(t)
		})
	}
}

// idleCost measures processor time and memory of idle nodes.
func (c *nodes) idleCost(t *testing.T, r *report) {
	t.Helper()
	wait(6 * time.Second) // of the start
	begun := time.Now()
	before := map[int]time.Duration{}
	for _, i := range c.all() {
		before[i] = c.processorTime(i)
	}
	wait(10 * time.Second)
	passed := time.Since(begun)
	var most, sum, memory float64
	for _, i := range c.all() {
		share := 100 * float64(c.processorTime(i)-before[i]) / float64(passed)
		most, sum = max(most, share), sum+share
		memory = max(memory, c.metric(i, "process_resident_memory_bytes"))
	}
	r.count("percent of a processor, the average idle node", fmt.Sprintf("%.2f", sum/float64(len(before))))
	r.count("percent of a processor, the busiest idle node", fmt.Sprintf("%.2f", most))
	r.count("MiB resident, the largest idle node", fmt.Sprintf("%.1f", memory/(1<<20)))
}

// processorTime is what the process of a node has used; 0 where that cannot be told.
func (c *nodes) processorTime(i int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.nodes[i].process().Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
