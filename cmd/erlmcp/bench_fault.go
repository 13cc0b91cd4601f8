//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

// faultFlags say what hurts a server in the phases that have a fault.
type faultFlags struct {
	command, heal          string
	pids                   []int
	signalName, healSignal string
}

func (f *faultFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.command, "fault-command", "", "shell command that hurts a server, after a quarter of a phase with a fault")
	fl.StringVar(&f.heal, "heal-command", "", "shell command that helps it up, after a half")
	fl.IntSliceVar(&f.pids, "fault-pid", nil, "processes that get a signal instead")
	fl.StringVar(&f.signalName, "fault-signal", "STOP", "the signal for --fault-pid")
	fl.StringVar(&f.healSignal, "heal-signal", "CONT", "the signal that helps up; none for none")
}

// faults checks the flags; nil without a fault.
func (f *faultFlags) faults() (*faults, error) {
	out := &faults{command: f.command, heal: f.heal, pids: f.pids}
	if f.command == "" && len(f.pids) == 0 {
		if f.heal != "" {
			return nil, errors.New("--heal-command without --fault-command")
		}
		return nil, nil
	}
	if out.hurt = signalNumber(f.signalName); out.hurt == 0 {
		return nil, fmt.Errorf("--fault-signal %q is not a signal", f.signalName)
	}
	if out.help = signalNumber(f.healSignal); out.help == 0 && f.healSignal != "none" {
		return nil, fmt.Errorf("--heal-signal %q is not a signal", f.healSignal)
	}
	for _, pid := range f.pids {
		if pid <= 1 {
			return nil, fmt.Errorf("--fault-pid %d is not a process of yours", pid)
		}
	}
	return out, nil
}

func signalNumber(name string) syscall.Signal {
	return unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG"))
}

// faults hurts by a command, by signals, or by both.
type faults struct {
	command, heal string
	pids          []int
	hurt, help    syscall.Signal
}

// Inject implements crew.Faults.
func (f *faults) Inject(ctx context.Context) (string, error) { return f.do(ctx, f.command, f.hurt) }

// Heal implements crew.Faults.
func (f *faults) Heal(ctx context.Context) (string, error) { return f.do(ctx, f.heal, f.help) }

func (f *faults) do(ctx context.Context, command string, sig syscall.Signal) (string, error) {
	var did []string
	var failed []error
	if command != "" {
		did = append(did, command)
		if out, err := exec.CommandContext(ctx, "/bin/sh", "-c", command).CombinedOutput(); err != nil {
			failed = append(failed, fmt.Errorf("%w: %.300s", err, out))
		}
	}
	if sig != 0 {
		for _, pid := range f.pids {
			did = append(did, fmt.Sprintf("%s to %d", unix.SignalName(sig), pid))
			if err := syscall.Kill(pid, sig); err != nil {
				failed = append(failed, fmt.Errorf("process %d: %w", pid, err))
			}
		}
	}
	return strings.Join(did, ", "), errors.Join(failed...)
}
