package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// evalTimeout is more than the node gives an expression.
const evalTimeout = 10 * time.Second

// quickEval evaluates without reading a configuration or building the commands, where arguments and
// environment say enough.
func (p *program) quickEval() (status int, ok bool) {
	if len(p.args) < 2 || p.args[0] != "eval" {
		return 0, false
	}
	socket, words, ok := quickTarget(p.args[1:], p.environ)
	if !ok || len(words) == 0 {
		return 0, false
	}
	return p.finish(p.ask(socket, evalTimeout, exitFailed, func(ctx context.Context, client admin.Client) error {
		c := controlled{program: p, client: client}
		return c.printValue(ctx, strings.Join(words, " "))
	})), true
}

func (p *program) evalCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "eval EXPR...",
		GroupID: groupInspect,
		Short:   "Evaluate an Erlang expression on the node",
		Long: `Has the node evaluate an expression, all arguments joined with blanks, and prints what it prints
and its value. The full stop may be missing. The language is Erlang without processes, files
and code loading; of the node it sees what erlmcp remote_console completes.

An exception, or a text that is no expression, is told on standard error, status 6; 4 where
the role does not allow it. Where there is no node the status is 1, as that of an Erlang
release's script.`,
		Example: `  erlmcp eval "nodes()."
  erlmcp eval -o json "erlang:memory()."
  erlmcp eval --node-name node1@127.0.0.1 "net_adm:ping('node2@127.0.0.2')."`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail(exitUsage, `eval needs an expression, such as: erlmcp eval "nodes()."`)
			}
			return nil
		},
		RunE: p.onTarget(&t, exitFailed, func(ctx context.Context, c controlled) error {
			return c.printValue(ctx, strings.Join(c.args, " "))
		}),
	}
	t.forms(cmd, "term", "json")
	t.flags(p, cmd, evalTimeout, "how long to wait for the answer")
	return cmd
}
