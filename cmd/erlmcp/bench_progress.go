//go:build linux

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/erlmcp/erlmcp/load/crew"
	"github.com/erlmcp/erlmcp/load/report"
)

// benchProgress shows where a run stands: a bar a phase on a terminal, a line a second elsewhere.
type benchProgress struct {
	out     io.Writer
	bars    progress.Writer // nil: lines
	tracker *progress.Tracker
	of      int
	phase   int
	stopped chan struct{}
}

func (p *program) newProgress(run *crew.Run) *benchProgress {
	b := &benchProgress{out: p.stderr, phase: -1, of: len(run.Profile.Phases)}
	if !p.terminal {
		return b
	}
	b.bars = progress.NewWriter()
	b.bars.SetOutputWriter(p.stderr)
	b.bars.SetAutoStop(false)
	b.bars.SetUpdateFrequency(250 * time.Millisecond)
	b.bars.SetMessageLength(78)
	b.bars.SetTrackerLength(16)
	b.bars.SetStyle(progress.StyleBlocks)
	b.bars.Style().Visibility.Value = false
	b.bars.Style().Visibility.ETA = false
	b.stopped = make(chan struct{})
	go func() {
		defer close(b.stopped)
		b.bars.Render()
	}()
	return b
}

// end takes the bars away from the terminal.
func (b *benchProgress) end() {
	if b.bars == nil {
		return
	}
	b.bars.Stop()
	<-b.stopped
}

func (b *benchProgress) tell(p crew.Progress) {
	switch {
	case p.Note != "":
		b.line(p.Note)
	case p.PhaseEnded != nil:
		b.ended(p)
	case b.bars == nil:
		b.line(fmt.Sprintf("[%d/%d] %s", p.Index+1, max(b.of, p.Index+1), standing(p)))
	default:
		b.follow(p)
	}
}

func (b *benchProgress) line(text string) {
	if b.bars != nil {
		b.bars.Log("%s", text)
		return
	}
	fmt.Fprintln(b.out, text)
}

// standing is where a phase is, in a line.
func standing(p crew.Progress) string {
	n := p.Now
	if p.Stage == "connect" {
		return fmt.Sprintf("%-14s connect %6d/%d", p.Phase.Name, n.Sessions, p.Phase.Sessions)
	}
	return fmt.Sprintf("%-14s %6d sessions %7d/s p50 %.1f p99 %.1f max %.0f ms bad %d", p.Phase.Name, n.Sessions, n.Right, n.P50, n.P99, n.Max, n.Bad)
}

func (b *benchProgress) follow(p crew.Progress) {
	if b.phase != p.Index {
		b.phase = p.Index
		b.tracker = &progress.Tracker{Total: 100}
		b.bars.AppendTracker(b.tracker)
	}
	b.tracker.UpdateMessage(standing(p))
	b.tracker.SetValue(percent(p))
}

// percent gives the ramp the first half of a bar and the calls the second.
func percent(p crew.Progress) int64 {
	if p.Stage == "connect" {
		return int64(50 * p.Now.Sessions / max(p.Phase.Sessions, 1))
	}
	length := p.Phase.Warmup + p.Phase.Duration
	return 50 + int64(50*min(1, float64(p.Elapsed)/float64(max(length, 1))))
}

func (b *benchProgress) ended(p crew.Progress) {
	r := p.PhaseEnded
	if b.tracker != nil && b.phase == p.Index {
		b.tracker.SetValue(100)
		b.tracker.MarkAsDone()
	}
	if !r.Ran() {
		b.line(fmt.Sprintf("[%d/%d] %s: NOT RUN: %s", p.Index+1, max(b.of, p.Index+1), r.Phase.Name, r.NotRun))
		return
	}
	c := r.Load.Counts
	b.line(fmt.Sprintf("[%d/%d] %s: %d of %d sessions, %.0f calls/s, p50 %.2f ms, p99 %.2f ms, max %.1f ms; lost %d, wrong %d, doubled %d, failed %d",
		p.Index+1, max(b.of, p.Index+1), r.Phase.Name, r.Connect.Ready, r.Phase.Sessions, r.Load.Rate(), ms(r.Load.Latency.Quantile(50)),
		ms(r.Load.Latency.Quantile(99)), ms(r.Load.Latency.Max()), c.Lost+c.Unsent, c.Wrong+c.Stray, c.Doubled, c.Failed))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// summary prints the checks of a run.
func (p *program) summary(r *crew.Results) error {
	return p.show(func(w io.Writer) error {
		t := table.NewWriter()
		t.SetStyle(table.StyleLight)
		t.AppendHeader(table.Row{"check", "wanted", "measured", "verdict"})
		for _, c := range r.Checks {
			verdict := c.Verdict
			if c.Required && verdict != crew.Met {
				verdict = "FAILED: " + verdict
			}
			t.AppendRow(table.Row{c.Name, c.Want, c.Got, verdict})
		}
		text := t.Render() + "\n"
		for _, n := range r.NotRun {
			text += "not run: " + n + "\n"
		}
		if r.Profile.Name == "find-knee" {
			text += report.KneeText(r) + "\n"
		}
		_, err := io.WriteString(w, text)
		return err
	})
}
