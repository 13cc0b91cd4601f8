package admin

import (
	"fmt"
	"log/slog"
	"net"
	"os"
)

// ownListener accepts only connections of the process's own user and of root, where the kernel tells.
type ownListener struct {
	net.Listener
	log *slog.Logger
}

// Accept implements net.Listener.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, known := peerUID(c)
		if !known || mayControl(uid, os.Geteuid()) {
			return c, nil
		}
		l.log.Warn("control connection of another user refused", slog.Int("uid", uid))
		c.Close()
	}
}

// mayControl says whether a process of user peer may control a node of user own.
func mayControl(peer, own int) bool { return peer == own || peer == 0 }

// checkOwner refuses a directory that another user made, say in /tmp: whoever owns it can replace what is
// in it.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("admin: control socket: %w", err)
	}
	if uid, known := ownerUID(info); known && !mayControl(uid, os.Geteuid()) {
		return fmt.Errorf("admin: control socket: %s belongs to another user (uid %d)", dir, uid)
	}
	return nil
}
