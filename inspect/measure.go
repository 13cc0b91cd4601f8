package inspect

import "runtime/metrics"

// Names of the runtime's figures, of package runtime/metrics.
const (
	allMemory      = "/memory/classes/total:bytes"
	releasedMemory = "/memory/classes/heap/released:bytes"
	objectMemory   = "/memory/classes/heap/objects:bytes"
	unusedMemory   = "/memory/classes/heap/unused:bytes"
	stackMemory    = "/memory/classes/heap/stacks:bytes"
	runnable       = "/sched/goroutines/runnable:goroutines"
	running        = "/sched/goroutines/running:goroutines"
	collections    = "/gc/cycles/total:gc-cycles"
	freedBytes     = "/gc/heap/frees:bytes"
)

// measure reads figures of the runtime, in the order asked for.
func measure(names ...string) []uint64 {
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	values := make([]uint64, len(names))
	for i, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			values[i] = s.Value.Uint64()
		}
	}
	return values
}
