//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
)

// workerCommand is what a worker process runs.
func (p *program) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return asFailure(load.Serve(context.Background(), p.stdin, p.stdout))
		},
	}
}

// workerProcess is a worker in a process of its own.
type workerProcess struct {
	io.WriteCloser
	io.Reader
	cmd *exec.Cmd
}

var _ crew.Worker = (*workerProcess)(nil)

// launchWorker starts this program again. The process has a group of its own, so that an interrupt reaches
// the main process alone, which then ends it by closing its input.
func launchWorker(ctx context.Context, _ int) (crew.Worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, "bench", "worker")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &workerProcess{in, out, cmd}, nil
}

// workerPatience is how long a worker may take to end.
const workerPatience = 5 * time.Second

// Close ends the worker.
func (w *workerProcess) Close() error {
	_ = w.WriteCloser.Close()
	kill := time.AfterFunc(workerPatience, func() { _ = w.cmd.Process.Kill() })
	defer kill.Stop()
	return w.cmd.Wait()
}

// CPU is what the worker used so far.
func (w *workerProcess) CPU() time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0
	}
	at := strings.LastIndex(string(text), ") ")
	fields := strings.Fields(string(text[max(at, 0):]))
	const user, system = 12, 13 // after the name's end, proc(5)
	if at < 0 || len(fields) <= system {
		return 0
	}
	u, _ := strconv.Atoi(fields[user])
	s, _ := strconv.Atoi(fields[system])
	const ticks = 100 // a second, on every Linux that Go runs on
	return time.Duration(u+s) * time.Second / ticks
}
