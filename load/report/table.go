package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
)

// table is a heading, columns and rows: the report in both forms is made of them.
type table struct {
	Title string
	Note  string
	Head  []string
	Rows  [][]string
}

func (t *table) row(cells ...string) { t.Rows = append(t.Rows, cells) }

// tables are the parts of the report that have rows.
func tables(r *crew.Results) []table {
	return []table{checkTable(r), phaseTable(r), outcomeTable(r), connectTable(r), nodeTable(r), failureTable(r)}
}

func checkTable(r *crew.Results) table {
	t := table{Title: "Targets", Note: "Rows named guide are the deployment guide's own targets, compared with the phase of the most sessions. " +
		"A row that is required and not met fails the run.", Head: []string{"check", "wanted", "measured", "verdict", "required"}}
	for _, c := range r.Checks {
		required := ""
		if c.Required {
			required = "yes"
		}
		t.row(c.Name, c.Want, c.Got, c.Verdict, required)
	}
	return t
}

func phaseTable(r *crew.Results) table {
	t := table{
		Title: "Phases",
		Note: "Milliseconds. Latency counts from the time at which a call was to be sent, service time from its sending, delay is what lies between: " +
			"the generator's own lateness and its wait for a free connection.",
		Head: []string{"phase", "sessions", "asked/s", "right/s", "p50", "p90", "p99", "p99.9", "max", "service p99", "delay p99", "generator CPU"},
	}
	for i := range r.Phases {
		p := &r.Phases[i]
		if !p.Ran() {
			t.row(p.Phase.Name, fmt.Sprint(p.Phase.Sessions), fmt.Sprintf("%.0f", p.Phase.Rate), "not run", "", "", "", "", "", "", "", "")
			continue
		}
		l := p.Load.Latency
		t.row(p.Phase.Name, fmt.Sprint(p.Connect.Ready), fmt.Sprintf("%.0f", p.Phase.Rate), fmt.Sprintf("%.0f", p.Load.Rate()), q(l, 50), q(l, 90), q(l, 99),
			q(l, 99.9), fmt.Sprintf("%.2f", toMS(l.Max())), q(p.Load.Service, 99), q(p.Load.Delay, 99), fmt.Sprintf("%.0f %%", p.Generator))
	}
	return t
}

func q(h *load.Histogram, of float64) string { return fmt.Sprintf("%.2f", toMS(h.Quantile(of))) }

func outcomeTable(r *crew.Results) table {
	t := table{Title: "What became of the calls", Head: []string{"phase", "scheduled", "right", "wrong", "refused", "lost", "unsent", "doubled", "late", "stray",
		"sessions lost", "set up again", "recovered after"}}
	for i := range r.Phases {
		p := &r.Phases[i]
		if !p.Ran() {
			continue
		}
		c := p.Load.Counts
		recovered := ""
		if p.Phase.Fault {
			recovered = "not seen"
			if p.Recovered > 0 {
				recovered = p.Recovered.String()
			}
		}
		row := []string{p.Phase.Name}
		for _, n := range []int{c.Scheduled, c.Right, c.Wrong, c.Failed, c.Lost, c.Unsent, c.Doubled, c.Late, c.Stray, p.Load.SessionsLost, p.Load.Reconnected} {
			row = append(row, fmt.Sprint(n))
		}
		t.row(append(row, recovered)...)
	}
	return t
}

func connectTable(r *crew.Results) table {
	t := table{Title: "Connections", Note: "A set-up is the connection and the whole MCP handshake; milliseconds from its intended time.",
		Head: []string{"phase", "asked", "ready", "failed", "broke", "took", "set-ups/s asked", "p50", "p99", "max"}}
	for i := range r.Phases {
		p := &r.Phases[i]
		if !p.Ran() {
			continue
		}
		rate := "as fast as it goes"
		if p.Phase.ConnectRate > 0 {
			rate = fmt.Sprintf("%.0f", p.Phase.ConnectRate)
		}
		l := p.Connect.Latency
		t.row(p.Phase.Name, fmt.Sprint(p.Connect.Asked), fmt.Sprint(p.Connect.Ready), fmt.Sprint(p.Connect.Failed), fmt.Sprint(p.Connect.Lost), p.Connect.Elapsed.Round(time.Millisecond).String(),
			rate, q(l, 50), q(l, 99), fmt.Sprintf("%.2f", toMS(l.Max())))
	}
	return t
}

