package config

import (
	"os"
	"path/filepath"
	"strconv"
)

// DefaultNodeName is the name of a node that nobody named: erlmcp@<host name>.
func DefaultNodeName() string { return "erlmcp@" + hostname() }

func hostname() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "localhost"
	}
	return host
}

// SocketPath is where the control socket of a node is by default: a directory that belongs to the user.
func SocketPath(environ []string, node string) string {
	return filepath.Join(socketDir(environ), node+".sock")
}

func socketDir(environ []string) string {
	if dir := variable(environ, "XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	const run = "/run/erlmcp"
	if writable(run) {
		return run
	}
	return filepath.Join(os.TempDir(), "erlmcp-"+strconv.Itoa(os.Getuid()))
}
