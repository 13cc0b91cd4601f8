package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cmd/erlmcp/internal/console"
)

// consoleFlags are the flags of remote_console.
type consoleFlags struct {
	target
	history   string
	noHistory bool
}

func (p *program) consoleCommand() *cobra.Command {
	var f consoleFlags
	cmd := &cobra.Command{
		Use:     "remote_console",
		Aliases: []string{"remsh", "attach", "remote-console"},
		GroupID: groupInspect,
		Short:   "Open a shell on the node",
		Long: `Opens an Erlang shell on the node. An expression ends with a full stop, on as many lines as it
takes; variables last until the shell is left. Tab completes modules, functions, registered
names, nodes and variables; the arrow keys and Ctrl-R look through the history. Ctrl-C cancels
the expression that runs, or clears the line.

help(). lists the commands of the shell: h() b() f() v(N) i() regs() q(). Ctrl-D or q(). leaves
it. Leaving never stops the node: erlmcp stop does, or init:stop(). in the shell.

Without a terminal it reads expressions from standard input and prints their values; the status
is that of the last one. Where there is no node the status is 1; a node that goes away
meanwhile ends the shell with 3.`,
		Example: `  erlmcp remote_console
  erlmcp remsh --node node2@127.0.0.2 --role viewer
  echo 'nodes(). erlang:memory(total).' | erlmcp remsh`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			socket, err := p.socketOf(cmd)
			if err != nil {
				return err
			}
			return p.remoteConsole(socket, f)
		},
	}
	cmd.Flags().StringVar(&f.history, "history-file", "", "where lines are kept (default erlmcp/console_history in $XDG_STATE_HOME)")
	cmd.Flags().BoolVar(&f.noHistory, "no-history", false, "read and keep no history")
	f.flags(p, cmd, askTimeout, "how long to wait for the node's first answer")
	return cmd
}

// remoteConsole opens a console on the node behind a socket, and runs it until it is left.
func (p *program) remoteConsole(socket string, f consoleFlags) error {
	var remote *admin.Console
	err := p.ask(socket, f.timeout, exitFailed, func(ctx context.Context, c admin.Client) (err error) {
		remote, err = c.Console(ctx, admin.EvalOptions{Role: f.role, Node: f.node})
		if errors.Is(err, admin.ErrNodeDown) {
			return fail(exitNotRunning, "%w", err)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer remote.Close()
	// A hangup ends the console, and keeps the history.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP, syscall.SIGTERM)
	defer stop()
	stdout, isFile := p.stdout.(*os.File)
	o := console.Options{
		Terminal: isFile && isTerminal(p.stdin) && isTerminal(stdout), Banner: consoleBanner(remote),
		In: p.stdin, Out: p.stdout, Err: p.stderr,
	}
	if !f.noHistory {
		o.History = p.historyFile(f.history)
	}
	status, err := console.Run(ctx, remoteShell{remote}, o)
	switch {
	case errors.Is(err, admin.ErrConsoleClosed):
		fmt.Fprintf(p.stderr, "\n*** %s has gone: %s\n", printable(remote.Node()), printable(err.Error()))
		return &failure{exitNotRunning, errSaid}
	case err != nil:
		return asFailure(err)
	case status != exitOK:
		return &failure{status, errSaid}
	default:
		return nil
	}
}

// consoleBanner is what a terminal shows first.
func consoleBanner(remote *admin.Console) string {
	return fmt.Sprintf("%s\nShell of %s as %s (q(). leaves it and the node lives on, help(). lists the commands)\n", versionLine(), remote.Node(), remote.Role())
}

// historyFile is where the console keeps its history; empty where there is no place for it.
func (p *program) historyFile(chosen string) string {
	if chosen != "" {
		return chosen
	}
	state, err := p.stateDir()
	if err != nil {
		return ""
	}
	return filepath.Join(state, "console_history")
}

// remoteShell is a console of the node as the terminal's side sees it.
type remoteShell struct{ *admin.Console }

var _ console.Shell = remoteShell{}

// Eval implements console.Shell.
func (s remoteShell) Eval(ctx context.Context, text string, out io.Writer) (console.Result, error) {
	e, err := s.Console.Eval(ctx, text, func(piece string) { _, _ = io.WriteString(out, piece) }) // a terminal that has gone needs nothing
	if err != nil {
		return console.Result{}, err
	}
	return console.Result{Value: e.Value, Error: e.Error, Status: classStatus(e.Class), Quit: e.Class == admin.ClassQuit}, nil
}
