package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// NodeName completes the name of a node: without @ the host name is added, and a node that nobody named is
// erlmcp@<host name>.
func NodeName(name string) string {
	switch {
	case name == "":
		return "erlmcp@" + hostname()
	case !strings.Contains(name, "@"):
		return name + "@" + hostname()
	default:
		return name
	}
}

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
