//go:build !unix

package main

import "syscall"

// childAttributes are none.
func childAttributes() *syscall.SysProcAttr { return nil }
