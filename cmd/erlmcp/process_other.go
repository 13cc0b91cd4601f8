//go:build !unix

package main

import "syscall"

// sessionAttributes are none.
func sessionAttributes() *syscall.SysProcAttr { return nil }

// processRuns does not know on this system.
func processRuns(int) bool { return false }
