package load

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawTimes(t *rapid.T, name string) []time.Duration {
	us := rapid.SliceOfN(rapid.Int64Range(0, longest.Microseconds()*2), 0, 50).Draw(t, name)
	out := make([]time.Duration, len(us))
	for i, d := range us {
		out[i] = time.Duration(d) * time.Microsecond
	}
	return out
}

// TestMergeIsTheHistogramOfAll: workers that record apart, travel as JSON and are merged say what one would.
func TestMergeIsTheHistogramOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, merged := newLoadResult(), LoadResult{}
		for range rapid.IntRange(1, 4).Draw(t, "workers") {
			r := newLoadResult()
			for _, d := range drawTimes(t, "times") {
				r.Latency.Record(d)
				all.Latency.Record(d)
				r.Counts.Scheduled++
				r.Counts.Right++
				r.Failures.Count(ClassRPC, "text")
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var back LoadResult
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			merged.Merge(back)
		}
		if !merged.Latency.Equal(all.Latency) || !merged.Counts.Balanced() || int64(merged.Counts.Right) != all.Latency.Count() ||
			int64(merged.Failures[ClassRPC].Count) != all.Latency.Count() {
			t.Fatalf("got %+v, want %d answers", merged.Counts, all.Latency.Count())
		}
		for _, q := range []float64{50, 99, 100} {
			if got, want := merged.Latency.Quantile(q), all.Latency.Quantile(q); got != want {
				t.Fatalf("p%v: got %v, want %v", q, got, want)
			}
		}
	})
}

func TestEmptyHistogramIsZero(t *testing.T) {
	var none *Histogram
	for _, h := range []*Histogram{none, NewHistogram()} {
		if h.Count() != 0 || h.Quantile(99) != 0 || h.Max() != 0 || h.Mean() != 0 {
			t.Errorf("got %d, %v, %v, %v; want zeroes", h.Count(), h.Quantile(99), h.Max(), h.Mean())
		}
	}
}
