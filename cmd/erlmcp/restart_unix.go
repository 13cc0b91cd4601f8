//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// restartProcess starts this program again in place of itself: same process id, arguments and environment. It
// returns only where that fails.
func restartProcess() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return fmt.Errorf("restart: %w", syscall.Exec(path, os.Args, os.Environ()))
}
