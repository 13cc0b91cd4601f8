//go:build !linux

package clustering

import "syscall"

// childOf is nothing: the test ends its processes itself.
func childOf() *syscall.SysProcAttr { return nil }
