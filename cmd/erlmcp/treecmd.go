package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) treeCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "tree",
		GroupID: groupInspect,
		Short:   "Show the supervision tree",
		Long: `Shows who supervises whom, with how many children are active and how often they were restarted.
The sessions are counted and not listed.`,
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

func writeRoots(w io.Writer, v any) error {
	roots, ok := v.([]any)
	if !ok {
		roots = []any{v}
	}
	for _, root := range roots {
		if err := writeBranch(w, root, "", ""); err != nil {
			return err
		}
	}
	return nil
}

// writeBranch prints what matters of one child, and those below it; first and rest are what stands before them.
func writeBranch(w io.Writer, v any, first, rest string) error {
	object, ok := v.(fields)
	if !ok {
		_, err := fmt.Fprintf(w, "%s%s\n", first, cell(v))
		return err
	}
	var about []string
	var children []any
	for _, m := range object {
		switch m.name {
		case "children":
			children, _ = m.value.([]any)
		case "pid", "strategy", "status":
			about = append(about, cell(m.value))
		case "count", "restarts", "restarted":
			about = append(about, m.name+" "+cell(m.value))
		}
	}
	name := object.get("name")
	if name == nil {
		name = object.get("id")
	}
	if _, err := fmt.Fprintf(w, "%s%s  %s\n", first, cell(name), strings.Join(about, ", ")); err != nil {
		return err
	}
	for i, c := range children {
		branch, below := "├─ ", "│  "
		if i == len(children)-1 {
			branch, below = "└─ ", "   "
		}
		if err := writeBranch(w, c, rest+branch, rest+below); err != nil {
			return err
		}
	}
	return nil
}
