package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/config"
	"github.com/erlmcp/erlmcp/mcp"
)

func (p *program) foregroundCommand() *cobra.Command {
	var pidFile string
	cmd := &cobra.Command{
		Use:     "foreground",
		GroupID: groupRun,
		Short:   "Run a node until it is told to stop",
		Long: `Runs a node in the foreground, for containers, service managers and terminals; erlmcp start
runs one in the background.

SIGTERM or SIGINT drains: no new clients, requests in progress finish, clients are told to
go, status 0. A second one ends the process at once. SIGHUP has the configuration read
again, as erlmcp config reload does.`,
		Example: `  erlmcp foreground --config /etc/erlmcp/erlmcp.yaml
  ERLMCP_LOG_LEVEL=debug erlmcp foreground --http-port 9000 --node-demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			defer removePIDFile(pidFile)
			return p.runNode(c, newServer(c.Node.Demo, c.Node.Name), func(string) {
				if err := writePIDFile(pidFile); err != nil {
					fmt.Fprintf(p.stderr, "erlmcp: warning: no pid file: %s\n", printable(err.Error()))
				}
			})
		},
	}
	cmd.Flags().StringVar(&pidFile, "pid-file", "", "file that gets the number of the process once the node serves")
	addSources(cmd)
	return cmd
}

func (p *program) devCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "dev",
		GroupID: groupRun,
		Short:   "Run a node on loopback with demo tools",
		Long: `Runs a node that only this machine can reach, with tools to try (echo, time, node, slow, panic), and
prints how to connect MCP clients.`,
		Example: `  erlmcp dev
  erlmcp dev --http-port 9000 --log-level debug`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			if ip := net.ParseIP(c.HTTP.Listen); c.HTTP.Listen != "localhost" && !ip.IsLoopback() {
				return fail(exitRefused, "dev serves this machine only, and http.listen is %s; use erlmcp foreground", c.HTTP.Listen)
			}
			return p.runNode(c, newServer(true, c.Node.Name), func(addr string) { p.writeBanner(c, addr) })
		},
	}
	addSources(cmd)
	return cmd
}

func (p *program) stdioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stdio",
		GroupID: groupRun,
		Short:   "Serve one client on standard input and output",
		Long: `Serves the demo tools to one MCP client, as clients start servers: JSON-RPC messages as lines on
standard input and output, logs on standard error. Ends when standard input does.`,
		Example: `  erlmcp stdio
  claude mcp add erlmcp -- erlmcp stdio`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			if isTerminal(p.stdin) && p.terminal {
				fmt.Fprintln(p.stderr, "erlmcp stdio reads JSON-RPC messages from standard input; a client is to start it. To look around: erlmcp dev")
			}
			return p.serve(c, newServer(true, c.Node.Name), stdioOptions(c, p), nil)
		},
	}
	addSources(cmd)
	return cmd
}

// runNode runs a node with the listeners of the configuration.
func (p *program) runNode(c *config.Config, server *mcp.Server, ready func(addr string)) error {
	return p.serve(c, server, httpOptions(c), ready)
}

// serve runs a node until it ends or signals end it. ready, if not nil, is called with its address once it
// serves.
func (p *program) serve(c *config.Config, server *mcp.Server, o erlmcp.Options, ready func(addr string)) error {
	signal.Ignore(syscall.SIGPIPE) // a reader of logs that goes away does not end the node
	levels := newLogLevels(c.Log.Level)
	log := levels.logger(p.stderr, p.terminal, c.Log.Format)
	o.Operator = newOperator(c, p.sources, levels)
	tuneRuntime(c.Runtime, log)
	announce(log, c, o.Stdio.On)
	o.Logger = log
	var err error
	if o.Cluster, err = clusterOptions(c, log); err != nil {
		return asFailure(err)
	}
	node, err := erlmcp.New(server, o)
	if err != nil {
		return asFailure(err)
	}
	ctx, stop := watchSignals(log, func() bool {
		if p.terminal && !isTerminal(os.Stderr) {
			return false // the terminal is gone
		}
		_, _, _ = node.ReloadConfig(context.Background()) // it logs what came of it
		return true
	})
	defer stop()
	over := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-node.Ready():
			if ready != nil {
				ready(node.Addr())
			}
		case <-over:
		}
	}()
	err = node.Run(ctx)
	close(over)
	<-told
	if errors.Is(err, erlmcp.ErrRestart) {
		if ctx.Err() != nil {
			return nil // a signal has told the process to end since
		}
		log.LogAttrs(ctx, slog.LevelInfo, "process restarts")
		return asFailure(restartProcess())
	}
	return nodeFailure(err, c)
}

// nodeFailure adds what to do about an address in use.
func nodeFailure(err error, c *config.Config) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fail(exitFailed, "%w; another port: --http-port %s", err, strconv.Itoa(c.HTTP.Port%65535+1))
	}
	return asFailure(err)
}

// announce logs what became of the settings. A node for one client says nothing of limits that nobody set.
func announce(log *slog.Logger, c *config.Config, oneClient bool) {
	ctx := context.Background()
	for _, s := range config.Report(c, system()) {
		if oneClient && s.Origin.Source == config.FromDefault {
			continue
		}
		level := slog.LevelInfo
		if s.Outcome == config.Clamped {
			level = slog.LevelWarn
		}
		log.LogAttrs(ctx, level, "setting", slog.String("name", s.Name), slog.String("value", s.Value), slog.String("key", s.Key),
			slog.String("origin", s.Origin.String()), slog.String("outcome", s.Outcome.String()), slog.String("reason", s.Reason))
	}
	for _, w := range c.Warnings() {
		log.LogAttrs(ctx, slog.LevelWarn, "configuration warning", slog.String("warning", w))
	}
}
