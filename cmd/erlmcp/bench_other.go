//go:build !linux

package main

import "github.com/spf13/cobra"

func (p *program) benchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "bench", GroupID: groupBench, Short: "Load running nodes and measure what comes back (Linux only)",
		Example: "  erlmcp bench --help\n  erlmcp bench",
		RunE: func(*cobra.Command, []string) error {
			return fail(exitFailed, "bench needs Linux: its event loop is epoll")
		},
	}
}
