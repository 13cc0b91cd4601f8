package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// releaseCommands answer for commands of an Erlang release's start script that this version does not have:
// scripts that call them are told whether the node runs, as that script tells them, and then what is
// missing. They are not in the help.
func (p *program) releaseCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, c := range []struct{ name, lacks string }{
		{"rpc", "this version calls no functions of a node"},
		{"remote_console", "this version has no remote console"},
		{"stop", "this version does not stop a node over the control socket; send it SIGTERM"},
	} {
		out = append(out, &cobra.Command{
			Use: c.name, Short: "Not here: " + c.lacks, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				if !p.nodeRuns() {
					fmt.Fprintln(p.stderr, notRunning)
					return &failure{exitFailed, errSaid}
				}
				return fail(exitRefused, "%s: %s", c.name, c.lacks)
			},
		})
	}
	return out
}

// nodeRuns asks the node that the environment leads to.
func (p *program) nodeRuns() bool {
	quiet := *p
	quiet.args = []string{"ping"}
	quiet.stdout, quiet.stderr = discard{}, discard{}
	return quiet.run() == exitOK
}

type discard struct{}

// Write takes everything.
func (discard) Write(text []byte) (int, error) { return len(text), nil }
