package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

func (p *program) pidCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "pid",
		GroupID: groupInspect,
		Short:   "Print the number of the node's process",
		Long: `Prints the number that the operating system has given to the node's process. Where there is
no node it prints an empty line, status 1.`,
		Example: `  erlmcp pid
  kill -TERM $(erlmcp pid --node-name node1@127.0.0.1)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			socket, err := p.socketOf(cmd)
			if err != nil {
				return err
			}
			err = p.ask(socket, askTimeout, exitFailed, func(ctx context.Context, c admin.Client) error {
				pid, err := c.Process(ctx)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, pid)
				return err
			})
			if err != nil {
				fmt.Fprintln(p.stdout)
			}
			return err
		},
	}
	addSources(cmd)
	return cmd
}
