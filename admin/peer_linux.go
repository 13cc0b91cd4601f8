package admin

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerOf is the process at the other end of a unix socket, from SO_PEERCRED.
func peerOf(c net.Conn) (p peer, known bool) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}, false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return peer{}, false
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return peer{uid: -1}, true // a caller that cannot be identified is a stranger
	}
	return peer{uid: int(cred.Uid), pid: int(cred.Pid)}, true
}

// ownerUID is the owner of a file.
func ownerUID(info os.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
