package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (p *program) treeCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "tree",
		GroupID: groupInspect,
		Short:   "Show the supervision tree",
		Long: `Shows who supervises whom, how each process is and how often it was restarted. The sessions are
counted and not listed. -o json has more of each: strategy, memory, reductions, waiting messages.`,
		Example: `  erlmcp tree
  erlmcp tree -o json --node node2@127.0.0.2`,
		Args: cobra.NoArgs,
		RunE: p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
			return c.show(ctx, "erlmcp:tree().", writeTree)
		}),
	}
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, askTimeout, "how long to wait for the answer")
	return cmd
}

func writeTree(w io.Writer, text json.RawMessage) error {
	v, err := decode(text)
	if err != nil {
		return err
	}
	return writeRoots(w, v)
}

// writeRoots prints what matters of trees, a line for each process. The row that stands for all children of a
// simple_one_for_one supervisor goes into the line of that.
func writeRoots(w io.Writer, v any) error {
	roots, ok := v.([]any)
	if !ok {
		roots = []any{v}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tPID\tSTATUS\tRESTARTS\tCOUNT") // errors come with Flush
	for _, root := range roots {
		writeBranch(t, root, "", "")
	}
	return t.Flush()
}

// writeBranch prints one process and those below it; first and rest are what stands before them.
func writeBranch(w io.Writer, v any, first, rest string) {
	object, ok := v.(fields)
	if !ok {
		fmt.Fprintf(w, "%s%s\t\t\t\t\n", first, cell(v))
		return
	}
	children, _ := object.get("children").([]any)
	count := ""
	if row, ok := onlyCounted(children); ok {
		count, children = row.text("count"), nil
	}
	name := object.get("name")
	if name == nil {
		name = object.get("id")
	}
	fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\t%s\n", first, cell(name), object.text("pid"), object.text("status"), object.text("restarts"), count)
	for i, c := range children {
		branch, below := "├─ ", "│  "
		if i == len(children)-1 {
			branch, below = "└─ ", "   "
		}
		writeBranch(w, c, rest+branch, rest+below)
	}
}

// onlyCounted is the row of children that are counted and not listed.
func onlyCounted(children []any) (fields, bool) {
	if len(children) != 1 {
		return nil, false
	}
	row, ok := children[0].(fields)
	return row, ok && row.get("count") != nil
}
