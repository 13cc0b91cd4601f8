package metrics

import (
	"math"
	"runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
)

// memoryParts are the classes of the Go runtime that together are all memory it has mapped, so that
// sum(erlmcp_memory_bytes) is a meaningful number: no part is contained in another one.
var memoryParts = []struct{ label, source string }{
	{"heap", "/memory/classes/heap/objects:bytes"},
	{"heap_unused", "/memory/classes/heap/unused:bytes"},
	{"heap_free", "/memory/classes/heap/free:bytes"},
	{"released", "/memory/classes/heap/released:bytes"},
	{"stacks", "/memory/classes/heap/stacks:bytes"},
	{"os_stacks", "/memory/classes/os-stacks:bytes"},
	{"metadata", "/memory/classes/metadata/mcache/free:bytes"},
	{"metadata", "/memory/classes/metadata/mcache/inuse:bytes"},
	{"metadata", "/memory/classes/metadata/mspan/free:bytes"},
	{"metadata", "/memory/classes/metadata/mspan/inuse:bytes"},
	{"metadata", "/memory/classes/metadata/other:bytes"},
	{"profiling", "/memory/classes/profiling/buckets:bytes"},
	{"runtime", "/memory/classes/other:bytes"},
}

// memory reads the runtime's memory classes when it is collected.
type memory struct {
	parts *prometheus.Desc
	limit *prometheus.Desc
}

var _ prometheus.Collector = (*memory)(nil)

func newMemory() *memory {
	return &memory{
		parts: prometheus.NewDesc("erlmcp_memory_bytes", "Memory mapped by the Go runtime; the parts add up to all of it.", []string{"type"}, nil),
		limit: prometheus.NewDesc("erlmcp_memory_limit_bytes", "Soft memory limit of the Go runtime; +Inf without one.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *memory) Describe(out chan<- *prometheus.Desc) { out <- c.parts; out <- c.limit }

// Collect implements prometheus.Collector.
func (c *memory) Collect(out chan<- prometheus.Metric) {
	samples := make([]metrics.Sample, len(memoryParts), len(memoryParts)+1)
	for i, p := range memoryParts {
		samples[i].Name = p.source
	}
	samples = append(samples, metrics.Sample{Name: "/gc/gomemlimit:bytes"})
	metrics.Read(samples)
	sums := map[string]float64{}
	for i, p := range memoryParts {
		sums[p.label] += float64(samples[i].Value.Uint64())
	}
	for label, v := range sums {
		out <- prometheus.MustNewConstMetric(c.parts, prometheus.GaugeValue, v, label)
	}
	limit := float64(samples[len(memoryParts)].Value.Uint64())
	if limit >= math.MaxInt64 {
		limit = math.Inf(1)
	}
	out <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, limit)
}
