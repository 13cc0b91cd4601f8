package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// nodes asks the node behind a socket how it sees its cluster, and prints that as a table, json or term.
func (p *program) nodes(socket string, timeout time.Duration, form string) error {
	return p.ask(socket, timeout, exitNotRunning, func(ctx context.Context, c admin.Client) error {
		if form == "term" {
			text, err := c.NodesTerm(ctx)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, text)
			return err
		}
		view, err := c.Nodes(ctx)
		if err != nil {
			return err
		}
		if form == "json" {
			e := json.NewEncoder(p.stdout)
			e.SetIndent("", "  ")
			return e.Encode(view)
		}
		return writeNodes(p.stdout, view)
	})
}

// writeNodes prints a view for people; the node that was asked has an asterisk.
func writeNodes(w io.Writer, view admin.Nodes) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tADDRESS\tBOOT\tVERSION") // errors come with Flush
	for _, m := range view.Members {
		name := printable(m.Name)
		if m.Name == view.Self {
			name += " *"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, m.State, orDash(m.Address), orDash(m.Boot), orDash(printable(m.Version)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case !view.Cluster:
		_, err := fmt.Fprintln(w, "\nThe node runs alone.")
		return err
	case !view.Majority:
		_, err := fmt.Fprintln(w, "\nNo majority: sessions of nodes that are not here are not taken over.")
		return err
	default:
		return nil
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p *program) nodesCommand() *cobra.Command {
	var timeout time.Duration
	var form string
	cmd := &cobra.Command{
		Use:     "nodes",
		GroupID: groupInspect,
		Short:   "List the nodes of the cluster",
		Long: `Lists the members of the cluster as the node sees them, itself (*) included: name, state, address
for other nodes, incarnation, version. States are up, and for the node itself also minority
(it sees no majority of the cluster) and draining.`,
		Example: `  erlmcp nodes
  erlmcp nodes --node-name node1@127.0.0.1 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch form {
			case "table", "json", "term":
			default:
				return fail(exitUsage, "--output is %.40q, want table, json or term", form)
			}
			socket, err := p.socketOf(cmd)
			if err != nil {
				return err
			}
			return p.nodes(socket, timeout, form)
		},
	}
	cmd.Flags().StringVarP(&form, "output", "o", "table", "table, json or term")
	cmd.Flags().DurationVar(&timeout, "timeout", askTimeout, "how long to wait for the answer")
	addSources(cmd)
	return cmd
}
