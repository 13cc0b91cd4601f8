package main

import (
	"os/exec"
	"syscall"
	"time"
)

// child is the process of one node.
type child struct {
	place     place
	logs      *logLines
	cmd       *exec.Cmd
	gone      chan struct{} // closed when it has ended and its logs are read
	err       error         // how it ended; read after gone
	restarted []time.Time   // when the node of this place was started again
}

// pipeTime is what is waited for output of a process that has ended.
const pipeTime = 2 * time.Second

// startChild starts the process of a node and tells ended when it has ended. The process is in a group of
// its own, so that Ctrl-C reaches it through this one only.
func startChild(binary string, pl *plan, pc place, logs *logLines, ended chan<- *child) (*child, error) {
	args := append(append([]string{}, pl.args...), pc.args...)
	c := &child{place: pc, logs: logs, cmd: exec.Command(binary, args...), gone: make(chan struct{})}
	c.cmd.Env = pl.environ
	c.cmd.Stdout, c.cmd.Stderr = logs, logs // one pipe, since they are the same
	c.cmd.WaitDelay = pipeTime
	c.cmd.SysProcAttr = childAttributes()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		c.err = c.cmd.Wait()
		logs.close()
		close(c.gone)
		ended <- c
	}()
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// signal sends a signal; nothing happens if the process has ended.
func (c *child) signal(s syscall.Signal) {
	_ = c.cmd.Process.Signal(s)
}

// outcome says how the process ended; never nil.
func (c *child) outcome() error {
	if c.err == nil {
		return errStatusZero
	}
	return c.err
}
