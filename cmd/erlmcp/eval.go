package main

import (
	"context"
	"fmt"
	"io"
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
	socket, expr, ok := quickTarget(p.args[1:], p.environ)
	if !ok || len(expr) == 0 {
		return 0, false
	}
	return p.finish(p.eval(socket, evalTimeout, expr)), true
}

// eval has the node behind a socket evaluate the words of an expression, and prints the value alone. Where
// there is no node it ends with 1, as an Erlang release's script does.
func (p *program) eval(socket string, timeout time.Duration, words []string) error {
	return p.ask(socket, timeout, exitFailed, func(ctx context.Context, c admin.Client) error {
		result, err := c.Eval(ctx, strings.Join(words, " "), admin.EvalOptions{})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(p.stdout, result.Output); err != nil {
			return err
		}
		if result.Class != "" {
			fmt.Fprintln(p.stderr, printable(result.Error))
			return &failure{exitException, errSaid}
		}
		_, err = fmt.Fprintln(p.stdout, result.Value)
		return err
	})
}

func (p *program) evalCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "eval EXPR...",
		GroupID: groupInspect,
		Short:   "Evaluate an Erlang expression on the node",
		Long: `Has the node evaluate an expression, all arguments joined with blanks, and prints what it prints
and its value. The full stop may be missing. The language is Erlang without processes, files
and code loading; of the node it sees node(), nodes(), nodes(Kind), net_adm:ping(Node) and
erlmcp:members().

An exception, or a text that is no expression, is told on standard error, status 6. Where
there is no node the status is 1, as that of an Erlang release's script.`,
		Example: `  erlmcp eval "nodes()."
  erlmcp eval --node-name node1@127.0.0.1 "net_adm:ping('node2@127.0.0.2')."`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail(exitUsage, `eval needs an expression, such as: erlmcp eval "nodes()."`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			socket, err := p.socketOf(cmd)
			if err != nil {
				return err
			}
			return p.eval(socket, timeout, args)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", evalTimeout, "how long to wait for the answer")
	addSources(cmd)
	return cmd
}
