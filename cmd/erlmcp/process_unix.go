//go:build unix && !linux

package main

import (
	"errors"
	"syscall"
)

// sessionAttributes put a process into a session of its own, without a terminal.
func sessionAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// processRuns says whether a process is there.
func processRuns(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
