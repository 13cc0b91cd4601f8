package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/erlmcp/erlmcp/config"
)

// memoryRatio is the part of the container's limit that the heap may take before the collector works
// harder; the rest is for stacks of threads, the binary, and peaks.
const memoryRatio = 0.9

// defaultGCPercent is the configuration's default; a GOGC in the environment comes before it. It is higher
// than Go's 100: with many idle sessions each collection marks all of them, and the memory limit and the
// node's own reclaiming after a burst keep the heap in bounds.
const defaultGCPercent = 400

// tuneRuntime applies the settings of the Go runtime.
func tuneRuntime(c config.Runtime, log *slog.Logger) {
	if c.GCPercent != defaultGCPercent || os.Getenv("GOGC") == "" {
		debug.SetGCPercent(c.GCPercent)
	}
	switch c.MemoryLimit {
	case config.MemoryAuto:
		_, err := memlimit.Set(memlimit.WithRatio(memoryRatio))
		if err != nil && !errors.Is(err, memlimit.ErrNoCgroup) && !errors.Is(err, memlimit.ErrCgroupsNotSupported) {
			log.LogAttrs(context.Background(), slog.LevelWarn, "no memory limit set", slog.Any("err", err))
		}
	case config.MemoryOff:
		debug.SetMemoryLimit(math.MaxInt64)
	default:
		debug.SetMemoryLimit(int64(c.MemoryLimit))
	}
}

// system is what the machine allows this process.
func system() config.System {
	limit, err := memlimit.FromCgroup()
	if err != nil {
		limit = 0 // none, or no cgroup
	}
	return config.System{OpenFiles: openFiles(), MemoryLimit: limit, CPUs: runtime.GOMAXPROCS(0)}
}
