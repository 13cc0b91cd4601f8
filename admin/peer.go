package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
)

// peer is the process at the other end of a unix socket.
type peer struct{ uid, pid int }

// peerKey is the key of the context value that says who is at the other end of a connection, a string.
type peerKey struct{}

// withPeer notes the peer of a connection in the context of its requests.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	if p, known := peerOf(c); known {
		return context.WithValue(ctx, peerKey{}, fmt.Sprintf("uid %d pid %d", p.uid, p.pid))
	}
	return ctx
}

// peerName is who withPeer has noted.
func peerName(ctx context.Context) string {
	if name, ok := ctx.Value(peerKey{}).(string); ok {
		return name
	}
	return "unknown"
}

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
		p, known := peerOf(c)
		if !known || mayControl(p.uid, os.Geteuid()) {
			return c, nil
		}
		l.log.Warn("control connection of another user refused", slog.Int("uid", p.uid))
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
