package crew

import (
	"fmt"
	"time"
)

// Phase is one step of a profile: connect to as many sessions, then calls.
type Phase struct {
	Name        string        `json:"name"`
	Sessions    int           `json:"sessions"`
	ConnectRate float64       `json:"connect_rate"` // intended set-ups a second; 0 is as fast as it goes
	Within      time.Duration `json:"within"`       // the time that the ramp may take; 0 means any
	Rate        float64       `json:"rate"`         // intended calls a second
	Warmup      time.Duration `json:"warmup"`
	Duration    time.Duration `json:"duration"`
	Churn       float64       `json:"churn,omitempty"` // sessions replaced a second
	Reconnect   bool          `json:"reconnect,omitempty"`
	Fault       bool          `json:"fault,omitempty"`    // the fault is injected after a quarter and healed after a half
	Search      int           `json:"search,omitempty"`   // of find-knee, from 1
	Strained    bool          `json:"strained,omitempty"` // overload or fault: lost and refused calls are told, not held against it
}

// Profile is a list of phases.
type Profile struct {
	Name   string  `json:"name"`
	Phases []Phase `json:"phases"`
}

// Shape is what a user may say about a profile; zero fields take the profile's own values.
type Shape struct {
	Sessions    int
	Rate        float64
	ConnectRate float64
	Warmup      time.Duration
	Duration    time.Duration
	Churn       float64
	Scale       float64 // of the durations of a profile with fixed ones; 0 is 1
}

// Profiles are the names that NewProfile knows.
func Profiles() []string { return []string{"custom", "guide", "sustained", "stress", "recovery"} }

// NewProfile returns a built-in profile.
func NewProfile(name string, s Shape) (Profile, error) {
	if s.Scale <= 0 {
		s.Scale = 1
	}
	switch name {
	case "custom":
		return Profile{name, []Phase{s.phase("custom", 100, 1000, 10*time.Second)}}, nil
	case "guide":
		return guide(s), nil
	case "sustained":
		return Profile{name, []Phase{s.phase("sustained", 10_000, 5000, 60*time.Second)}}, nil
	case "stress":
		return stress(s), nil
	case "recovery":
		return recovery(s), nil
	}
	return Profile{}, fmt.Errorf("crew: profile %q is none of %v", name, Profiles())
}

func (s Shape) phase(name string, sessions int, rate float64, d time.Duration) Phase {
	return Phase{
		Name: name, Sessions: either(s.Sessions, sessions), ConnectRate: s.ConnectRate, Rate: either(s.Rate, rate),
		Warmup: s.Warmup, Duration: either(s.Duration, d), Churn: s.Churn, Reconnect: s.Churn > 0,
	}
}

func either[T int | float64 | time.Duration](said, otherwise T) T {
	if said != 0 {
		return said
	}
	return otherwise
}

// guidePhases are those of the deployment guide: a phase's time is for its connects and its calls together.
var guidePhases = []struct {
	name     string
	sessions int
	within   time.Duration
}{
	{"Ramp 1", 100, time.Second}, {"Ramp 2", 500, 5 * time.Second}, {"Ramp 3", 1000, 10 * time.Second},
	{"Ramp 4", 5000, 20 * time.Second}, {"Ramp 5", 10_000, 30 * time.Second}, {"Ramp 6", 25_000, 60 * time.Second},
	{"Full", 100_000, 120 * time.Second},
}

// guide connects in the first half of a phase's time and calls in the second; connects that take more than all of it
// fail the phase. Shape.Sessions cuts the list:
// phases beyond it are left out, and the caller has to say so.
func guide(s Shape) Profile {
	p := Profile{Name: "guide"}
	open := 0
	for _, g := range guidePhases {
		if s.Sessions > 0 && g.sessions > s.Sessions {
			break
		}
		half := time.Duration(float64(g.within) * s.Scale / 2)
		p.Phases = append(p.Phases, Phase{
			Name: g.name, Sessions: g.sessions, Within: 2 * half, Rate: either(s.Rate, 5000), Duration: half, Warmup: s.Warmup,
			// A tenth of the time is left for the last handshakes.
			ConnectRate: either(s.ConnectRate, float64(g.sessions-open)/(half.Seconds()*0.9)),
		})
		open = g.sessions
	}
	return p
}

func stress(s Shape) Profile {
	base := s.phase("baseline", 1000, 5000, 10*time.Second)
	base.Churn = 0
	churn, over, fault, after := base, base, base, base
	churn.Name, churn.Churn, churn.Reconnect = "churn", either(s.Churn, float64(base.Sessions)/20), true
	over.Name, over.Rate, over.Strained = "overload 150 %", base.Rate*1.5, true
	fault.Name, fault.Fault, fault.Reconnect, fault.Strained = "fault", true, true, true
	after.Name, after.Reconnect = "after", true
	return Profile{"stress", []Phase{base, churn, over, fault, after}}
}

func recovery(s Shape) Profile {
	base := s.phase("before", 1000, 1000, 10*time.Second)
	base.Churn = 0
	fault, after := base, base
	fault.Name, fault.Fault, fault.Reconnect, fault.Strained, fault.Duration = "fault", true, true, true, 3*base.Duration
	after.Name, after.Reconnect = "recovered", true
	return Profile{"recovery", []Phase{base, fault, after}}
}

// Most is the largest number of sessions of all phases.
func (p Profile) Most() int {
	most := 0
	for _, ph := range p.Phases {
		most = max(most, ph.Sessions)
	}
	return most
}

// next is the phase after those done.
func (p Profile) next(done []PhaseResult) (Phase, bool) {
	if len(done) >= len(p.Phases) {
		return Phase{}, false
	}
	return p.Phases[len(done)], true
}
