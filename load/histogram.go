package load

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest is the longest time that a histogram tells from a longer one.
const longest = 10 * time.Minute

// Histogram counts durations of 1 µs to 10 minutes, with a relative error of 0.1 %. In JSON it is the
// compressed V2 form of HdrHistogram, which tools for its logs read. Not safe for concurrent use.
type Histogram struct {
	hdr *hdrhistogram.Histogram
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram { return &Histogram{hdrhistogram.New(1, longest.Microseconds(), 3)} }

// newInterval returns an empty histogram for a second of a run: a relative error of 1 %, a tenth of the size.
func newInterval() *Histogram { return &Histogram{hdrhistogram.New(1, longest.Microseconds(), 2)} }

// Record counts d; a duration outside the range counts as the nearest one inside.
func (h *Histogram) Record(d time.Duration) {
	_ = h.hdr.RecordValue(min(max(d.Microseconds(), 1), longest.Microseconds()))
}

// Merge adds what from has counted. A nil from adds nothing.
func (h *Histogram) Merge(from *Histogram) {
	if from != nil {
		h.hdr.Merge(from.hdr)
	}
}

// Reset forgets everything.
func (h *Histogram) Reset() { h.hdr.Reset() }

// Count is how many durations were recorded; 0 for nil.
func (h *Histogram) Count() int64 {
	if h == nil {
		return 0
	}
	return h.hdr.TotalCount()
}

// Quantile is the duration that the share q (0 to 100) of all durations does not exceed; 0 when empty.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.ValueAtQuantile(q)) * time.Microsecond
}

// Max is the longest duration; 0 when empty.
func (h *Histogram) Max() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Max()) * time.Microsecond
}

// Mean is the mean duration; 0 when empty.
func (h *Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Mean() * float64(time.Microsecond))
}

// Equal reports whether both have counted the same.
func (h *Histogram) Equal(other *Histogram) bool { return h.hdr.Equals(other.hdr) }

// MarshalJSON writes the compressed form as a string.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	text, err := h.hdr.EncodeV2()
	if err != nil {
		return nil, fmt.Errorf("load: encode a histogram: %v", err)
	}
	return json.Marshal(string(text))
}

// UnmarshalJSON reads the compressed form.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("load: a histogram is a string: %v", err)
	}
	hdr, err := hdrhistogram.Decode([]byte(s))
	if err != nil {
		return fmt.Errorf("load: decode a histogram: %v", err)
	}
	h.hdr = hdr
	return nil
}
