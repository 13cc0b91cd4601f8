package clustering

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// report is a table of what a test measured.
type report struct{ rows []string }

func (r *report) took(what string, d time.Duration) {
	r.rows = append(r.rows, fmt.Sprintf("%10v  %s", d.Round(time.Millisecond), what))
}

func (r *report) count(what string, n any) { r.rows = append(r.rows, fmt.Sprintf("%10v  %s", n, what)) }

func (r *report) print(t *testing.T) {
	t.Helper()
	t.Logf("measured\n%s", strings.Join(r.rows, "\n"))
}
