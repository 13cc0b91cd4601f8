package admin

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerUID is the effective user of the process at the other end of a unix socket, from SO_PEERCRED.
func peerUID(c net.Conn) (uid int, known bool) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, false
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return -1, true // a caller that cannot be identified is a stranger
	}
	return int(cred.Uid), true
}

// ownerUID is the owner of a file.
func ownerUID(info os.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
