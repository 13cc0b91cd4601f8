package main

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// sessionAttributes put a process into a session of its own, without a terminal.
func sessionAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// processRuns says whether a process is there and more than a zombie, whose parent does not ask how it ended.
func processRuns(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, ok := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
	return ok && len(state) > 0 && state[0] != 'Z' && state[0] != 'X'
}
