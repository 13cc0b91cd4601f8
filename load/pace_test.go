package load

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPaceOfAllWorkersIsThePaceOfOne: the due times of the parts are those of an undivided schedule.
func TestPaceOfAllWorkersIsThePaceOfOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.1, 100_000).Draw(t, "rate")
		parts := rapid.IntRange(1, 9).Draw(t, "parts")
		whole := pace{start: time.Second, rate: rate}
		var want, got []time.Duration
		for range 10 * parts {
			d, ok := whole.take(time.Hour)
			if !ok {
				t.Fatal("not due after an hour")
			}
			want = append(want, d)
		}
		for part := range parts {
			p := pace{start: time.Second, rate: rate, part: part, parts: parts}
			for range 10 {
				d, _ := p.take(time.Hour)
				got = append(got, d)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("rate %v, %d parts: got %v, want %v", rate, parts, got, want)
		}
	})
}

func TestPaceKeepsIntendedTimes(t *testing.T) {
	p := pace{start: time.Second, rate: 10}
	if _, ok := p.take(time.Second - 1); ok {
		t.Error("due before the start")
	}
	// A caller that comes late gets all that was due, with the times at which it was.
	for i := range 5 {
		due, ok := p.take(1400 * time.Millisecond)
		if want := time.Second + time.Duration(i)*100*time.Millisecond; !ok || due != want {
			t.Errorf("event %d: got %v %v, want %v", i, due, ok, want)
		}
	}
	if due, ok := p.take(1400 * time.Millisecond); ok {
		t.Errorf("a sixth is due at %v", due)
	}
}

func TestParseMix(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Op
	}{
		{"echo", []Op{OpEcho}},
		{"echo=4,ping=1", []Op{OpEcho, OpEcho, OpPing, OpEcho, OpEcho}},
		{"ping=1, list=1", []Op{OpPing, OpList}},
		{"echo=0", nil}, {"echo=-1", nil}, {"noise", nil}, {"", nil}, {"echo=2000", nil}, {"echo=x", nil},
	} {
		m, err := ParseMix(c.text)
		if (err != nil) != (c.want == nil) || !slices.Equal(m.pattern, c.want) {
			t.Errorf("%q: got %v, %v, want %v", c.text, m.pattern, err, c.want)
		}
	}
	if op := (Mix{}).at(7); op != OpEcho {
		t.Errorf("zero mix: got %v", op)
	}
}
