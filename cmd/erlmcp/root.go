package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/erlmcp/erlmcp/config"
)

const (
	groupRun     = "run"
	groupInspect = "inspect"
	groupConfig  = "config"
	groupBench   = "bench"
)

const rootLong = `erlmcp runs MCP servers as supervised actors: each client is an actor of its own, a crash
costs what crashed, every request gets exactly one answer.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 node is not running, 4 refused,
5 timed out, 6 an expression failed, 78 the configuration is wrong.

Where no node runs, commands that an Erlang release's script has as well (eval, rpc, pid,
remote_console, restart, status, stop) end with 1, as it does, and all others with 3; both
say "Node is not running!" on standard error. What a command prints is on standard output.`

const rootExample = `  erlmcp dev
  erlmcp foreground --config erlmcp.yaml
  erlmcp config default > erlmcp.yaml`

// execute runs the command that the arguments name.
func (p *program) execute() error {
	root := p.rootCommand()
	root.SetArgs(p.args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return root.Execute()
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "erlmcp",
		Short:         "A runtime on which MCP servers stay up",
		Long:          rootLong,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          func(cmd *cobra.Command, args []string) error { return unknownCommand(cmd, args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(p.stderr)
			return errors.Join(cmd.Help(), &failure{exitUsage, errSaid})
		},
	}
	root.Version = versionName()
	root.SetVersionTemplate(versionLine())
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupInspect, Title: "Inspect:"},
		&cobra.Group{ID: groupConfig, Title: "Configure:"},
		&cobra.Group{ID: groupBench, Title: "Measure:"},
	)
	root.AddCommand(p.foregroundCommand(), p.devCommand(), p.stdioCommand(), p.clusterCommand(),
		p.startCommand(), p.stopCommand(), p.restartCommand(), p.drainCommand(),
		p.pingCommand(), p.pidCommand(), p.statusCommand(), p.nodesCommand(), p.topCommand(), p.treeCommand(), p.sessionsCommand(),
		p.evalCommand(), p.rpcCommand(), p.consoleCommand(), p.logCommand(),
		p.doctorCommand(), p.versionCommand(), p.completionCommand(),
		p.configCommand(), p.benchCommand())
	root.CompletionOptions.DisableDefaultCmd = true // completionCommand has examples
	root.SetFlagErrorFunc(p.flagError)
	return root
}

// unknownCommand is nil if there is no argument: every argument of the root is a command that is none.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "; erlmcp --help lists the commands"
	names := []string{}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if near := config.Nearest(args[0], names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return fail(exitUsage, "unknown command %.200q%s", args[0], hint)
}

// flagError adds the flags that may have been meant. Where the command is unknown as well, that is said
// first.
func (p *program) flagError(cmd *cobra.Command, err error) error {
	if first := slices.IndexFunc(p.args, func(a string) bool { return !strings.HasPrefix(a, "-") }); cmd.Parent() == nil && first >= 0 {
		err = fmt.Errorf("%w (%w)", unknownCommand(cmd, p.args[first:]), err)
	} else if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		err = fmt.Errorf("%w%s", err, similarFlags(cmd, unknown.GetSpecifiedName()))
	}
	return &failure{exitUsage, err}
}

// similarFlags are the flags of cmd that end in name or begin with it, or are spelled much like it.
func similarFlags(cmd *cobra.Command, name string) string {
	var all, ending []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		all = append(all, f.Name)
		if strings.HasSuffix(f.Name, "-"+name) || strings.HasPrefix(f.Name, name+"-") {
			ending = append(ending, "--"+f.Name)
		}
	})
	if len(ending) > 0 && len(ending) <= 4 {
		return "; did you mean " + strings.Join(ending, ", ") + "?"
	}
	if near := config.Nearest(name, all); near != "" {
		return "; did you mean --" + near + "?"
	}
	return ""
}

// addSources gives cmd the flags of the configuration.
func addSources(cmd *cobra.Command) {
	cmd.Flags().String("config", "", "path of the configuration file (default $"+config.EnvFile+")")
	cmd.Flags().String("vm-args", "", "path of a vm.args file (default $"+config.EnvVMArgs+" or $"+config.EnvVMArgsRelease+")")
	config.AddFlags(cmd.Flags())
}

// load reads the configuration from the flags of cmd, the environment, and the files that these name.
func (p *program) load(cmd *cobra.Command) (*config.Config, error) {
	file, err := cmd.Flags().GetString("config")
	vmArgs, err2 := cmd.Flags().GetString("vm-args")
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	p.sources = config.Sources{Flags: config.Flags(cmd.Flags()), Environ: p.environ, File: file, VMArgs: vmArgs}
	c, err := config.Load(p.sources)
	if err != nil {
		return nil, &failure{configStatus(err), err}
	}
	return c, nil
}

// configStatus tells a wrong flag, which is usage, from a wrong configuration.
func configStatus(err error) int {
	problems, ok := errors.AsType[config.Errors](err)
	if ok && !slices.ContainsFunc(problems, func(e config.Problem) bool { return !strings.HasPrefix(e.Where, "--") }) {
		return exitUsage
	}
	return exitConfig
}

// show writes the result of a command.
func (p *program) show(write func(io.Writer) error) error {
	if err := write(p.stdout); err != nil {
		return fail(exitFailed, "write the result: %w", err)
	}
	return nil
}
