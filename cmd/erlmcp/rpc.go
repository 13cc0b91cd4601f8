package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/repl"
)

func (p *program) rpcCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "rpc MODULE [FUNCTION [ARGS]]",
		GroupID: groupInspect,
		Short:   "Call a function of the node",
		Long: `Calls a function and prints its value. The function is start and the arguments are [] unless
given; arguments are a list as Erlang writes it. What fails is told as eval tells it.`,
		Example: `  erlmcp rpc erlang node
  erlmcp rpc lists seq "[1,3]"
  erlmcp rpc erlang memory "[total]" --node node2@127.0.0.2`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 3 {
				return fail(exitUsage, `rpc needs a module and at most a function and its arguments, such as: erlmcp rpc lists seq "[1,3]"`)
			}
			return nil
		},
		RunE: p.onTarget(&t, exitFailed, func(ctx context.Context, c controlled) error {
			return c.printValue(ctx, callText(c.args))
		}),
	}
	t.forms(cmd, "term", "json")
	t.flags(p, cmd, evalTimeout, "how long to wait for the answer")
	return cmd
}

// callText is the expression that calls a function: module, function, arguments.
func callText(words []string) string {
	parts := append(append([]string{}, words...), []string{"", "start", "[]"}[len(words):]...)
	return fmt.Sprintf("apply(%s, %s, %s\n).", atomText(parts[0]), atomText(parts[1]), parts[2])
}

// atomText is a word as an atom; one that is quoted already stays as it is.
func atomText(word string) string {
	if len(word) > 1 && strings.HasPrefix(word, "'") && strings.HasSuffix(word, "'") {
		return word
	}
	return repl.Format(repl.Atom(word))
}

// printValue prints what an expression prints, and its value in the form that was asked for.
func (c controlled) printValue(ctx context.Context, expr string) error {
	e, err := c.evaluate(ctx, expr, c.form == "json")
	if err != nil {
		return err
	}
	if c.form == "json" {
		return writeJSON(c.stdout, e.JSON)
	}
	_, err = fmt.Fprintln(c.stdout, e.Value)
	return err
}
