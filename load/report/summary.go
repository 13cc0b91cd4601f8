package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load/crew"
)

// Facts are what docker/docker-benchmark.sh knows of the cluster it made: deploy.json.
type Facts struct {
	Where      string  `json:"where"` // containers or local
	Nodes      int     `json:"nodes"`
	Size       string  `json:"size"`     // what was asked, what limits allow, what was done
	FormedS    float64 `json:"formed_s"` // from the start until every node was healthy and saw all others
	Image      string  `json:"image"`
	ImageBytes int64   `json:"image_bytes"`
}

// Overhead is what containers cost against plain processes, in per cent: compare.json of testsuite/dockerbench.
type Overhead struct {
	P50        float64 `json:"p50_percent"`
	P99        float64 `json:"p99_percent"`
	Throughput float64 `json:"throughput_percent"` // less calls a second
	CPU        float64 `json:"cpu_percent"`
	Memory     float64 `json:"memory_percent"`
}

// NamedRun is the results of a stage.
type NamedRun struct {
	Name    string        `json:"name"`
	Results *crew.Results `json:"results"`
}

// Summary is several runs against one cluster. Fields that are nil were not measured.
type Summary struct {
	Facts    *Facts     `json:"facts,omitempty"`
	Overhead *Overhead  `json:"overhead,omitempty"`
	Metrics  *Metrics   `json:"metrics,omitempty"`
	Runs     []NamedRun `json:"runs"`
}

