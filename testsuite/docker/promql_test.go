package docker

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// names are what an expression of PromQL reads: metrics, and the labels that it selects or groups by.
type names struct{ metrics, labels []string }

var (
	promText   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	promRange  = regexp.MustCompile(`\[[^\]]*\]`)
	promGroup  = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	promSelect = regexp.MustCompile(`\{([^}]*)\}`)
	promLabel  = regexp.MustCompile(`([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)`)
	promWord   = regexp.MustCompile(`(^|[^\w:.])([a-zA-Z_:][\w:]*)(\s*\(?)`)
)

// promWords are no metrics although they stand without a parenthesis.
var promWords = []string{"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "Inf", "NaN"}

// read finds the names in an expression. It is no parser: promtool and Prometheus check the grammar.
func read(expr string) names {
	var n names
	// Variables of Grafana stand in texts and in ranges only.
	expr = promText.ReplaceAllString(expr, "")
	expr = promRange.ReplaceAllString(expr, "")
	for _, m := range promGroup.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(m[1], ",") {
			if l = strings.TrimSpace(l); l != "" {
				n.labels = append(n.labels, l)
			}
		}
	}
	expr = promGroup.ReplaceAllString(expr, " ")
	for _, m := range promSelect.FindAllStringSubmatch(expr, -1) {
		for _, l := range promLabel.FindAllStringSubmatch(m[1], -1) {
			n.labels = append(n.labels, l[1])
		}
	}
	expr = promSelect.ReplaceAllString(expr, " ")
	for rest := expr; ; {
		m := promWord.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		word, function := rest[m[4]:m[5]], strings.HasSuffix(rest[m[6]:m[7]], "(")
		if !function && !slices.Contains(promWords, word) {
			n.metrics = append(n.metrics, word)
		}
		rest = rest[m[5]:]
	}
	return n
}

func TestReadFindsMetricsAndLabels(t *testing.T) {
	for _, c := range []struct {
		expr            string
		metrics, labels []string
	}{
		{"up", []string{"up"}, nil},
		{`up{job="a and b",x!~"c"} == 0`, []string{"up"}, []string{"job", "x"}},
		{`histogram_quantile(0.99, sum by (le, job) (rate(a_bucket{i=~"$x"}[1m])))`, []string{"a_bucket"}, []string{"le", "job", "i"}},
		{"a > 0 and on (job, instance) b < on (job) group_left () count by (job) (c)", []string{"a", "b", "c"}, []string{"job", "instance", "job", "job"}},
		{"a:b:c / -sum(d) offset 5m", []string{"a:b:c", "d"}, nil},
		{"a < Inf", []string{"a"}, nil},
		{"1e18 + time()", nil, nil},
	} {
		t.Run(c.expr, func(t *testing.T) {
			if got := read(c.expr); !slices.Equal(got.metrics, c.metrics) || !slices.Equal(got.labels, c.labels) {
				t.Errorf("got %q %q, want %q %q", got.metrics, got.labels, c.metrics, c.labels)
			}
		})
	}
}
