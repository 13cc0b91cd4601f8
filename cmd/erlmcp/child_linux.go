package main

import "syscall"

// childAttributes put a process into a group of its own, and have the kernel end it with this one.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
