//go:build !linux

package streamable

import (
	"syscall"
	"time"
)

// userTimeout is not available on this system; dead peers are found by the kernel's own time-outs.
func userTimeout(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
