package crew

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/erlmcp/erlmcp/load"
)

func targets(addrs ...string) []load.Target {
	var out []load.Target
	for _, a := range addrs {
		out = append(out, load.Target{Name: a, Addr: netip.MustParseAddrPort(a)})
	}
	return out
}

func TestPlan(t *testing.T) {
	limits := Limits{OpenFiles: 20_000, PortLow: 32768, PortHigh: 60999, FileMax: 1_000_000}
	four := targets("127.0.0.1:8080", "127.0.0.2:8080", "127.0.0.3:8080", "127.0.0.4:8080")
	away := targets("10.0.0.1:80")
	for _, c := range []struct {
		name    string
		ask     Ask
		workers int
		sources int // of the first worker
		most    int
		note    string
	}{
		{"small", Ask{Sessions: 100, Options: load.Options{Targets: four}}, 1, 0, 100, "system's choice"},
		{"files", Ask{Sessions: 100_000, Options: load.Options{Targets: four}}, 6, 0, 100_000, "6 process(es)"},
		{"ports", Ask{Sessions: 60_000, Options: load.Options{Targets: four[:1]}}, 4, 1, 60_000, "4 address(es)"},
		{"ports away", Ask{Sessions: 60_000, Options: load.Options{Targets: away}}, 4, 0, 25_408, "warning"},
		{"bound", Ask{Sessions: 60_000, Options: load.Options{Targets: away}, Bind: []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("10.0.0.8")}}, 4, 1, 50_816, "warning: 3 source"},
		{"posts", Ask{Sessions: 100_000, Options: load.Options{Targets: four, Transport: load.HTTP, Conns: 256}}, 1, 0, 100_000, "1024 connections"},
		{"streams", Ask{Sessions: 50_000, Options: load.Options{Targets: four, Transport: load.HTTP, Conns: 256, Streams: true}}, 3, 0, 50_000, "51024 connections"},
		{"asked for", Ask{Sessions: 10, Workers: 3, Options: load.Options{Targets: four}}, 3, 0, 10, "3 process(es)"},
		{"processes", Ask{Sessions: 100_000_000, Options: load.Options{Targets: four}}, 64, 1, 64 * 19_936, "more than 64 processes"},
		{"machine", Ask{Sessions: 600_000, Options: load.Options{Targets: four}}, 31, 1, 600_000, "fs.file-max"},
	} {
		p := NewPlan(c.ask, limits)
		if p.Workers() != c.workers || len(p.Sources[0]) != c.sources || p.Most != c.most || !strings.Contains(strings.Join(p.Notes, "\n"), c.note) {
			t.Errorf("%s: got %d workers, sources %v, most %d, notes %q", c.name, p.Workers(), p.Sources[0], p.Most, p.Notes)
		}
	}
}

func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, parts := rapid.IntRange(0, 1_000_000).Draw(t, "n"), rapid.IntRange(1, 64).Draw(t, "parts")
		sum := 0
		for i := range parts {
			sum += share(n, i, parts)
		}
		if sum != n {
			t.Fatalf("%d over %d: got %d", n, parts, sum)
		}
	})
}

