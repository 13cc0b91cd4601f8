package docker

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/mcp"
)

// registry is the series there are: metric names with their labels.
type registry map[string][]string

// targetLabels come with the scrape, or with a histogram.
var targetLabels = []string{"job", "instance", "le", "quantile"}

// documented reads docs/metrics.md, which a test of package metrics compares with the code.
func documented(t *testing.T) registry {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := make(registry)
	note := regexp.MustCompile(`\([^)]*\)`) // the values of a label
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.Contains(cells[1], "_") {
			continue
		}
		var labels []string
		for l := range strings.SplitSeq(note.ReplaceAllString(cells[3], ""), ";") {
			if l = strings.TrimSpace(l); l != "" {
				labels = append(labels, l)
			}
		}
		out.add(strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), labels)
	}
	if len(out) < 20 {
		t.Fatalf("only %d metrics in docs/metrics.md", len(out))
	}
	return out
}

// add knows the series that a histogram is stored as.
func (r registry) add(name, kind string, labels []string) {
	r[name] = labels
	if kind == "histogram" || kind == "summary" {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			r[name+suffix] = labels
		}
	}
}

// scrape adds what a node serves beside its own metrics: the series of the Go runtime and of the process.
func (r registry) scrape(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	node, err := erlmcp.New(mcp.NewServer(&mcp.Implementation{Name: "metrics", Version: "1"}, nil),
		erlmcp.Options{HTTP: erlmcp.HTTP{Listener: ln}, Drain: erlmcp.Drain{Spread: -1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	client := http.Client{}
	defer client.CloseIdleConnections()
	status, text := exchange(t, &client, http.MethodGet, "http://"+ln.Addr().String()+"/metrics", "")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d", status)
	}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 4 && f[1] == "TYPE" && r[f[2]] == nil && !strings.HasPrefix(f[2], "erlmcp_") {
			r.add(f[2], f[3], nil)
		}
	}
}

// expression is one of a file, with where it is from.
type expression struct{ where, text string }

// rules reads the rules of a folder; what they record joins the registry.
func (r registry) rules(t *testing.T, pattern string) []expression {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docker", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	var out []expression
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Rules []struct{ Record, Alert, Expr string }
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, g := range file.Groups {
			for _, rule := range g.Rules {
				if rule.Record != "" && r[rule.Record] == nil {
					r[rule.Record] = nil
				}
				out = append(out, expression{f + ": " + rule.Record + rule.Alert, rule.Expr})
			}
		}
	}
	return out
}

// dashboards reads the expressions of Grafana's dashboards.
func dashboards(t *testing.T) []expression {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docker/grafana/dashboards/*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d dashboards, %v; want overview, node, benchmark", len(files), err)
	}
	var out []expression
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			UID, Title string
			Panels     []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if d.UID == "" || d.Title == "" || len(d.Panels) == 0 {
			t.Errorf("%s: no uid, title or panels", f)
		}
		for _, p := range d.Panels {
			if len(p.Targets) == 0 {
				t.Errorf("%s: %s has no expression", f, p.Title)
			}
			for _, q := range p.Targets {
				out = append(out, expression{f + ": " + p.Title, q.Expr})
			}
		}
	}
	return out
}

func TestDashboardsAndRulesReadSeriesThatExist(t *testing.T) {
	r := documented(t)
	r.scrape(t)
	r["up"] = nil
	all := append(r.rules(t, "rules/*.yml"), r.rules(t, "rules/2.x/*.yml")...)
	all = append(all, dashboards(t)...)
	for _, e := range all {
		got := read(e.text)
		labels := slices.Clone(targetLabels)
		for _, m := range got.metrics {
			known, ok := r[m]
			if !ok {
				t.Errorf("%s: there is no metric %s\n%s", e.where, m, e.text)
			}
			labels = append(labels, known...)
		}
		if len(got.metrics) == 0 {
			t.Errorf("%s: no metric in %q", e.where, e.text)
		}
		for _, l := range got.labels {
			if !slices.Contains(labels, l) {
				t.Errorf("%s: no metric of it has the label %s\n%s", e.where, l, e.text)
			}
		}
	}
	t.Logf("%d expressions", len(all))
}

// TestPrometheusAcceptsRules has promtool check what Prometheus of that version would load.
func TestPrometheusAcceptsRules(t *testing.T) {
	found, err := exec.CommandContext(t.Context(), filepath.Join(root, "docker/promtool.sh")).Output()
	tool := strings.TrimSpace(string(found))
	if err != nil || tool == "" {
		t.Skip("SKIP: promtool is not installed and cannot be fetched (Debian: apt-get install prometheus)")
	}
	promtool := func(args ...string) {
		cmd := exec.CommandContext(t.Context(), tool, args...) //nolint:gosec // what the script found
		cmd.Dir = filepath.Join(root, "docker")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	promtool("check", "rules", "rules/recording.yml", "rules/alerts.yml", "rules/2.x/latency.yml")
	promtool("test", "rules", "rules/tests/rules_test.yml")
	file := "prometheus-2.x.yml"
	if out, err := exec.CommandContext(t.Context(), tool, "--version").CombinedOutput(); err == nil && strings.Contains(string(out), "version 3.") {
		file = "prometheus.yml"
	}
	promtool("check", "config", "--syntax-only", file)
}
