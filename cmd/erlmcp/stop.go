package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// stopTimeout is more than a drain takes by default.
const stopTimeout = 2 * time.Minute

func (p *program) stopCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "stop",
		GroupID: groupRun,
		Short:   "Stop a node, as SIGTERM does",
		Long: `Has the node drain and end, and returns when its process has gone; prints nothing. Where
there is no node the status is 1. With --node another member of the cluster is told to
stop, and the command returns when it has left the cluster.`,
		Example: `  erlmcp stop
  erlmcp stop --timeout 10m
  erlmcp stop --node node2@127.0.0.2`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitFailed, func(ctx context.Context, c controlled) error {
			return c.stop(ctx)
		}),
	}
	t.flags(p, cmd, stopTimeout, "how long to wait until the node has gone")
	return cmd
}

// stop stops the node and waits until it has gone.
func (c controlled) stop(ctx context.Context) error {
	pid, err := c.client.Process(ctx)
	if err != nil && !errors.Is(err, admin.ErrNoProcess) {
		return err
	}
	if _, err := c.value(ctx, "init:stop()."); err != nil {
		return err
	}
	gone := func() bool {
		return errors.Is(c.client.Ping(ctx), admin.ErrNotRunning) && (pid == 0 || !processRuns(pid))
	}
	if c.node != "" {
		gone = func() bool {
			view, err := c.client.Nodes(ctx)
			return err == nil && !hasMember(view, c.node)
		}
	}
	return until(ctx, gone, "the node is told to stop and has not gone")
}

func hasMember(view admin.Nodes, name string) bool {
	for _, m := range view.Members {
		if m.Name == name {
			return true
		}
	}
	return false
}

// until looks until done or the end of ctx, which fails with a message.
func until(ctx context.Context, done func() bool, otherwise string) error {
	look := time.NewTicker(pollPause)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return fail(exitTimeout, "%s in time; --timeout waits longer", otherwise)
		}
	}
	return nil
}

func (p *program) restartCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "restart",
		GroupID: groupRun,
		Short:   "Restart a node in its process",
		Long: `Has the node drain, stop everything that runs on it, and start again with its configuration
read anew, in the same process of the operating system. Returns when it answers again;
prints nothing.`,
		Example: `  erlmcp restart
  erlmcp restart --node node2@127.0.0.2`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitFailed, func(ctx context.Context, c controlled) error {
			return c.restart(ctx)
		}),
	}
	t.flags(p, cmd, stopTimeout, "how long to wait until the node answers again")
	return cmd
}

// restart restarts the node and waits until it answers again.
func (c controlled) restart(ctx context.Context) error {
	const begun = "erlang:system_info(start_time)."
	before, err := c.value(ctx, begun)
	if err != nil {
		return err
	}
	if _, err := c.value(ctx, "init:restart()."); err != nil {
		return err
	}
	return until(ctx, func() bool {
		after, err := c.client.Eval(ctx, begun, admin.EvalOptions{Node: c.node, Role: c.role})
		return err == nil && after.Class == admin.ClassValue && after.Value != before
	}, "the node is told to restart and does not answer again")
}
