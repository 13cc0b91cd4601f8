//go:build !unix

package main

import "errors"

// restartProcess cannot replace a process on this system.
func restartProcess() error {
	return errors.New("restart: this system cannot replace a process; start the node again")
}
