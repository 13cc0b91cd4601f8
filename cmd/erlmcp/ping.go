package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// quickPing answers `erlmcp ping` without reading a configuration or building the commands: health checks
// of containers run it every few seconds. It leaves everything but the plain form to the command.
func (p *program) quickPing() (status int, ok bool) {
	if len(p.args) == 0 || p.args[0] != "ping" {
		return 0, false
	}
	socket, ok := quickSocket(p.args[1:], p.environ)
	if !ok {
		return 0, false
	}
	return p.finish(p.ping(socket, askTimeout)), true
}

// ping asks the node behind a socket and prints pong.
func (p *program) ping(socket string, timeout time.Duration) error {
	return p.ask(socket, timeout, exitNotRunning, func(ctx context.Context, c admin.Client) error {
		if err := c.Ping(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.stdout, "pong")
		return err
	})
}

func (p *program) pingCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "ping",
		GroupID: groupInspect,
		Short:   "Ask whether the node runs",
		Long: `Asks the node over its control socket. Prints pong; where there is no node, says so on
standard error and ends with status 3.`,
		Example: `  erlmcp ping
  erlmcp ping --config /etc/erlmcp/erlmcp.yaml
  erlmcp ping --admin-socket /run/erlmcp/node1@host.sock`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			socket, err := p.socketOf(cmd)
			if err != nil {
				return err
			}
			return p.ping(socket, timeout)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", askTimeout, "how long to wait for the answer")
	addSources(cmd)
	return cmd
}
