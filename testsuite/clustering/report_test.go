package clustering

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// report is a table of what a test measured with one seed. It goes into the summary, too.
type report struct {
	fault string // such as "R-01"
	seed  uint64
	rows  []string
}

func (r *report) took(what string, d time.Duration) { r.within(what, d, 0) }

// within is took with the bar that the time is held against, in the tables only: a busy machine is slow. Of
// several times of one kind the summary has the longest.
func (r *report) within(what string, d, bar time.Duration) {
	r.rows = append(r.rows, fmt.Sprintf("%10v  %s", d.Round(time.Millisecond), what))
	limit := ""
	if bar > 0 {
		limit = bar.String()
	}
	summary.put(r, what, limit, func(c cell) cell {
		d := max(d, c.longest)
		return cell{text: d.Round(time.Millisecond).String(), longest: d, over: bar > 0 && d > bar}
	})
}

func (r *report) count(what string, n any) {
	r.rows = append(r.rows, fmt.Sprintf("%10v  %s", n, what))
	summary.put(r, what, "", func(c cell) cell { return cell{text: strings.TrimPrefix(c.text+", "+fmt.Sprint(n), ", ")} })
}

// zero is a count that has to be 0; the checks of the test say which ones were not.
func (r *report) zero(what string, n int) {
	r.rows = append(r.rows, fmt.Sprintf("%10d  %s", n, what))
	summary.put(r, what, "0", func(cell) cell { return cell{text: fmt.Sprint(n), over: n > 0} })
}

func (r *report) print(t *testing.T) {
	t.Helper()
	t.Logf("measured\n%s", strings.Join(r.rows, "\n"))
}

// cell is what one seed measured of something.
type cell struct {
	text    string
	longest time.Duration
	over    bool // the bar
}

// line is something that is measured, for each seed.
type line struct {
	fault, what, bar string
	cells            map[uint64]cell
}

// books are what all tests so far have measured, in the order in which it came up.
type books struct {
	mu    sync.Mutex
	lines []*line
}

var summary books

func (b *books) put(r *report, what, bar string, next func(cell) cell) {
	if r.fault == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.lines, func(l *line) bool { return l.fault == r.fault && l.what == what })
	if i < 0 {
		i = len(b.lines)
		b.lines = append(b.lines, &line{r.fault, what, bar, map[uint64]cell{}})
	}
	b.lines[i].cells[r.seed] = next(b.lines[i].cells[r.seed])
}

// table is the summary with a column for each seed; "!" is over the bar.
func (b *books) table(columns []uint64) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	fmt.Fprintf(&out, "%-9s %-66s %6s", "fault", "measured", "bar")
	for _, s := range columns {
		fmt.Fprintf(&out, " %12s", fmt.Sprint("seed ", s))
	}
	lines := slices.Clone(b.lines)
	slices.SortStableFunc(lines, func(a, b *line) int { return strings.Compare(a.fault, b.fault) })
	for _, l := range lines {
		fmt.Fprintf(&out, "\n%-9s %-66s %6s", l.fault, l.what, l.bar)
		for _, s := range columns {
			c, mark := l.cells[s], ""
			if c.over {
				mark = "!"
			}
			fmt.Fprintf(&out, " %12s", c.text+mark)
		}
	}
	return out.String()
}

// summed is the tests with the summary behind them.
type summed struct{ *testing.M }

// Run implements goleak.TestingM.
func (m summed) Run() int {
	code := m.M.Run()
	seen := map[uint64]bool{}
	for _, l := range summary.lines {
		for s := range l.cells {
			seen[s] = true
		}
	}
	if len(seen) > 0 {
		_, _ = fmt.Fprintln(os.Stdout, summary.table(slices.Sorted(maps.Keys(seen)))) // for people
	}
	return code
}
