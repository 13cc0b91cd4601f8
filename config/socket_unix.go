//go:build unix

package config

import "syscall"

// writable says whether the process may create files in a directory.
func writable(dir string) bool {
	const write, search = 2, 1
	return syscall.Access(dir, write|search) == nil
}
