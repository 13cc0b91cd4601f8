package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// target is which node a command is about, what the command may do there, and how the answer is shown.
type target struct {
	node, role string
	timeout    time.Duration
	form       string // of the answer; empty where there is no choice
	allowed    []string
}

// flags adds the flags of a target to cmd, and those that lead to the control socket.
func (t *target) flags(p *program, cmd *cobra.Command, timeout time.Duration, usage string) {
	cmd.Flags().StringVar(&t.node, "node", "", "name of a member of the cluster to ask in place of the node here")
	cmd.Flags().StringVar(&t.role, "role", "", "the most that may be done: viewer, operator or admin (default what the node grants)")
	cmd.Flags().DurationVar(&t.timeout, "timeout", timeout, usage)
	addSources(cmd)
	_ = cmd.RegisterFlagCompletionFunc("node", p.completing(memberNames)) // both flags are there
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles, cobra.ShellCompDirectiveNoFileComp))
}

// roles are the values of --role, each including those before it.
var roles = []string{"viewer", "operator", "admin"}

// forms adds the flag -o with these forms, the first being the default.
func (t *target) forms(cmd *cobra.Command, forms ...string) {
	t.allowed = forms
	cmd.Flags().StringVarP(&t.form, "output", "o", forms[0], oneOf(forms))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

// oneOf lists choices: a, b or c.
func oneOf(choices []string) string {
	text := choices[0]
	for i, c := range choices[1:] {
		if i == len(choices)-2 {
			text += " or " + c
		} else {
			text += ", " + c
		}
	}
	return text
}

func (t *target) check() error {
	if len(t.allowed) > 0 && !slices.Contains(t.allowed, t.form) {
		return fail(exitUsage, "--output is %.40q, want %s", t.form, oneOf(t.allowed))
	}
	if t.role != "" && !slices.Contains(roles, t.role) {
		return fail(exitUsage, "--role is %.40q, want %s", t.role, oneOf(roles))
	}
	return nil
}

// controlled is a node that a command acts on.
type controlled struct {
	*program
	target
	client admin.Client
	args   []string // of the command
}

// onTarget makes the RunE of a command that acts on a node; absent is the status where there is none.
func (p *program) onTarget(t *target, absent int, f func(context.Context, controlled) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := t.check(); err != nil {
			return err
		}
		socket, err := p.socketOf(cmd)
		if err != nil {
			return err
		}
		return p.ask(socket, t.timeout, absent, func(ctx context.Context, client admin.Client) error {
			return f(ctx, controlled{p, *t, client, args})
		})
	}
}

// evaluate has the node evaluate an expression, and copies what it prints. One that fails is told on standard error.
func (c controlled) evaluate(ctx context.Context, expr string, withJSON bool) (admin.Evaluation, error) {
	e, err := c.client.Eval(ctx, expr, admin.EvalOptions{Node: c.node, Role: c.role, JSON: withJSON})
	if err != nil {
		return e, err
	}
	if _, err := io.WriteString(c.stdout, e.Output); err != nil {
		return e, err
	}
	return e, c.outcome(e)
}

// outcome tells of an evaluation that failed.
func (p *program) outcome(e admin.Evaluation) error {
	if e.Class == admin.ClassValue {
		return nil
	}
	fmt.Fprintln(p.stderr, printable(e.Error))
	return &failure{classStatus(e.Class), errSaid}
}

// classStatus is the exit status for how an evaluation failed.
func classStatus(c admin.Class) int {
	switch c {
	case admin.ClassValue, admin.ClassQuit:
		return exitOK
	case admin.ClassDenied:
		return exitRefused
	case admin.ClassTimeout:
		return exitTimeout
	case admin.ClassNodeDown:
		return exitNotRunning
	case admin.ClassBusy, admin.ClassCancelled:
		return exitFailed
	default:
		return exitException
	}
}

// value is the value of an expression as ~p prints it.
func (c controlled) value(ctx context.Context, expr string) (string, error) {
	e, err := c.evaluate(ctx, expr, false)
	return e.Value, err
}

// act evaluates an expression for its effect.
func (c controlled) act(ctx context.Context, expr string) error {
	e, err := c.evaluate(ctx, expr, true)
	if err != nil {
		return err
	}
	if why, refused := refusal(e.JSON); refused {
		return fail(exitFailed, "the node says: %s", why)
	}
	return nil
}

// refusal is why the node has done nothing, for the value {error, Why} as JSON.
func refusal(value json.RawMessage) (why string, refused bool) {
	var pair []string
	if json.Unmarshal(value, &pair) != nil || len(pair) != 2 {
		return "", false
	}
	return pair[1], pair[0] == "error"
}

// show evaluates an expression and presents its value.
func (c controlled) show(ctx context.Context, expr string, table func(io.Writer, json.RawMessage) error) error {
	e, err := c.evaluate(ctx, expr, c.form != "term")
	switch {
	case err != nil:
		return err
	case e.Value == "undefined":
		return fail(exitFailed, "the node has no such thing")
	}
	return c.present(e, table)
}

// present prints a value in the form that was asked for, with table for the form of that name.
func (c controlled) present(e admin.Evaluation, table func(io.Writer, json.RawMessage) error) error {
	switch c.form {
	case "term":
		_, err := fmt.Fprintln(c.stdout, e.Value)
		return err
	case "json":
		return writeJSON(c.stdout, e.JSON)
	default:
		return table(c.stdout, e.JSON)
	}
}

func writeJSON(w io.Writer, text json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return fmt.Errorf("the node's answer: %w", err)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}
