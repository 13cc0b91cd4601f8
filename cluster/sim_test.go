package cluster

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
)

var (
	simSeeds = flag.Int("sim.seeds", 200, "seeds that TestSimulation runs")
	simFirst = flag.Int("sim.first", 1, "the first seed that TestSimulation runs")
	simSeed  = flag.Uint64("sim.seed", 0, "the one seed that TestSimulation runs, with a trace")
)

// TestSimulation runs nodes over an in-memory network with faults and operations from a seed. A failing
// seed is run again with -sim.seed. What happens at the same instant may come in another order then.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		simulate(t, *simSeed, true)
		return
	}
	const shards = 2
	for shard := range shards {
		t.Run(fmt.Sprintf("shard%d", shard), func(t *testing.T) {
			t.Parallel()
			for seed := *simFirst + shard; seed < *simFirst+*simSeeds; seed += shards {
				if simulate(t, uint64(seed), false); t.Failed() {
					t.Fatalf("run it again with -run TestSimulation -sim.seed=%d", seed)
				}
			}
		})
	}
}

func simulate(t *testing.T, seed uint64, trace bool) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, 3+int(seed%3), trace)
		w.run()
	})
}
