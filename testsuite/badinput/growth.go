package badinput

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// growthNames are the members of a case's limits that a meter checks.
var growthNames = []string{"rss_growth_mib", "fd_growth", "cpu_ms", "log_lines", "log_growth_mib"}

// meter measures what a process uses while a case runs, from /proc. On systems without it nothing is
// measured.
type meter struct {
	pid     int
	log     *logFile
	before  usage
	mark    int // length of the log at the start
	peakRSS int
	stop    chan struct{}
	done    sync.WaitGroup
}

// usage is one look at a process.
type usage struct {
	rss, highest int // KiB: resident now, and the most ever
	fds          int
	cpu          time.Duration
}

// sampling is how often the resident memory is read.
const sampling = 10 * time.Millisecond

// startMeter begins to measure; finish must follow.
func startMeter(pid int, log *logFile) *meter {
	m := &meter{pid: pid, log: log, before: readUsage(pid), stop: make(chan struct{})}
	if log != nil {
		m.mark = log.size()
	}
	m.done.Go(m.sample)
	return m
}

func (m *meter) sample() {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	for {
		m.peakRSS = max(m.peakRSS, readUsage(m.pid).rss)
		select {
		case <-m.stop:
			return
		case <-tick.C:
		}
	}
}

// finish ends the measuring and says which limits were exceeded.
func (m *meter) finish(limits map[string]float64) []string {
	after := readUsage(m.pid)
	close(m.stop)
	m.done.Wait()
	peak := max(m.peakRSS, after.rss)
	if after.highest > m.before.highest {
		peak = max(peak, after.highest)
	}
	got := map[string]float64{
		"rss_growth_mib": float64(peak-m.before.rss) / 1024,
		"fd_growth":      float64(after.fds - m.before.fds),
		"cpu_ms":         float64((after.cpu - m.before.cpu).Milliseconds()),
	}
	if m.log != nil {
		text := m.log.from(m.mark)
		got["log_lines"] = float64(bytes.Count(text, []byte("\n")))
		got["log_growth_mib"] = float64(len(text)) / (1 << 20)
	}
	var over []string
	for name, most := range limits {
		if got[name] > most {
			over = append(over, fmt.Sprintf("%s: got %.1f, want at most %.1f", name, got[name], most))
		}
	}
	return over
}

// readUsage looks at a process; what cannot be read stays zero.
func readUsage(pid int) usage {
	var u usage
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if status, err := os.ReadFile(filepath.Join(dir, "status")); err == nil {
		u.rss, u.highest = statusKiB(status, "VmRSS:"), statusKiB(status, "VmHWM:")
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "fd")); err == nil {
		u.fds = len(entries)
	}
	if stat, err := os.ReadFile(filepath.Join(dir, "stat")); err == nil {
		u.cpu = statCPU(string(stat))
	}
	return u
}

func statusKiB(status []byte, field string) int {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0]) // the kernel writes a number
			return n
		}
	}
	return 0
}

// statCPU is user and system time of /proc/PID/stat, whose clock ticks 100 times a second on Linux.
func statCPU(stat string) time.Duration {
	_, rest, ok := strings.Cut(stat, ") ") // the command's name may contain blanks
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
