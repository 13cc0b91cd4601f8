//go:build unix

package main

import "syscall"

// openFiles is how many files the process may open. Go raises the soft limit to the hard one at start.
func openFiles() uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return uint64(l.Cur) //nolint:unconvert // another type on some systems
}
