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
	notRunning = "Node is not running!" // the words of an Erlang release's start script
	askTimeout = 3 * time.Second
)

// ask calls f with a client of the node behind a socket. Where there is no node it says so and ends with
// status absent.
func (p *program) ask(socket string, timeout time.Duration, absent int, f func(context.Context, admin.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := f(ctx, admin.Client{Socket: socket})
	var said *failure
	switch {
	case err == nil || errors.As(err, &said):
		return err
	case errors.Is(err, admin.ErrNotRunning):
		fmt.Fprintln(p.stderr, notRunning)
		return &failure{absent, errSaid}
	case errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil:
		return fail(exitTimeout, "the node does not answer within %v (%s)", timeout, socket)
	case errors.Is(err, admin.ErrRefused):
		return fail(exitRefused, "%w", err)
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

// socketOf is the control socket that the configuration of cmd leads to.
func (p *program) socketOf(cmd *cobra.Command) (string, error) {
	c, err := p.load(cmd)
	if err != nil {
		return "", err
	}
	return c.Admin.Socket, nil
}

// quickSocket finds the control socket from arguments and environment alone. It is not ok where that is not
// enough: other arguments, a configuration file, vm.args.
func quickSocket(args, environ []string) (socket string, ok bool) {
	socket, rest, ok := quickTarget(args, environ)
	return socket, ok && len(rest) == 0
}

// quickTarget is quickSocket for commands with arguments: it returns those after the flags.
func quickTarget(args, environ []string) (socket string, rest []string, ok bool) {
	var releaseName, name string
	for _, e := range environ {
		key, value, _ := strings.Cut(e, "=")
		if value == "" {
			continue
		}
		switch key {
		case config.EnvFile, config.EnvVMArgs, config.EnvVMArgsRelease:
			return "", nil, false
		case "NODE_NAME":
			releaseName = value
		case "ERLMCP_NODE_NAME":
			name = value
		case "ERLMCP_ADMIN_SOCKET":
			socket = value
		}
	}
	rest = args
	for _, f := range []struct {
		flag  string
		value *string
	}{{"--node-name", &name}, {"--admin-socket", &socket}} {
		if value, after, given := quickFlag(rest, f.flag); given {
			*f.value, rest = value, after
		}
	}
	for _, a := range rest {
		if strings.HasPrefix(a, "-") {
			return "", nil, false
		}
	}
	if socket == "" {
		socket = config.SocketPath(environ, config.NodeName(cmp.Or(name, releaseName)))
	}
	return socket, rest, true
}

// quickFlag takes one flag with its value off the front of args.
func quickFlag(args []string, flag string) (value string, rest []string, given bool) {
	switch {
	case len(args) >= 1 && strings.HasPrefix(args[0], flag+"="):
		return strings.TrimPrefix(args[0], flag+"="), args[1:], true
	case len(args) >= 2 && args[0] == flag:
		return args[1], args[2:], true
	default:
		return "", args, false
	}
}
