package crew

import (
	"time"

	"github.com/erlmcp/erlmcp/load"
)

// Format is the version of results.json.
const Format = 1

// Results is everything that a run has asked, found and measured: results.json.
type Results struct {
	Format   int           `json:"format"`
	Tool     string        `json:"tool"`   // version of the generator
	Commit   string        `json:"commit"` // of the generator's build
	Command  []string      `json:"command"`
	Started  time.Time     `json:"started"`
	Ended    time.Time     `json:"ended"`
	Machine  Machine       `json:"machine"`
	Limits   Limits        `json:"limits"`
	Ask      Ask           `json:"ask"`
	Plan     Plan          `json:"plan"`
	Profile  Profile       `json:"profile"`
	Mix      string        `json:"mix"`
	Phases   []PhaseResult `json:"phases"`
	Series   []Second      `json:"series"`
	Marks    []Mark        `json:"marks,omitempty"`
	NotRun   []string      `json:"not_run,omitempty"` // what was asked or belongs to the profile and was not done, and why
	Checks   []Check       `json:"checks,omitempty"`
	Nodes    []Sample      `json:"nodes,omitempty"`     // the last sample of each node
	KneeRate float64       `json:"knee_rate,omitempty"` // the median of Knees
	Knees    []float64     `json:"knees,omitempty"`     // highest rate that held in each search; 0 is none
}

// PhaseResult is what came out of a phase. NotRun is why it was left out, and the rest is empty then.
type PhaseResult struct {
	Phase     Phase              `json:"phase"`
	NotRun    string             `json:"not_run,omitempty"`
	Connect   load.ConnectResult `json:"connect"`
	Load      load.LoadResult    `json:"load"`
	Nodes     []NodeUse          `json:"nodes,omitempty"`
	Generator float64            `json:"generator_cpu_percent"` // of one core, all workers
	// Recovered is the time from the fault until every session was there and a second passed in which no
	// call failed or stalled; 0 where there was no fault, it hurt nobody, or there was no recovery.
	Recovered time.Duration `json:"recovered_ns,omitempty"`
	FaultText string        `json:"fault,omitempty"`
}

// Ran reports whether the phase was done.
func (p *PhaseResult) Ran() bool { return p.NotRun == "" }

// Second is one second of the run over all workers. Times are in milliseconds.
type Second struct {
	Second    int64   `json:"second"` // since 1970
	Sessions  int     `json:"sessions"`
	Scheduled int     `json:"scheduled"`
	Sent      int     `json:"sent"`
	Right     int     `json:"right"`
	Broken    int     `json:"broken"` // sessions that broke
	Bad       int     `json:"bad"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

// Mark is something that happened at a time.
type Mark struct {
	Second int64  `json:"second"`
	Text   string `json:"text"`
}

// Check is a target beside what was measured.
type Check struct {
	Name     string `json:"name"`
	Want     string `json:"want"`
	Got      string `json:"got"`
	Verdict  string `json:"verdict"`  // met, missed or not measured
	Required bool   `json:"required"` // a miss fails the run
}

// Verdicts of a Check.
const (
	Met         = "met"
	Missed      = "missed"
	NotMeasured = "not measured"
)

// Failed reports whether a required check is not met.
func (r *Results) Failed() bool {
	for _, c := range r.Checks {
		if c.Required && c.Verdict != Met {
			return true
		}
	}
	return false
}

// milliseconds is a duration as JSON and people have it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func secondOf(p load.Point) Second {
	return Second{
		Second: p.Second, Sessions: p.Sessions, Scheduled: p.Scheduled, Sent: p.Sent, Right: p.Right, Broken: p.Broken, Bad: p.Bad,
		P50: milliseconds(p.Latency.Quantile(50)), P99: milliseconds(p.Latency.Quantile(99)), Max: milliseconds(p.Latency.Max()),
	}
}

// recovered is the time from a fault until all sessions are there and calls succeed; 0 if that did not
// happen.
func recovered(series []Second, fault int64, sessions int) time.Duration {
	hurt := false
	for _, s := range series {
		if s.Second < fault {
			continue
		}
		stalled := s.Right < s.Scheduled*9/10
		bad := s.Bad > 0 || s.Broken > 0 || stalled || s.Sessions < sessions
		hurt = hurt || bad
		if hurt && !bad && s.Right > 0 {
			return time.Duration(s.Second-fault) * time.Second
		}
	}
	return 0
}
