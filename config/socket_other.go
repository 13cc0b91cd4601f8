//go:build !unix

package config

// writable says whether the process may create files in a directory; directories of Unix do not exist here.
func writable(string) bool { return false }
