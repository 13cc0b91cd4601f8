package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/config"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		GroupID: groupConfig,
		Short:   "Check, show and document the configuration",
		Long: `Values come from flags, else the environment, else the file, else vm.args, else defaults.
Secrets are never printed.`,
		Example: `  erlmcp config check --config erlmcp.yaml
  erlmcp config show --origin`,
		Args: func(cmd *cobra.Command, args []string) error { return unknownCommand(cmd, args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		p.configCheck(), p.configShow(), p.configReload(),
		p.configPrint("default", "Print a file with every key at its default", "default > erlmcp.yaml", config.WriteDefault),
		p.configPrint("env", "Print the environment name of every key", "env > erlmcp.env", config.WriteEnv),
		p.configPrint("doc", "Print the reference of all keys as Markdown", "doc > config.md", config.WriteDocument),
	)
	return cmd
}

func (p *program) configCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration as a start would",
		Long: `Reads the configuration from where foreground would and says everything that is wrong with it
(status 78), or what each setting of an Erlang release does here.`,
		Example: `  erlmcp config check --config erlmcp.yaml
  ERL_MAX_PORTS=65536 erlmcp config check --vm-args vm.args`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			for _, w := range c.Warnings() {
				fmt.Fprintf(p.stderr, "erlmcp: warning: %s\n", printable(w))
			}
			return p.show(func(w io.Writer) error { return writeCheck(w, c) })
		},
	}
	addSources(cmd)
	return cmd
}

func writeCheck(w io.Writer, c *config.Config) error {
	for _, s := range config.Report(c, system()) {
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", printable(s.Name), s.Outcome, printable(s.Reason)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "the configuration is valid: %s on %s, path %s\n", c.Node.Name, httpAddr(c), c.HTTP.Path)
	return err
}

func (p *program) configShow() *cobra.Command {
	var origin bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration that a start would use",
		Long:  "Prints every key with its value, as a file; with --origin, where each value comes from.",
		Example: `  erlmcp config show --origin
  ERLMCP_HTTP_PORT=9000 erlmcp config show --config erlmcp.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			return p.show(func(w io.Writer) error { return c.Write(w, origin) })
		},
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	addSources(cmd)
	return cmd
}

// configPrint is a command that prints something that does not depend on a configuration.
func (p *program) configPrint(name, short, redirect string, write func(io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use:     name,
		Short:   short,
		Long:    short + ".",
		Example: "  erlmcp config " + name + "\n  erlmcp config " + redirect,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return p.show(write) },
	}
}
