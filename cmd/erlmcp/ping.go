package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/config"
)

const (
	notRunning  = "Node is not running!" // the words of an Erlang release's start script
	pingTimeout = 3 * time.Second
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
	return p.finish(p.ping(socket, pingTimeout)), true
}

// quickSocket finds the control socket from arguments and environment alone. It is not ok where that is not
// enough: other flags, a configuration file, vm.args.
func quickSocket(args, environ []string) (socket string, ok bool) {
	var releaseName, name string
	for _, e := range environ {
		key, value, _ := strings.Cut(e, "=")
		if value == "" {
			continue
		}
		switch key {
		case config.EnvFile, config.EnvVMArgs, config.EnvVMArgsRelease:
			return "", false
		case "NODE_NAME":
			releaseName = value
		case "ERLMCP_NODE_NAME":
			name = value
		case "ERLMCP_ADMIN_SOCKET":
			socket = value
		}
	}
	switch {
	case len(args) == 0:
	case len(args) == 1 && strings.HasPrefix(args[0], "--admin-socket="):
		socket = strings.TrimPrefix(args[0], "--admin-socket=")
	case len(args) == 2 && args[0] == "--admin-socket":
		socket = args[1]
	default:
		return "", false
	}
	if socket == "" {
		socket = config.SocketPath(environ, config.NodeName(cmp.Or(name, releaseName)))
	}
	return socket, true
}

// ping asks the node behind a socket and prints pong.
func (p *program) ping(socket string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := admin.Client{Socket: socket}.Ping(ctx)
	switch {
	case err == nil:
		_, err = fmt.Fprintln(p.stdout, "pong")
		return asFailure(err)
	case errors.Is(err, admin.ErrNotRunning):
		fmt.Fprintln(p.stderr, notRunning)
		return &failure{exitNotRunning, errSaid}
	case errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil:
		return fail(exitTimeout, "the node does not answer within %v (%s)", timeout, socket)
	case errors.Is(err, os.ErrPermission):
		return fail(exitRefused, "the control socket belongs to another user: %w", err)
	default:
		return asFailure(err)
	}
}

func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return &failure{exitFailed, err}
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
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			return p.ping(c.Admin.Socket, timeout)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", pingTimeout, "how long to wait for the answer")
	addSources(cmd)
	return cmd
}
