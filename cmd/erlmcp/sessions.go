package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/repl"
)

// sessionColumns are a table of sessions; show and the other forms have all that there is.
var sessionColumns = []string{"id", "pid", "transport", "revision", "client", "connected", "in_flight", "waiting", "memory"}

// withColumn adds a column, such as that by which rows are ordered, where it is missing.
func withColumn(columns []string, name string) []string {
	if name == "" || slices.Contains(columns, name) {
		return columns
	}
	return append(slices.Clone(columns), name)
}

func (p *program) sessionsCommand() *cobra.Command {
	var t target
	var sort string
	var limit int
	cmd := &cobra.Command{
		Use:     "sessions",
		GroupID: groupInspect,
		Short:   "List, show and end clients' sessions",
		Long: `Lists the sessions of the node. With --sort the largest values of a column come first. show
tells everything about one session, kick ends it: the client is told to start another.`,
		Example: `  erlmcp sessions --sort in_flight --limit 10
  erlmcp sessions show 0DJ5C3Q7
  erlmcp sessions kick 0DJ5C3Q7 --node node2@127.0.0.2`,
		Args: func(cmd *cobra.Command, args []string) error { return unknownCommand(cmd, args) },
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			if limit < 1 {
				return fail(exitUsage, "--limit is %d, want 1 or more", limit)
			}
			sort := strings.ReplaceAll(sort, " ", "_")
			return c.show(ctx, sessionsText(sort, limit), func(w io.Writer, text json.RawMessage) error {
				return writeSessions(w, text, sort)
			})
		}),
	}
	cmd.Flags().StringVar(&sort, "sort", "", "column whose largest values come first")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many sessions to list")
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, evalTimeout, "how long to wait for the answer")
	cmd.AddCommand(p.sessionShow(), p.sessionKick())
	return cmd
}

// sessionsText is the expression that lists sessions.
func sessionsText(sort string, limit int) string {
	list := "erlmcp:sessions()"
	if sort != "" {
		key := atomText(sort)
		list = "[S || {_, S} <- lists:reverse(lists:keysort(1, [{maps:get(" + key + ", S), S} || S <- " + list + "]))]"
	}
	return fmt.Sprintf("lists:sublist(%s, %d).", list, limit)
}

func writeSessions(w io.Writer, text json.RawMessage, sort string) error {
	rows, err := decodeRows(text)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "no sessions")
		return err
	}
	return writeRows(w, rows, withColumn(sessionColumns, sort)...)
}

func (p *program) sessionShow() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:               "show ID",
		Short:             "Tell everything about one session",
		Long:              "Tells what the node knows of one session.",
		Example:           "  erlmcp sessions show 0DJ5C3Q7\n  erlmcp sessions show 0DJ5C3Q7 -o json",
		Args:              oneSession,
		ValidArgsFunction: p.completing(sessionIDs),
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			return c.show(ctx, "erlmcp:session("+binaryText(c.args[0])+").", writeFields)
		}),
	}
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, askTimeout, "how long to wait for the answer")
	return cmd
}

func (p *program) sessionKick() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:               "kick ID",
		Short:             "End a session",
		Long:              "Ends a session: what it has open is answered with an error, its connection closes.",
		Example:           "  erlmcp sessions kick 0DJ5C3Q7\n  erlmcp sessions kick 0DJ5C3Q7 --node node2@127.0.0.2",
		Args:              oneSession,
		ValidArgsFunction: p.completing(sessionIDs),
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			return c.act(ctx, "erlmcp:kick("+binaryText(c.args[0])+").")
		}),
	}
	t.flags(p, cmd, askTimeout, "how long to wait for the answer")
	return cmd
}

func oneSession(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fail(exitUsage, "%s needs the id of one session; erlmcp sessions lists them", cmd.CommandPath())
	}
	return nil
}

// binaryText is a word as a binary.
func binaryText(word string) string { return repl.Format(repl.Binary(word)) }
