package admin

import (
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
