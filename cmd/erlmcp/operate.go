package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) statusCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "status",
		GroupID: groupInspect,
		Short:   "Tell how the node is",
		Long: `Tells how the node is: its name, version and state, how long it runs, sessions, connections,
memory. Where there is no node the status is 1, as that of an Erlang release's script.`,
		Example: `  erlmcp status
  erlmcp status -o json --node node2@127.0.0.2`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitFailed, func(ctx context.Context, c controlled) error {
			return c.show(ctx, "erlmcp:status().", writeFields)
		}),
	}
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, askTimeout, "how long to wait for the answer")
	return cmd
}

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "log",
		GroupID: groupInspect,
		Short:   "See and set what a running node logs",
		Long:    "See and set what a running node logs, until it ends.",
		Example: "  erlmcp log level\n  erlmcp log level cluster=debug",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.logLevelCommand())
	return cmd
}

func (p *program) logLevelCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "level [[SUBSYSTEM=]LEVEL]",
		Short: "Show or set the level of the log",
		Long: `Without an argument: the level of each subsystem. With one: sets the level of a subsystem, or of
all. Levels: debug, info, notice, warning, error, critical, alert, emergency, none. It holds until the
node ends; log.level of the configuration is what a start begins with.`,
		Example: `  erlmcp log level
  erlmcp log level warning
  erlmcp log level cluster=debug --node node2@127.0.0.2`,
		Args: cobra.MaximumNArgs(1),
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			if len(c.args) == 0 {
				return c.show(ctx, "erlmcp:log_level().", writeFields)
			}
			return c.act(ctx, levelText(c.args[0]))
		}),
	}
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, askTimeout, "how long to wait for the answer")
	return cmd
}

// levelText is the expression that sets a level.
func levelText(word string) string {
	subsystem, level, ok := strings.Cut(word, "=")
	if !ok {
		return "erlmcp:log_level(" + atomText(word) + ")."
	}
	return "erlmcp:log_level({" + atomText(subsystem) + "," + atomText(level) + "})."
}

func (p *program) configReload() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the running node read its configuration again",
		Long: `The node reads the sources of its configuration again, as at its start. A wrong configuration
changes nothing and is told, status 78. Keys that have changed take effect at once, or are named as
needing a restart. SIGHUP does the same, and the log has what came of it.`,
		Example: `  erlmcp config reload
  erlmcp config reload --node node2@127.0.0.2 -o json`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			e, err := c.evaluate(ctx, "erlmcp:reload_config().", true)
			if err != nil {
				return err
			}
			if text, refused := refusal(e.JSON); refused {
				return fail(exitConfig, "the node keeps the configuration that it has: %s", text)
			}
			return c.present(e, writeReload)
		}),
	}
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, evalTimeout, "how long to wait for the answer")
	return cmd
}

// writeReload prints what a reload has changed.
func writeReload(w io.Writer, text json.RawMessage) error {
	v, err := decode(text)
	if err != nil {
		return err
	}
	object, ok := v.(fields)
	if !ok {
		_, err := fmt.Fprintln(w, cell(v))
		return err
	}
	_, err = fmt.Fprintf(w, "applied: %s\nneeds restart: %s\n", object.text("applied"), object.text("needs_restart"))
	return err
}

func (p *program) drainCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "drain",
		GroupID: groupInspect,
		Short:   "Take the node out of service, and leave it running",
		Long: `The node becomes not ready, takes no new clients, lets requests in progress finish and tells its
clients to go, as before a stop; then it runs on without them. erlmcp stop or restart comes next.`,
		Example: `  erlmcp drain
  erlmcp drain --node node2@127.0.0.2 --timeout 5m`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			return c.act(ctx, "erlmcp:drain().")
		}),
	}
	t.flags(p, cmd, time.Minute, "how long to wait for the answer")
	return cmd
}
