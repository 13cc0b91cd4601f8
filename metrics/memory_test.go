package metrics

import "runtime/metrics"

// readMemory reads the parts and the runtime's total in one go.
func readMemory() (parts, total uint64) {
	samples := make([]metrics.Sample, len(memoryParts), len(memoryParts)+1)
	for i, p := range memoryParts {
		samples[i].Name = p.source
	}
	samples = append(samples, metrics.Sample{Name: "/memory/classes/total:bytes"})
	metrics.Read(samples)
	for i := range memoryParts {
		parts += samples[i].Value.Uint64()
	}
	return parts, samples[len(memoryParts)].Value.Uint64()
}
