package badinput

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// serves says whether a node listens on a control socket.
func serves(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// endLeftBehind ends the processes that a command has left behind: those with this home directory, which no other
// case has. It sees them in /proc; on systems without it there is none to see.
func endLeftBehind(home string) {
	end := time.Now().Add(patience)
	sig := syscall.SIGTERM
	for pids := withHome(home); len(pids) > 0; pids = withHome(home) {
		if time.Now().After(end) {
			sig = syscall.SIGKILL
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig) // fails only for a process that is gone
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// withHome lists the processes whose environment has this home directory.
func withHome(home string) []int {
	var pids []int
	names, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
	for _, name := range names {
		env, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(append([]byte{0}, env...), []byte("\x00HOME="+home+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
