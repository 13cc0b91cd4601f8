package clustering

import "syscall"

// childOf makes a process end with the test, however that ends.
func childOf() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