func nodeTable(r *crew.Results) table {
	t := table{Title: "Nodes", Note: "CPU is the mean of a phase's calls, 100 % is one core; memory is the most resident memory that was seen.",
		Head: []string{"phase", "node", "CPU", "memory"}}
	for i := range r.Phases {
		for _, n := range r.Phases[i].Nodes {
			switch {
			case !n.Told:
				t.row(r.Phases[i].Phase.Name, n.Name, "not told", "not told")
			case n.Restarted:
				t.row(r.Phases[i].Phase.Name, n.Name, "restarted", fmt.Sprintf("%.0f MiB", float64(n.Memory)/(1<<20)))
			default:
				t.row(r.Phases[i].Phase.Name, n.Name, fmt.Sprintf("%.0f %%", n.CPU), fmt.Sprintf("%.0f MiB", float64(n.Memory)/(1<<20)))
			}
		}
	}
	return t
}

func failureTable(r *crew.Results) table {
	t := table{Title: "Failures by class", Head: []string{"phase", "class", "count", "the first of them"}}
	for i := range r.Phases {
		p := &r.Phases[i]
		all := load.Failures{}
		all.Merge(p.Connect.Failures)
		all.Merge(p.Load.Failures)
		classes := make([]load.Class, 0, len(all))
		for c := range all {
			classes = append(classes, c)
		}
		slices.Sort(classes)
		for _, c := range classes {
			t.row(p.Phase.Name, string(c), fmt.Sprint(all[c].Count), all[c].First)
		}
	}
	return t
}

// facts are lines about where and how the run was made.
func facts(r *crew.Results) []string {
	var targets []string
	for _, t := range r.Ask.Options.Targets {
		targets = append(targets, t.Name)
	}
	transport := string(r.Ask.Options.Transport)
	if r.Ask.Options.Streams {
		transport += " with an open event stream a session"
	}
	out := []string{
		"Begun " + r.Started.Format(time.RFC3339) + ", took " + r.Ended.Sub(r.Started).Round(time.Second).String(),
		"Generator: erlmcp " + r.Tool + ", commit " + r.Commit,
		fmt.Sprintf("Machine: %s, %d cores, %d MiB, Linux %s, %s, %s", r.Machine.CPU, r.Machine.Cores, r.Machine.MemoryMiB, r.Machine.Kernel, r.Machine.Go, r.Machine.OS),
		"Targets: " + strings.Join(targets, ", ") + " over " + transport,
		fmt.Sprintf("Calls: %s, %d bytes of payload, each id and payload checked", r.Mix, r.Ask.Options.Payload),
	}
	out = append(out, r.Plan.Notes...)
	if len(r.Knees) > 0 {
		out = append(out, KneeText(r))
	}
	return out
}

// KneeText is what find-knee found, in a line.
func KneeText(r *crew.Results) string {
	text := fmt.Sprintf("highest rate that held: %.0f calls/s", r.KneeRate)
	if len(r.Knees) > 1 {
		var all []string
		for _, k := range r.Knees {
			all = append(all, fmt.Sprintf("%.0f", k))
		}
		text += fmt.Sprintf(", median of %d searches (%s)", len(all), strings.Join(all, ", "))
	}
	return text
}

// status is the first line of the report.
func status(r *crew.Results) string {
	if r.Failed() {
		return "FAILED: a required check is not met"
	}
	return "passed: every required check is met"
}