func TestProfiles(t *testing.T) {
	for _, name := range Profiles() {
		p, err := NewProfile(name, Shape{})
		if err != nil || len(p.Phases) == 0 || p.Most() == 0 {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
	if _, err := NewProfile("x", Shape{}); err == nil {
		t.Error("unknown profile: got no error")
	}
	g, _ := NewProfile("guide", Shape{})
	total := time.Duration(0)
	for _, p := range g.Phases {
		total += p.Within
	}
	if len(g.Phases) != 7 || g.Phases[6].Sessions != 100_000 || total != 246*time.Second {
		t.Errorf("guide: got %d phases in %v", len(g.Phases), total)
	}
	if g, _ := NewProfile("guide", Shape{Sessions: 5000}); len(g.Phases) != 4 {
		t.Errorf("guide up to 5000: got %d phases", len(g.Phases))
	}
}

// TestKneeFindsTheRate: a server that holds up to a rate is found within the precision, by every search.
func TestKneeFindsTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Float64Range(2, 1e6).Draw(t, "limit")
		k := Knee{
			Base: Phase{Rate: rapid.Float64Range(1, 1e5).Draw(t, "first"), Sessions: 7}, P99: 100 * time.Millisecond, MaxProbes: 100,
			Repeat: rapid.IntRange(1, 3).Draw(t, "searches"),
		}
		var done []PhaseResult
		for p, more := k.Next(done); more; p, more = k.Next(done) {
			r := PhaseResult{Phase: p, Load: load.LoadResult{Latency: load.NewHistogram(), Counts: load.Counts{Scheduled: 1, Right: 1}}}
			r.Connect.Ready = 7
			r.Load.Latency.Record(10 * time.Millisecond)
			if p.Rate > limit {
				r.Load.Latency.Record(time.Second)
			}
			done = append(done, r)
		}
		found := k.Found(done)
		if len(found) != k.Repeat {
			t.Fatalf("got %d searches, want %d", len(found), k.Repeat)
		}
		for _, got := range found {
			if got > limit || got < limit*0.94 {
				t.Fatalf("got %v of %d probes, want %v", found, len(done), limit)
			}
		}
	})
}

func TestKneeNeedsItsSessions(t *testing.T) {
	k := Knee{Base: Phase{Rate: 10, Sessions: 2}, P99: time.Second}
	p, _ := k.Next(nil)
	r := PhaseResult{Phase: p, Load: load.LoadResult{Latency: load.NewHistogram(), Counts: load.Counts{Scheduled: 1, Right: 1}}}
	r.Load.Latency.Record(time.Millisecond)
	r.Connect.Ready = 1
	if got := k.Found([]PhaseResult{r}); len(got) != 1 || got[0] != 0 {
		t.Errorf("got %v with a session missing, want 0", got)
	}
	if got := Median([]float64{3, 1, 2, 9}); got != 2 || Median(nil) != 0 {
		t.Errorf("median: got %v, want 2", got)
	}
}

func TestMergerWaitsForAllWorkers(t *testing.T) {
	m := newMerger(2)
	if got := m.add(0, load.Point{Second: 10, Right: 1}); len(got) != 0 {
		t.Errorf("got %v before the second worker", got)
	}
	if got := m.add(1, load.Point{Second: 10, Right: 2}); len(got) != 1 || got[0].Right != 3 {
		t.Errorf("got %+v, want 3 right", got)
	}
	m.add(0, load.Point{Second: 11, Right: 1})
	if got := m.add(0, load.Point{Second: 14, Right: 1}); len(got) != 1 || got[0].Second != 11 {
		t.Errorf("got %+v, want second 11 without the late worker", got)
	}
	if got := m.add(0, load.Point{Second: 11, Right: 1}); got != nil {
		t.Errorf("got %+v for a second that was told", got)
	}
}

func TestRecovered(t *testing.T) {
	ok := func(s int64) Second { return Second{Second: s, Sessions: 10, Scheduled: 100, Right: 100} }
	for _, c := range []struct {
		name   string
		series []Second
		want   time.Duration
	}{
		{"not hurt", []Second{ok(1), ok(2), ok(3)}, 0},
		{"sessions gone", []Second{ok(1), {Second: 2, Sessions: 5, Right: 50}, {Second: 3, Sessions: 9, Right: 90}, ok(4)}, 2 * time.Second},
		{"calls lost", []Second{ok(2), {Second: 3, Sessions: 10, Bad: 1, Right: 9}, ok(5)}, 3 * time.Second},
		{"reconnected at once", []Second{{Second: 2, Sessions: 10, Broken: 5, Right: 9}, ok(3)}, time.Second},
		{"stalled", []Second{{Second: 2, Sessions: 10, Scheduled: 100, Right: 50}, ok(3)}, time.Second},
		{"never", []Second{{Second: 2, Sessions: 5}}, 0},
		{"before the fault", []Second{{Second: 1, Sessions: 5}, ok(2)}, 0},
	} {
		if got := recovered(c.series, 2, 10); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
