package erlmcp

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// quietRate is the allocation rate, in bytes a second, below which the node counts as quiet.
	quietRate = 1 << 20
	// quietTime is how long it has to be quiet before memory is given back.
	quietTime = 3
	// reclaimable is what has to have been allocated since the last time, in bytes, for it to be worth it.
	reclaimable = 32 << 20
)

// reclaim gives memory back to the system when load is over. The collector runs by allocation, so a node
// that becomes quiet would keep the garbage of its last burst for minutes. It costs one collection after
// each burst and nothing while the node is busy or idle.
func (n *Node) reclaim(ctx context.Context) error {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	allocated := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := allocated()
	since, quiet := last, 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := allocated()
		if now-last < quietRate {
			quiet++
		} else {
			quiet = 0
		}
		last = now
		if quiet >= quietTime && now-since > reclaimable {
			debug.FreeOSMemory()
			since, quiet = now, 0
		}
	}
}