// WriteSummary puts report.md, report.html and results.json of all runs into a folder, which it creates.
func WriteSummary(dir string, s *Summary) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	files := map[string][]byte{"report.md": s.markdown()}
	var err error
	if files["report.html"], err = s.html(); err != nil {
		return err
	}
	if files["results.json"], err = json.Marshal(s); err != nil {
		return fmt.Errorf("report: results.json: %v", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// facts are lines about where and how all runs were made.
func (s *Summary) facts() []string {
	var out []string
	if f := s.Facts; f != nil {
		out = append(out, fmt.Sprintf("Cluster: %d nodes, %s, formed in %.0f s", f.Nodes, place(f.Where), f.FormedS), "Size: "+f.Size)
		if f.ImageBytes > 0 {
			out = append(out, fmt.Sprintf("Image: %s, %.1f MB", f.Image, float64(f.ImageBytes)/1e6))
		}
	}
	if len(s.Runs) == 0 {
		return out
	}
	r := s.Runs[0].Results
	return append(out, "Generator: erlmcp "+r.Tool+", commit "+r.Commit+", on the machine of the nodes unless a run says otherwise",
		fmt.Sprintf("Machine: %s, %d cores, %d MiB, Linux %s, %s, %s", r.Machine.CPU, r.Machine.Cores, r.Machine.MemoryMiB, r.Machine.Kernel, r.Machine.Go, r.Machine.OS),
		"Limits: "+r.Limits.String())
}

func place(where string) string {
	if where == "local" {
		return "processes"
	}
	return "containers"
}

// tables are the parts of a summary before the runs.
func (s *Summary) tables() []table {
	accept := table{Title: "Acceptance criteria", Note: "Those of the deployment guide, each with what was measured here.",
		Head: []string{"criterion", "wanted", "measured", "verdict"}}
	for _, c := range s.acceptance() {
		accept.row(c.Name, c.Want, c.Got, c.Verdict)
	}
	return []table{accept, s.phaseTable(), s.runTable()}
}

// phaseTable is the guide's table of load phases.
func (s *Summary) phaseTable() table {
	t := table{Title: "Load test phases", Note: "The guide's phases. Half of a phase's time is for connects, half for calls.",
		Head: []string{"phase", "connections", "duration in the guide", "connects", "calls", "failed", "lost", "wrong", "verdict"}}
	profile, err := crew.NewProfile("guide", crew.Shape{})
	if err != nil {
		return t
	}
	for _, p := range profile.Phases {
		row := []string{p.Name, fmt.Sprint(p.Sessions), p.Within.String(), "", "", "", "", "", notRun}
		if got := s.phase("load", p.Name); got != nil && got.Ran() {
			c := got.Load.Counts
			row = []string{p.Name, fmt.Sprintf("%d of %d", got.Connect.Ready, p.Sessions), p.Within.String(), got.Connect.Elapsed.Round(10 * time.Millisecond).String(),
				fmt.Sprintf("%s at %.0f/s", got.Phase.Duration, got.Load.Rate()), fmt.Sprint(got.Connect.Failed), fmt.Sprint(c.Lost + c.Unsent),
				fmt.Sprint(c.Wrong + c.Doubled + c.Stray), verdictOf(got.Connect.Ready == p.Sessions && c.Bad() == 0)}
		}
		t.row(row...)
	}
	return t
}

// runTable says when and how long each stage ran, and how it ended.
func (s *Summary) runTable() table {
	t := table{Title: "Runs", Head: []string{"run", "begun", "took", "phases", "result", "command"}}
	for _, n := range s.Runs {
		r := n.Results
		var phases []string
		for i := range r.Phases {
			if p := &r.Phases[i]; r.Profile.Name != "find-knee" {
				phases = append(phases, fmt.Sprintf("%s: %d sessions, %v at %.0f/s", p.Phase.Name, p.Phase.Sessions, p.Phase.Duration, p.Phase.Rate))
			}
		}
		if r.Profile.Name == "find-knee" {
			phases = append(phases, fmt.Sprintf("%d probes of %v; %s", len(r.Phases), r.Profile.Phases[0].Duration, KneeText(r)))
		}
		command := r.Command
		if i := len(command) - len(r.Ask.Options.Targets); i > 0 && i < len(command) {
			command = append(command[:i:i], "TARGETS")
		}
		t.row(n.Name, r.Started.Format(time.RFC3339), r.Ended.Sub(r.Started).Round(time.Second).String(), strings.Join(phases, "; "), status(r), strings.Join(command, " "))
	}
	return t
}

func (s *Summary) notRun() []string {
	var out []string
	for _, n := range s.Runs {
		for _, text := range n.Results.NotRun {
			out = append(out, n.Name+": "+text)
		}
	}
	for _, c := range s.acceptance() {
		if c.Verdict == notRun {
			out = append(out, "criterion "+c.Name)
		}
	}
	return out
}

func (s *Summary) markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# erlmcp benchmark\n\n**%s**\n\n", s.status())
	for _, f := range s.facts() {
		fmt.Fprintf(&b, "- %s\n", f)
	}
	for _, t := range s.tables() {
		writeTable(&b, t)
	}
	b.WriteString("\n## Not run\n\n")
	for _, n := range s.notRun() {
		fmt.Fprintf(&b, "- %s\n", n)
	}
	if len(s.notRun()) == 0 {
		b.WriteString("Nothing was left out.\n")
	}
	for _, n := range s.Runs {
		fmt.Fprintf(&b, "\n# Run %s\n", n.Name)
		for _, t := range tables(n.Results) {
			writeTable(&b, t)
		}
	}
	b.WriteString("\nreport.html has the pictures.\n")
	return []byte(b.String())
}

func (s *Summary) status() string {
	var failed []string
	for _, n := range s.Runs {
		if n.Results.Failed() {
			failed = append(failed, n.Name)
		}
	}
	if len(failed) > 0 {
		return "FAILED: a required check of " + strings.Join(failed, ", ") + " is not met"
	}
	return "passed: every required check of every run is met"
}

// html is one page: the summary, then each run with its pictures.
func (s *Summary) html() ([]byte, error) {
	pages := []page{{
		Profile: "all runs", Status: s.status(), Failed: strings.HasPrefix(s.status(), "FAILED"), Facts: s.facts(), Tables: s.tables(), NotRun: s.notRun(),
	}}
	for _, n := range s.Runs {
		p, err := pageOf(n.Results)
		if err != nil {
			return nil, err
		}
		p.Profile = n.Name
		pages = append(pages, p)
	}
	return render(pages)
}
