//go:build unix

package inspect

import (
	"syscall"
	"time"
)

// usage is what the process has used of the machine.
func usage() syscall.Rusage {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // of the process itself it does not fail
	return u
}

// cpuTime is the processor time of the process, user and system.
func cpuTime() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// contextSwitches of all threads, wanted and unwanted.
func contextSwitches() int64 {
	u := usage()
	return int64(u.Nvcsw) + int64(u.Nivcsw)
}
