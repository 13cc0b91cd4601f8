package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// maxSocketPath is the longest path that every supported kernel takes for a unix socket, in bytes.
const maxSocketPath = 103

// ErrSocketInUse is why Control.Serve fails when a node answers on its socket already.
var ErrSocketInUse = errors.New("admin: another node answers on the control socket")

// listenSocket opens the socket at path: mode 0600, its directory made with mode 0700 where it is absent.
// A socket that nobody listens on is replaced; any other file is left alone. Errors: ErrSocketInUse, and
// errors that name the path.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("admin: control socket %s: the path has %d bytes, a unix socket takes at most %d", path, len(path), maxSocketPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	if err := checkOwner(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	// Between Listen and Chmod the mode is that of the umask; peers of other users are turned away anyway.
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	return l, nil
}

// removeStale removes the socket of a process that has gone.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("admin: control socket: %w", err)
	case info.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("admin: control socket %s: there is a file that is no socket", path)
	}
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%w: %s", ErrSocketInUse, path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("admin: control socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("admin: control socket: %w", err)
	}
	return nil
}
